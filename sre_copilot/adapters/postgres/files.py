"""Writing files so that they are whole or absent, and so that nobody can lead the write elsewhere."""

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str, *, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Write `text` to `path` in one step that survives a crash; `owner` are user and group where not our own. Raises OSError.

    The draft has a name that can't be guessed and the rename replaces a symbolic link instead of following it: as root
    we may write into folders of other users.
    """
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        # What can't be decoded in the name of a folder goes back as it came.
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            if owner is not None:
                os.fchown(file.fileno(), *owner)
            os.fsync(file.fileno())
        Path(draft).replace(path)
    finally:
        # Once it replaced the file it has that name only.
        Path(draft).unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
