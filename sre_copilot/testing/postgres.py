"""A throw-away PostgreSQL for tests: one server per test run, shared by its processes, gone with the last of them."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from sre_copilot.adapters.django_orm import setup
from sre_copilot.adapters.postgres.binaries import DEBIAN_15
from sre_copilot.adapters.postgres.embedded import DatabaseUrls, EmbeddedPostgres

VARIABLE = "SRE_COPILOT_TEST_PG"
TEMPLATE = "sre_copilot_template"
"""The migrated database that every other one of the run is a copy of."""
SETTINGS: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""What a server may do whose data nobody will miss."""


def chosen_binaries() -> Path | None:
    """The bin folder of the PostgreSQL that SRE_COPILOT_TEST_PG names, None for the wheel's.

    15 is Debian's, 18 the wheel's; unset means 15 where it is installed, else 18. Raises ValueError for anything else,
    and for 15 where it is not installed.
    """
    installed = (DEBIAN_15 / "postgres").exists()
    wanted = os.environ.get(VARIABLE) or ("15" if installed else "18")
    if wanted == "18":
        return None
    if wanted != "15":
        raise ValueError(f"{VARIABLE} is 15 or 18, not {wanted!r}.")
    if not installed:
        raise ValueError(f"{VARIABLE} is 15, but {DEBIAN_15} has no PostgreSQL: install Debian's postgresql-15.")
    return DEBIAN_15


@contextmanager
def shared_server(run: str) -> Iterator[EmbeddedPostgres]:
    """A started server that all processes with the same `run` share; the last one to leave stops and removes it.

    `run` is a word of letters, digits and hyphens, for example the id that pytest-xdist gives a test run. What a
    killed run left behind is removed by the next one. Raises EmbeddedDatabaseFailed, ValueError.
    """
    folder = _folder(run)
    with _register():
        _remove_abandoned()
        (folder / "users").mkdir(parents=True, exist_ok=True)
        # Where the tests run as root the server runs as nobody, who has to reach its data.
        folder.chmod(0o755)
        user = FileLock(folder / "users" / str(os.getpid()))
        user.acquire()
    try:
        server = EmbeddedPostgres(folder, chosen_binaries(), SETTINGS)
        server.start()
        yield server
    finally:
        with _register():
            user.release()
            _remove_unless_used(folder)


def migrated_database(server: EmbeddedPostgres, name: str) -> DatabaseUrls:
    """Create the database `name`, migrated and empty, unless it exists, and return how to sign in.

    Afterwards Django is set up on its app role. The migrations run once per server; what follows is copied.
    """
    with FileLock(server.data_folder / "databases.lock"):
        done = server.data_folder / "template-migrated"
        if not done.exists():
            server.create_database(TEMPLATE)
            template = server.urls(TEMPLATE)
            setup.setup(template.app)
            setup.migrate(template.owner)
            # A database with an open connection can't be copied.
            setup.close()
            done.touch()
        server.create_database(name, template=TEMPLATE)
    urls = server.urls(name)
    setup.setup(urls.app)
    return urls


def _prefix() -> str:
    return f"sre-copilot-tests-{os.geteuid()}-"


def _folder(run: str) -> Path:
    return Path(tempfile.gettempdir()) / f"{_prefix()}{run}"


def _register() -> FileLock:
    """Held while a process enters or leaves a run, so that nothing is removed under somebody who is just entering."""
    return FileLock(Path(tempfile.gettempdir()) / f"{_prefix()}.lock")


def _remove_abandoned() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_prefix()}*/"):
        _remove_unless_used(folder)


def _remove_unless_used(folder: Path) -> None:
    if any(map(_is_held, (folder / "users").glob("*"))):
        return
    EmbeddedPostgres(folder, chosen_binaries()).erase()


def _is_held(lock: Path) -> bool:
    """Whether the process of this lock lives: the system lets go of a dead one's locks."""
    try:
        with FileLock(lock, timeout=0):
            return False
    except Timeout:
        return True
