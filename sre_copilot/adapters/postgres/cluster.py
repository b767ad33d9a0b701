"""Making, launching and halting one PostgreSQL server in its place."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs

from sre_copilot.adapters.postgres.account import Outcome, complaint, run_program
from sre_copilot.adapters.postgres.binaries import major_version
from sre_copilot.adapters.postgres.configuration import configuration, locale_options
from sre_copilot.adapters.postgres.files import sync_folder, write_whole
from sre_copilot.adapters.postgres.place import SOCKET, Place
from sre_copilot.domain.errors import EmbeddedDatabaseFailed

SUPERUSER = "postgres"
LOG_LIMIT = 1 << 20
"""Bytes of the log above which it is put away at a start; one earlier log is kept."""
NO_PROCESS = (1 << 22) + 1
"""A process number that no system gives away: Linux stops at 2^22."""
PID_FILE_LINES = 7
"""Number, folder, start, port, sockets, address, shared memory: less was left by a crash in the middle of writing."""
START_SECONDS = 60
"""How long a server may take to replay what a crash left."""
STOP_SECONDS = 30


@attrs.frozen(kw_only=True)
class Cluster:
    """The server in `place`, run with the programs in `binaries`. Callers hold the lock of the data folder."""

    place: Place
    binaries: Path
    settings: Mapping[str, str] = attrs.field(factory=dict)

    def initialise(self, password: str, descriptor: int) -> None:
        """Make the data directory, whole or not at all. Raises EmbeddedDatabaseFailed, OSError.

        What works on it holds the lock on `descriptor`, also where this process is killed meanwhile.
        """
        version = major_version(self.binaries, self.place.account)
        if self.place.draft.exists():
            shutil.rmtree(self.place.draft)
        with self._handed_over(password) as secret:
            outcome = run_program(
                [
                    self.binaries / "initdb",
                    f"--pgdata={self.place.draft}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={secret}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    *locale_options(version),
                    "--no-instructions",
                    *(["--no-sync"] if self.settings.get("fsync") == "off" else []),
                ],
                account=self.place.account,
                folder=self.place.home,
                keep_open=[descriptor],
            )
        if outcome.code != 0:
            shutil.rmtree(self.place.draft, ignore_errors=True)
            raise EmbeddedDatabaseFailed(
                f"initdb could not make a database in {self.place.home}: {outcome.complaint}. Choose another data folder with "
                "SRE_COPILOT_DATA, or set DATABASE_URL."
            )
        self.place.draft.rename(self.place.data)
        sync_folder(self.place.home)

    def launch(self, descriptor: int) -> None:
        """Start the server, which takes over the lock on `descriptor`. Raises EmbeddedDatabaseFailed, OSError."""
        version = major_version(self.binaries, self.place.account)
        self._refuse_other_version(version)
        self._disarm_pid_file()
        sockets = self.place.make_sockets()
        for leftover in (SOCKET, f"{SOCKET}.lock"):
            (sockets / leftover).unlink(missing_ok=True)
        write_whole(self.place.configuration, configuration(version, sockets, self.settings), mode=0o644)
        if self.place.log.exists() and self.place.log.stat().st_size > LOG_LIMIT:
            self.place.log.replace(self.place.log.with_suffix(".log.1"))
        said = self.place.log.stat().st_size if self.place.log.exists() else 0
        # pg_ctl hands paths to a shell: relative ones can't hold anything that it would read.
        outcome = run_program(
            [
                self.binaries / "pg_ctl",
                *("start", "--wait", f"--timeout={START_SECONDS}", "--silent"),
                *(f"--pgdata={self.place.data.name}", f"--log={self.place.log.name}"),
                f"--options=-c config_file=../{self.place.configuration.name}",
            ],
            account=self.place.account,
            folder=self.place.home,
            keep_open=[descriptor],
        )
        if outcome.code != 0:
            raise EmbeddedDatabaseFailed(
                f"The database server in {self.place.home} did not start: {self._said_since(said) or outcome.complaint}. "
                f"{self.place.log} says more; correct what it names, or choose another data folder with SRE_COPILOT_DATA."
            )

    def halt(self) -> str | None:
        """Stop the server, ending its connections; return why it can't be, or None. Raises EmbeddedDatabaseFailed."""
        sockets = self.place.running_sockets()
        outcome = self._stop("fast")
        if outcome.code != 0:
            outcome = self._stop("immediate")
        if outcome.code != 0:
            return outcome.complaint
        self.place.drop_sockets(sockets)
        return None

    def _stop(self, mode: str) -> Outcome:
        command: list[str | Path] = [
            self.binaries / "pg_ctl",
            "stop",
            f"--mode={mode}",
            "--wait",
            f"--timeout={STOP_SECONDS}",
            "--silent",
        ]
        return run_program(
            [*command, f"--pgdata={self.place.data.name}"], account=self.place.account, folder=self.place.home
        )

    @contextmanager
    def hold(self) -> Iterator[int | None]:
        """Try to take the lock that every process of a running server holds; None while one lives. Raises OSError.

        Processes inherit it, so it tells for certain whether the server and all its children are gone, whatever became of
        the number in the pid file, across crashes and containers.
        """
        descriptor = os.open(self.place.held, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            yield None
            return
        try:
            yield descriptor
        finally:
            # Closed, not unlocked: a server that was launched has the lock from here on.
            os.close(descriptor)

    def _disarm_pid_file(self) -> None:
        """Keep PostgreSQL from taking another program for the server that left its pid file behind.

        The lock was free, so that server is gone; but its number may belong to somebody else by now, and then PostgreSQL
        would refuse to start for good. The rest of the file stays, so that its own look at the shared memory stays too.
        """
        path = self.place.data / "postmaster.pid"
        if not path.exists():
            return
        _number, *rest = path.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
        # The last line ends in a line break too.
        if len(rest) < PID_FILE_LINES:
            path.unlink()
            return
        write_whole(path, "\n".join([str(NO_PROCESS), *rest]), mode=0o600)
        self.place.account.own(path)

    @contextmanager
    def _handed_over(self, password: str) -> Iterator[Path]:
        # Always the same name, so that what a killed process left goes with the next try.
        secret = self.place.folder / "superuser-password"
        try:
            write_whole(secret, password, mode=0o600)
            self.place.account.own(secret)
            yield secret
        finally:
            secret.unlink(missing_ok=True)

    def _refuse_other_version(self, version: int) -> None:
        made_with = (self.place.data / "PG_VERSION").read_text(encoding="utf-8", errors="replace").strip()
        if made_with != str(version):
            raise EmbeddedDatabaseFailed(
                f"The database in {self.place.data} was made by PostgreSQL {made_with}, but the programs in {self.binaries} are "
                f"version {version}. Use programs of version {made_with}, or dump it with those and restore into a new data "
                "folder."
            )

    def _said_since(self, offset: int) -> str | None:
        """What the server complained about since its log had `offset` bytes."""
        if not self.place.log.exists():
            return None
        with self.place.log.open("rb") as file:
            file.seek(offset)
            return complaint(file.read().decode(errors="replace"))
