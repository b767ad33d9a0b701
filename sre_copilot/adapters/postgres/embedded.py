"""The embedded PostgreSQL: one server per data folder, reached through a socket only."""

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs
import psycopg
from filelock import FileLock, Timeout

from sre_copilot.adapters.postgres.access import DATABASE, NAMES, Access, DatabaseUrls
from sre_copilot.adapters.postgres.account import server_account
from sre_copilot.adapters.postgres.binaries import drop_other_copies, find_binaries, reachable_binaries
from sre_copilot.adapters.postgres.cluster import SUPERUSER, Cluster
from sre_copilot.adapters.postgres.failures import explain, refuse_small_disk
from sre_copilot.adapters.postgres.passwords import has_passwords, make_passwords, read_passwords
from sre_copilot.adapters.postgres.place import (
    HOME,
    RELOCATED,
    Place,
    find_place,
    make_enterable,
    make_place,
    relocated_folder,
)
from sre_copilot.domain.errors import EmbeddedDatabaseFailed

__all__ = ["DatabaseUrls", "EmbeddedPostgres", "ServerStatus"]

PATIENCE = 10.0
"""Seconds that a start right after a crash waits for the crashed server's processes to end."""
RECOVERY_PATIENCE = 60.0
"""Seconds that a start waits for a server that another process launched and that still replays its log."""
LOCK_PATIENCE = 120.0
"""Seconds that a start waits for another process's start or stop of the same server."""


@attrs.frozen(kw_only=True)
class ServerStatus:
    """What is known about the server: whether it answers, its version (180004 for 18.4), where its data and its log are."""

    running: bool
    version: int | None
    folder: Path
    log: Path


