"""The passwords of the embedded server's roles: in one file that only the calling user can read."""

import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from sre_copilot.adapters.postgres.files import write_whole
from sre_copilot.domain.errors import EmbeddedDatabaseFailed

FILE = "passwords.json"


def has_passwords(folder: Path) -> bool:
    """Whether a database was begun for `folder` before. Raises OSError."""
    return (folder / FILE).exists()


def make_passwords(folder: Path, names: Sequence[str]) -> Mapping[str, str]:
    """The passwords in `folder`, made where there are none yet. Raises EmbeddedDatabaseFailed, OSError."""
    if not has_passwords(folder):
        write_whole(folder / FILE, json.dumps({name: secrets.token_urlsafe(24) for name in names}), mode=0o600)
    return read_passwords(folder, names)


def read_passwords(folder: Path, names: Sequence[str]) -> Mapping[str, str]:
    """The passwords in `folder`. Raises EmbeddedDatabaseFailed where they are missing or unreadable, OSError."""
    path = folder / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: str(found[name]) for name in names}
    except FileNotFoundError as error:
        reason: Exception = error
        what = "is missing"
    except (ValueError, KeyError, TypeError) as error:
        reason = error
        what = "is damaged"
    raise EmbeddedDatabaseFailed(
        f"{path}, which holds the passwords of the embedded database, {what}. Put it back from a backup, or choose another "
        "data folder with SRE_COPILOT_DATA to begin with an empty database."
    ) from reason
