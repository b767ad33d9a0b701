"""The embedded PostgreSQL: one server per data folder, reached through a socket only."""

import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
import orjson
import psycopg
from filelock import FileLock, Timeout

from sre_copilot.adapters.postgres.binaries import RELOCATED, is_reachable, relocated_binaries, wheel_binaries
from sre_copilot.adapters.postgres.roles import LOGINS, roles_sql
from sre_copilot.domain.errors import EmbeddedDatabaseFailed

DATABASE = "sre_copilot"
SUPERUSER = "postgres"
PORT = 5432
PATIENCE = 10.0
"""Seconds that a start right after a crash is tried again."""
LOCK_PATIENCE = 60.0

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0777",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "password_encryption": "'scram-sha-256'",
    "logging_collector": "on",
    "log_directory": "'log'",
    "log_filename": "'postgresql-%a.log'",
    "log_truncate_on_rotation": "on",
}


@attrs.frozen(kw_only=True)
class DatabaseUrls:
    """How each role signs in; the values are secrets."""

    owner: str = attrs.field(repr=False)
    app: str = attrs.field(repr=False)
    maintenance: str = attrs.field(repr=False)


def _absolute(path: str | Path) -> Path:
    return Path(path).expanduser().absolute()


@attrs.frozen
class EmbeddedPostgres:
    """A server of our own in `data_folder`. `binaries` is a PostgreSQL bin folder, by default the wheel's.

    Safe from several processes at once. As root the server runs as `nobody`. `settings` adds to postgresql.conf.
    """

    data_folder: Path = attrs.field(converter=_absolute)
    binaries: Path | None = None
    settings: Mapping[str, str] = attrs.field(factory=dict)

    def start(self) -> DatabaseUrls:
        """Start the server unless it runs, create database and roles the first time, and return how to sign in.

        Raises EmbeddedDatabaseFailed, which says what happened and what to do.
        """
        try:
            self.data_folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.data_folder / "start.lock", timeout=LOCK_PATIENCE):
                self._prepare()
                passwords = self._passwords()
                self._make_cluster(passwords)
                self._run_server()
                self._make_database(passwords)
        except Timeout as error:
            raise EmbeddedDatabaseFailed(
                f"Another process has been starting the database in {self.data_folder} for over {LOCK_PATIENCE:.0f} s. "
                "End it and try again."
            ) from error
        except (OSError, psycopg.Error, subprocess.TimeoutExpired) as error:
            raise EmbeddedDatabaseFailed(
                f"The embedded database in {self.data_folder} can't be started: {_reason(error)}. It needs a folder that "
                "you may write to, on a disk with 200 MB free; choose another one with SRE_COPILOT_DATA."
            ) from error
        return self._urls(passwords)

    def stop(self) -> None:
        """Stop the server if it runs; connections are ended."""
        if self.is_running():
            self._call([*self._pg_ctl(), "stop", "-m", "fast", "-w", "-t", "30"])

    def is_running(self) -> bool:
        """Whether the server of this folder runs."""
        if not (self._cluster() / "PG_VERSION").exists():
            return False
        return self._call([*self._pg_ctl(), "status"], check=False) == 0

    def urls(self, database: str = DATABASE) -> DatabaseUrls:
        """How to sign in to a database of this server."""
        return self._urls(self._passwords(), database)

    def superuser_url(self, database: str = DATABASE) -> str:
        """How the superuser signs in; only bootstrap and tests need it."""
        return self._url(SUPERUSER, self._passwords()[SUPERUSER], database)

    # where things are

    @property
    def _root(self) -> Path:
        """Where programs and data live: the data folder, or elsewhere where the server's user can't reach it."""
        if os.geteuid() != 0:
            return self.data_folder
        nobody = pwd.getpwnam("nobody")
        programs = self.binaries or wheel_binaries()
        if all(is_reachable(path / "x", nobody.pw_uid, nobody.pw_gid) for path in (self.data_folder, programs)):
            return self.data_folder
        return RELOCATED / hashlib.sha256(str(self.data_folder).encode()).hexdigest()[:16]

    def _cluster(self) -> Path:
        return self._root / "cluster"

    def _programs(self) -> Path:
        programs = self.binaries or wheel_binaries()
        if self._root == self.data_folder:
            return programs
        nobody = pwd.getpwnam("nobody")
        if is_reachable(programs / "x", nobody.pw_uid, nobody.pw_gid):
            return programs
        return relocated_binaries(programs, self._root)

    def _sockets(self) -> Path:
        name = hashlib.sha256(str(self._cluster()).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir() if os.name != "posix" else "/tmp") / f"sre-copilot-{name}"

    # steps of a start

    def _prepare(self) -> None:
        root = self._root
        if root != self.data_folder:
            RELOCATED.mkdir(parents=True, exist_ok=True)
            root.mkdir(exist_ok=True)
            note = f"The server runs as nobody, who can't reach this folder. Its data is in {root}.\n"
            (self.data_folder / "WHERE-THE-DATA-IS.txt").write_text(note)
        for folder in (self._cluster(), self._sockets()):
            folder.mkdir(exist_ok=True)
            self._own(folder)
        self._cluster().chmod(0o700)
        self._sockets().chmod(0o700)

    def _own(self, path: Path) -> None:
        if os.geteuid() == 0:
            shutil.chown(path, "nobody", pwd.getpwnam("nobody").pw_gid)

    def _passwords(self) -> dict[str, str]:
        path = self.data_folder / "passwords.json"
        if not path.exists():
            made = {name: secrets.token_urlsafe(24) for name in (SUPERUSER, *LOGINS.values())}
            draft = path.with_suffix(".new")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(orjson.dumps(made))
            draft.replace(path)
        loaded: dict[str, str] = orjson.loads(path.read_bytes())
        return loaded

    def _make_cluster(self, passwords: Mapping[str, str]) -> None:
        if (self._cluster() / "postgresql.auto.conf").exists():
            return
        for leftover in self._cluster().iterdir():
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        secret = self._sockets() / "initial"
        try:
            with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(passwords[SUPERUSER])
            self._own(secret)
            self._call(
                [
                    str(self._programs() / "initdb"),
                    f"--pgdata={self._cluster()}",
                    f"--username={SUPERUSER}",
                    "--auth=scram-sha-256",
                    f"--pwfile={secret}",
                    "--encoding=UTF8",
                    "--no-locale",
                    "--no-sync",
                ]
            )
        finally:
            secret.unlink(missing_ok=True)
        lines = {**SETTINGS, "unix_socket_directories": f"'{self._sockets()}'", **self.settings}
        with (self._cluster() / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in lines.items())

    def _run_server(self) -> None:
        if self._answers():
            return
        deadline = time.monotonic() + PATIENCE
        while True:
            code = self._call(
                [*self._pg_ctl(), "start", "-w", "-t", "30", "-l", str(self._cluster() / "start.log")], check=False
            )
            if code == 0 or self._answers():
                return
            if time.monotonic() > deadline:
                raise EmbeddedDatabaseFailed(
                    f"The embedded database in {self.data_folder} did not start: {self._last_words()}. Look at "
                    f"{self._cluster() / 'start.log'}; free disk space or choose another folder with SRE_COPILOT_DATA."
                )
            time.sleep(0.3)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(
                self._conninfo(SUPERUSER, self._passwords()[SUPERUSER], "postgres"), connect_timeout=3
            ):
                return True
        except psycopg.Error:
            return False

    def _make_database(self, passwords: Mapping[str, str]) -> None:
        done = self.data_folder / "roles-created"
        if done.exists():
            return
        self.create_database(DATABASE)
        done.touch()

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database (a copy of `template` where given) with the three roles set up, unless it exists."""
        passwords = self._passwords()
        with psycopg.connect(self._conninfo(SUPERUSER, passwords[SUPERUSER], "postgres"), autocommit=True) as db:
            if db.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                source = f' TEMPLATE "{template}"' if template else ""
                db.execute(f'CREATE DATABASE "{name}"{source}'.encode())
        with psycopg.connect(self._conninfo(SUPERUSER, passwords[SUPERUSER], name), autocommit=True) as db:
            db.execute(roles_sql(name).encode())
            for login in LOGINS.values():
                db.execute(f"ALTER ROLE {login} PASSWORD '{passwords[login]}'".encode())

    # talking to the programs

    def _pg_ctl(self) -> Sequence[str]:
        return (str(self._programs() / "pg_ctl"), "-D", str(self._cluster()))

    def _call(self, command: Sequence[str], *, check: bool = True) -> int:
        as_whom: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            as_whom = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                timeout=90,
                check=False,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                **as_whom,
            )
            output.seek(0)
            said = output.read().decode(errors="replace").strip().splitlines()
        if check and done.returncode != 0:
            raise EmbeddedDatabaseFailed(
                f"{Path(command[0]).name} failed in {self.data_folder}: {said[-1] if said else 'it said nothing'}. Free "
                "disk space, or choose a folder that you may write to with SRE_COPILOT_DATA."
            )
        return done.returncode

    def _last_words(self) -> str:
        log = self._cluster() / "start.log"
        lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
        return lines[-1] if lines else "it said nothing"

    def _conninfo(self, user: str, password: str, database: str) -> str:
        return psycopg.conninfo.make_conninfo(
            host=str(self._sockets()), port=PORT, user=user, password=password, dbname=database
        )

    def _url(self, user: str, password: str, database: str) -> str:
        return f"postgresql://{user}:{quote(password)}@/{database}?host={quote(str(self._sockets()), safe='')}"

    def _urls(self, passwords: Mapping[str, str], database: str = DATABASE) -> DatabaseUrls:
        return DatabaseUrls(**{role: self._url(login, passwords[login], database) for role, login in LOGINS.items()})


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}{f' ({error.filename})' if error.filename else ''}"
    return " ".join(str(error).split()) or type(error).__name__
