"""The embedded PostgreSQL: one server per data folder, reached through a socket only."""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import attrs
import psycopg
from filelock import FileLock, Timeout

from sre_copilot.adapters.postgres.binaries import drop_other_copies, find_binaries, reachable_binaries
from sre_copilot.adapters.postgres.cluster import SUPERUSER, Cluster
from sre_copilot.adapters.postgres.configuration import PORT
from sre_copilot.adapters.postgres.failures import explain, refuse_small_disk
from sre_copilot.adapters.postgres.files import write_whole
from sre_copilot.adapters.postgres.passwords import make_passwords, read_passwords
from sre_copilot.adapters.postgres.place import RELOCATED, Place, find_place, make_place, relocated_folder
from sre_copilot.adapters.postgres.roles import LOGINS, roles_sql
from sre_copilot.domain.errors import EmbeddedDatabaseFailed

DATABASE = "sre_copilot"
NAMES = (SUPERUSER, *LOGINS.values())
PATIENCE = 10.0
"""Seconds that a start right after a crash waits for the crashed server's processes to end."""
RECOVERY_PATIENCE = 60.0
"""Seconds that a start waits for a server that another process launched and that still replays its log."""
LOCK_PATIENCE = 120.0
"""Seconds that a start waits for another process's start or stop of the same server."""


@attrs.frozen(kw_only=True)
class DatabaseUrls:
    """How each role signs in; the values are secrets."""

    owner: str = attrs.field(repr=False)
    app: str = attrs.field(repr=False)
    maintenance: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class ServerStatus:
    """What is known about the server: whether it answers, its version (180004 for 18.4), where its data and its log are."""

    running: bool
    version: int | None
    folder: Path
    log: Path


def _absolute(path: str | Path) -> Path:
    return Path(path).expanduser().absolute()


