"""What went wrong with the embedded database, in one line that says what to do."""

import errno
import shutil
from contextlib import suppress
from pathlib import Path

from sre_copilot.domain.errors import EmbeddedDatabaseFailed

NEEDED_BYTES = 100 << 20
"""A new database takes 40 MB, and as much again while it works."""
FULL_BELOW = 8 << 20
"""Below this many free bytes a disk counts as full: the server can't make its next 16 MB of log either."""
MEGABYTE = 1 << 20
CHOOSE = "choose another data folder with SRE_COPILOT_DATA"


def refuse_small_disk(folder: Path) -> None:
    """Raise EmbeddedDatabaseFailed where the disk of `folder` has no room for a new database."""
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise _disk_full(folder, free)


def explain(error: Exception, data_folder: Path, folder: Path) -> EmbeddedDatabaseFailed:
    """The failure that a person can act on. `folder` is where the data is or would have gone."""
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return EmbeddedDatabaseFailed(
            f"The data folder {data_folder} can't be used: {error.strerror} ({error.filename or folder}). It has to be a folder "
            f"that you own and may write to; correct its permissions, or {CHOOSE}."
        )
    if isinstance(error, FileExistsError | NotADirectoryError):
        return EmbeddedDatabaseFailed(
            f"The data folder {data_folder} can't be used: {error.filename or folder} is no folder. Take it away, or {CHOOSE}."
        )
    existing = _nearest(folder)
    free = shutil.disk_usage(existing).free
    # PostgreSQL may have had no room to say so either.
    if free < FULL_BELOW or "No space left on device" in text or "quota exceeded" in text.lower():
        return _disk_full(existing, free)
    if isinstance(error, EmbeddedDatabaseFailed):
        return error
    reason = (error.strerror or text) if isinstance(error, OSError) else text
    return EmbeddedDatabaseFailed(
        f"The embedded database in {data_folder} can't be started: {reason or type(error).__name__}. It needs a folder that you "
        f"may write to, on a disk with {NEEDED_BYTES // MEGABYTE} MB free; {CHOOSE}, or set DATABASE_URL."
    )


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that there is and that can be looked at."""
    for part in (folder, *folder.parents):
        with suppress(OSError):
            if part.is_dir():
                return part
    return Path("/")


def _disk_full(folder: Path, free: int) -> EmbeddedDatabaseFailed:
    if free >= NEEDED_BYTES:
        return EmbeddedDatabaseFailed(
            f"The disk that holds {folder} takes no more files, although {free // MEGABYTE} MB are free: a quota or the number of "
            f"files (df -i) is used up. Free some, or {CHOOSE}."
        )
    return EmbeddedDatabaseFailed(
        f"The disk that holds {folder} is full: {free // MEGABYTE} MB are free, the embedded database needs "
        f"{NEEDED_BYTES // MEGABYTE} MB. Free some space, or {CHOOSE}."
    )
