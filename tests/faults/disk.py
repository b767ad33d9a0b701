"""A small disk for PostgreSQL's data, which can be filled up and freed again."""

import errno
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from sre_copilot.adapters.postgres.account import server_account
from sre_copilot.adapters.postgres.binaries import find_binaries
from sre_copilot.adapters.postgres.place import HOME, relocated_folder

SIZE = 400 << 20
"""Bytes of the disk: a new database with its log, and more for it to work with."""
STEP = 1 << 20


@attrs.frozen(kw_only=True)
class Disk:
    """A file system of its own. `data_folder` is what an installation is given that should have its data on it."""

    data_folder: Path
    mounted_at: Path

    def fill(self) -> None:
        """Leave no byte."""
        with self._ballast.open("ab") as file:
            for size in (STEP, 4096):
                self._grow(file.fileno(), size)

    def free(self) -> None:
        """Give back what was filled."""
        self._ballast.unlink()

    @property
    def _ballast(self) -> Path:
        return self.mounted_at / "ballast"

    @staticmethod
    def _grow(file: int, size: int) -> None:
        while True:
            try:
                os.posix_fallocate(file, os.fstat(file).st_size, size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                return


@contextmanager
def small_disk() -> Iterator[Disk]:
    """A disk in memory. Skips the test where nobody may mount one."""
    if os.geteuid() != 0:
        pytest.skip("Only root can mount a small disk: run the tests as root to see what a full one does.")
    with tempfile.TemporaryDirectory(prefix="sre-copilot-disk-") as folder:
        top = Path(folder)
        # The database server runs as nobody and has to get through.
        top.chmod(0o755)
        data_folder = top / "data"
        data_folder.mkdir()
        place = _place_of(data_folder)
        place.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", str(place)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"This machine lets not even root mount a small disk: {done.stderr.strip()}")
        try:
            yield Disk(data_folder=data_folder, mounted_at=place)
        finally:
            subprocess.run(["umount", "--lazy", str(place)], check=True)
            if place != data_folder:
                place.rmdir()


def _place_of(data_folder: Path) -> Path:
    """Where the database server of a data folder goes: elsewhere where its user can't reach its programs."""
    account = server_account(data_folder / HOME)
    is_reached = account.reaches(data_folder) and account.reaches(find_binaries(None) / "postgres")
    return data_folder if is_reached else relocated_folder(data_folder)