@attrs.frozen
class EmbeddedPostgres:
    """A server of our own for `data_folder`. `binaries` is a PostgreSQL bin folder, by default the wheel's.

    Safe from several processes at once. The server outlives the process that started it. As root it runs as `nobody`,
    and below `relocated` where that user can't reach the data folder or the programs. `settings` are lines of
    postgresql.conf that win over our own; `{"fsync": "off"}` is for tests.
    """

    data_folder: Path = attrs.field(converter=_absolute)
    binaries: Path | None = None
    settings: Mapping[str, str] = attrs.field(factory=dict)
    relocated: Path = attrs.field(default=RELOCATED, kw_only=True)

    def start(self) -> DatabaseUrls:
        """Start the server unless it runs, create database and roles the first time, and return how to sign in.

        Raises EmbeddedDatabaseFailed, which says what happened, what was expected and what to do.
        """
        with self._explained(), self._locked():
            place = make_place(self.data_folder, find_binaries(self.binaries), self.relocated)
            if place.exists:
                passwords = read_passwords(self.data_folder, NAMES)
            else:
                refuse_small_disk(place.folder)
                passwords = make_passwords(self.data_folder, NAMES)
                self._cluster(place).initialise(passwords[SUPERUSER])
            self._ensure_running(place, passwords)
            self._ensure_prepared(place, passwords)
            return self._urls(passwords, DATABASE)

    def stop(self) -> None:
        """Stop the server if it runs; connections are ended. Raises EmbeddedDatabaseFailed."""
        if not self.data_folder.is_dir():
            return
        with self._explained(), self._locked():
            self._halt(find_place(self.data_folder, self.relocated))

    def erase(self) -> None:
        """Stop the server and delete the database with everything in it, wherever it is. Raises EmbeddedDatabaseFailed."""
        if not self.data_folder.is_dir():
            return
        with self._explained():
            with self._locked():
                place = find_place(self.data_folder, self.relocated)
                self._halt(place)
            for folder in {place.folder, relocated_folder(self.data_folder, self.relocated), self.data_folder}:
                if folder.exists():
                    shutil.rmtree(folder)

    def status(self) -> ServerStatus:
        """How the server is. Raises EmbeddedDatabaseFailed where that can't be told."""
        with self._explained():
            place = find_place(self.data_folder, self.relocated)
            version = None
            if place.exists:
                try:
                    with self._superuser(read_passwords(self.data_folder, NAMES), "postgres") as db:
                        version = db.info.server_version
                except psycopg.OperationalError:
                    version = None
            return ServerStatus(running=version is not None, version=version, folder=place.home, log=place.log)

    def is_running(self) -> bool:
        """Whether the server of this folder runs and answers. Raises EmbeddedDatabaseFailed where that can't be told."""
        return self.status().running

    def urls(self, database: str = DATABASE) -> DatabaseUrls:
        """How to sign in to a database of the running server. Raises EmbeddedDatabaseFailed."""
        with self._explained():
            return self._urls(read_passwords(self.data_folder, NAMES), database)

    def superuser_url(self, database: str = DATABASE) -> str:
        """How the superuser signs in; only bootstrap and tests need it. Raises EmbeddedDatabaseFailed."""
        with self._explained():
            return self._url(SUPERUSER, read_passwords(self.data_folder, NAMES), database)

    def create_database(self, name: str, template: str | None = None) -> DatabaseUrls:
        """Create a database (a copy of `template` where given) with the three roles set up, unless it exists.

        Nobody may be connected to the template. Raises EmbeddedDatabaseFailed.
        """
        with self._explained(), self._locked():
            passwords = read_passwords(self.data_folder, NAMES)
            self._make_database(passwords, name, template)
            return self._urls(passwords, name)

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, ending its connections. Raises EmbeddedDatabaseFailed."""
        with self._explained(), self._superuser(read_passwords(self.data_folder, NAMES), "postgres") as db:
            db.execute(psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(psycopg.sql.Identifier(name)))

    # running

    def _cluster(self, place: Place) -> Cluster:
        shared = (
            relocated_folder(self.data_folder, self.relocated) if place.folder == self.data_folder else place.folder
        )
        programs = find_binaries(self.binaries)
        if not place.account.reaches(programs / "postgres"):
            for folder in (shared.parent, shared):
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(0o755)
            programs = reachable_binaries(programs, place.account, shared)
        return Cluster(place=place, binaries=programs, settings=self.settings)

    def _ensure_running(self, place: Place, passwords: Mapping[str, str]) -> None:
        began = time.monotonic()
        while (trouble := self._trouble(passwords)) is not None:
            if "password authentication failed" in trouble:
                raise EmbeddedDatabaseFailed(
                    f"The embedded database in {place.home} does not take the passwords in {self.data_folder}. Put the file "
                    "that belongs to it back, or choose another data folder with SRE_COPILOT_DATA."
                )
            cluster = self._cluster(place)
            with cluster.hold() as descriptor:
                if descriptor is not None:
                    drop_other_copies(cluster.binaries, relocated_folder(self.data_folder, self.relocated))
                    cluster.launch(descriptor)
                    continue
            patience = RECOVERY_PATIENCE if "the database system is" in trouble else PATIENCE
            if time.monotonic() - began > patience:
                raise EmbeddedDatabaseFailed(
                    f"An earlier database server in {place.home} neither answers nor ends ({trouble}; waited {patience:.0f} s). "
                    f"{place.log} may say why; end its processes and try again."
                )
            time.sleep(0.05)

    def _trouble(self, passwords: Mapping[str, str]) -> str | None:
        """Why nobody can sign in, or None where one can."""
        try:
            with self._superuser(passwords, "postgres"):
                return None
        except psycopg.OperationalError as error:
            return " ".join(str(error).split())

    def _halt(self, place: Place) -> None:
        if not place.exists:
            return
        cluster = self._cluster(place)
        with cluster.hold() as descriptor:
            ended = descriptor is not None
        # The number in a pid file that a crash left may belong to another program now, so only a living server is stopped:
        # one whose processes hold the lock, or that answers although somebody took the lock's file away.
        if not ended or self._trouble(read_passwords(self.data_folder, NAMES)) is None:
            cluster.halt()

    # databases and roles

    def _ensure_prepared(self, place: Place, passwords: Mapping[str, str]) -> None:
        wanted = hashlib.sha256(roles_sql(DATABASE).encode()).hexdigest()
        if place.prepared.exists() and place.prepared.read_text(encoding="utf-8").strip() == wanted:
            return
        self._make_database(passwords, DATABASE, None)
        with self._superuser(passwords, DATABASE) as db:
            for login in LOGINS.values():
                # Encrypted here, so that the password itself reaches no log.
                verifier = db.pgconn.encrypt_password(
                    passwords[login].encode(), login.encode(), b"scram-sha-256"
                ).decode()
                db.execute(psycopg.sql.SQL("ALTER ROLE {} PASSWORD {}").format(psycopg.sql.Identifier(login), verifier))
        write_whole(place.prepared, f"{wanted}\n", mode=0o600)

    def _make_database(self, passwords: Mapping[str, str], name: str, template: str | None) -> None:
        with self._superuser(passwords, "postgres") as db:
            if db.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                source = psycopg.sql.Identifier(template or "template1")
                statement = psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {}")
                db.execute(statement.format(psycopg.sql.Identifier(name), source))
        with self._superuser(passwords, name) as db:
            db.execute(roles_sql(name).encode())

    # signing in

    @contextmanager
    def _superuser(
        self, passwords: Mapping[str, str], database: str
    ) -> "Iterator[psycopg.Connection[tuple[object, ...]]]":
        url = self._url(SUPERUSER, passwords, database)
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as db:
            yield db

    def _url(self, user: str, passwords: Mapping[str, str], database: str) -> str:
        sockets = find_place(self.data_folder, self.relocated).running_sockets()
        host = quote(str(sockets or self.data_folder / "not-running"), safe="")
        return (
            f"postgresql://{user}:{quote(passwords[user], safe='')}@/{quote(database, safe='')}?host={host}&port={PORT}"
        )

    def _urls(self, passwords: Mapping[str, str], database: str) -> DatabaseUrls:
        return DatabaseUrls(**{role: self._url(login, passwords, database) for role, login in LOGINS.items()})

    # one at a time, and in plain words

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # Root's server user must be able to walk through it; what is secret in it has its own mode.
        self.data_folder.mkdir(mode=0o755 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        try:
            with FileLock(self.data_folder / "start.lock", timeout=LOCK_PATIENCE):
                yield
        except Timeout as error:
            raise EmbeddedDatabaseFailed(
                f"Another process has been starting or stopping the database in {self.data_folder} for over "
                f"{LOCK_PATIENCE:.0f} s. End it and try again."
            ) from error

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (OSError, psycopg.Error, EmbeddedDatabaseFailed) as error:
            raise explain(error, self.data_folder, self._data_in()) from error

    def _data_in(self) -> Path:
        try:
            return find_place(self.data_folder, self.relocated).folder
        except (OSError, EmbeddedDatabaseFailed):
            # The very thing that is being explained; the folder that the person knows is good enough.
            return self.data_folder