def _absolute(path: str | Path) -> Path:
    """The path without symbolic links: the server's user may reach what a link leads to, but not the link."""
    return Path(os.path.realpath(Path(path).expanduser()))


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
            return self._started()

    def revive(self) -> bool:
        """Start a server again that ended without being stopped; return whether that was so. Raises EmbeddedDatabaseFailed."""
        with self._explained(), self._locked():
            place = find_place(self.data_folder, self.relocated)
            if not place.exists or place.running_sockets() is None or place.is_listening():
                return False
            self._started()
            return True

    def stop(self) -> bool:
        """Stop the server; connections are ended. Returns whether one ran. Raises EmbeddedDatabaseFailed."""
        with self._explained():
            if not self.data_folder.is_dir():
                return False
            with self._locked():
                return self._halt(find_place(self.data_folder, self.relocated))

    def erase(self) -> None:
        """Stop the server and delete the database with everything in it, wherever it is. Raises EmbeddedDatabaseFailed."""
        with self._explained():
            if not self.data_folder.is_dir():
                return
            with self._locked():
                place = find_place(self.data_folder, self.relocated)
                self._halt(place)
                for folder in {place.folder, self._elsewhere(place)} - {self.data_folder}:
                    if folder.exists():
                        shutil.rmtree(folder)
                shutil.rmtree(self.data_folder)

    def status(self) -> ServerStatus:
        """How the server is. Raises EmbeddedDatabaseFailed where that can't be told."""
        with self._explained():
            place = find_place(self.data_folder, self.relocated)
            version = None
            if place.exists:
                with suppress(psycopg.OperationalError), self._access().superuser() as db:
                    version = db.info.server_version
            return ServerStatus(running=version is not None, version=version, folder=place.home, log=place.log)

    def urls(self, database: str = DATABASE) -> DatabaseUrls:
        """How to sign in to a database of the running server. Raises EmbeddedDatabaseFailed."""
        with self._explained():
            return self._access().urls(database)

    def superuser_url(self, database: str = DATABASE) -> str:
        """How the superuser signs in; only tests and benchmarks need it. Raises EmbeddedDatabaseFailed."""
        with self._explained():
            return self._access().url(SUPERUSER, database)

    def create_database(self, name: str, template: str | None = None) -> DatabaseUrls:
        """Create a database (a copy of `template` where given) with the three roles set up, unless it exists.

        Nobody may be connected to the template. Raises EmbeddedDatabaseFailed.
        """
        with self._explained(), self._locked():
            access = self._access()
            access.make_database(name, template)
            return access.urls(name)

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, ending its connections. Raises EmbeddedDatabaseFailed."""
        with self._explained():
            self._access().drop_database(name)

    # running

    def _started(self) -> DatabaseUrls:
        self._halt_forgotten()
        place = make_place(self.data_folder, find_binaries(self.binaries), self.relocated)
        if place.exists:
            access = Access(place=place, passwords=read_passwords(self.data_folder, NAMES))
        else:
            refuse_small_disk(place.folder)
            access = Access(place=place, passwords=make_passwords(self.data_folder, NAMES))
            self._initialise(access)
        self._ensure_running(access)
        access.ensure_prepared()
        return access.urls(DATABASE)

    def _access(self) -> Access:
        return Access(
            place=find_place(self.data_folder, self.relocated), passwords=read_passwords(self.data_folder, NAMES)
        )

    def _cluster(self, place: Place) -> Cluster:
        programs = find_binaries(self.binaries)
        if not place.account.reaches(programs / "postgres"):
            make_enterable(self._elsewhere(place))
            programs = reachable_binaries(programs, place.account, self._elsewhere(place))
        return Cluster(place=place, binaries=programs, settings=self.settings)

    def _elsewhere(self, place: Place) -> Path:
        """Where copies of the programs go that the server's user can't reach."""
        return relocated_folder(self.data_folder, self.relocated) if place.folder == self.data_folder else place.folder

    def _initialise(self, access: Access) -> None:
        cluster = self._cluster(access.place)
        deadline = time.monotonic() + RECOVERY_PATIENCE
        while True:
            with cluster.hold() as descriptor:
                if descriptor is not None:
                    cluster.initialise(access.passwords[SUPERUSER], descriptor)
                    return
            if time.monotonic() > deadline:
                raise EmbeddedDatabaseFailed(
                    f"An initdb in {access.place.home}, whose caller was killed, does not end (waited "
                    f"{RECOVERY_PATIENCE:.0f} s). End it and try again."
                )
            time.sleep(0.05)

    def _ensure_running(self, access: Access) -> None:
        place = access.place
        began = time.monotonic()
        while (trouble := access.trouble()) is not None:
            if "password authentication failed" in trouble:
                raise EmbeddedDatabaseFailed(
                    f"The embedded database in {place.home} does not take the passwords in {self.data_folder}. Put the file "
                    "that belongs to it back, or choose another data folder with SRE_COPILOT_DATA."
                )
            patience = RECOVERY_PATIENCE if "the database system is" in trouble else PATIENCE
            if time.monotonic() - began > patience:
                raise EmbeddedDatabaseFailed(
                    f"An earlier database server in {place.home} neither answers nor ends ({trouble}; waited {patience:.0f} s). "
                    f"{place.log} may say why; end its processes and try again."
                )
            cluster = self._cluster(place)
            with cluster.hold() as descriptor:
                if descriptor is not None:
                    drop_other_copies(cluster.binaries, self._elsewhere(place))
                    cluster.launch(descriptor)
            if descriptor is None:
                time.sleep(0.05)

    def _halt(self, place: Place) -> bool:
        """Stop what runs there and return whether something did."""
        if not place.exists:
            return False
        cluster = self._cluster(place)
        deadline = time.monotonic() + PATIENCE
        while True:
            # The number in a pid file that a crash left may belong to another program now, so only a listening server is
            # stopped. One that still starts, or is the rest of a crash, has the lock and is waited for.
            trouble = cluster.halt() if place.is_listening() else "it neither listens nor ends"
            if trouble is None:
                return True
            with cluster.hold() as descriptor:
                if descriptor is not None:
                    return False
            if time.monotonic() > deadline:
                raise EmbeddedDatabaseFailed(
                    f"The database server in {place.home} did not stop: {trouble}. {place.log} may say why; end its processes "
                    "yourself."
                )
            time.sleep(0.05)

    def _halt_forgotten(self) -> None:
        """Stop the relocated server of an earlier data folder at the same path, which somebody deleted under it."""
        elsewhere = relocated_folder(self.data_folder, self.relocated)
        place = find_place(self.data_folder, self.relocated)
        if place.account.is_other and place.folder != elsewhere and not has_passwords(self.data_folder):
            self._halt(Place(folder=elsewhere, account=server_account(elsewhere / HOME)))

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
