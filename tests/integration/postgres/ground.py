"""Where the tests of the embedded server take place: folders, processes and mounts, all gone afterwards."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
import psycopg
import pytest

from sre_copilot.adapters.postgres.account import Account
from sre_copilot.adapters.postgres.binaries import find_binaries, reachable_binaries
from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.adapters.postgres.place import RELOCATED, relocated_folder
from sre_copilot.domain.errors import EmbeddedDatabaseFailed
from sre_copilot.testing.postgres import SETTINGS, chosen_binaries

CHECKOUT = Path(__file__).parents[3]
IS_ROOT = os.geteuid() == 0
STRANGER = "daemon"
"""A normal user that every Unix has, and that is not the one whom root's server runs as."""
NOBODY = Account(uid=65534, gid=65534, is_other=True)
"""Somebody who owns nothing here: what this one reaches, everybody reaches."""

mounting = pytest.mark.skipif(not IS_ROOT, reason="only root may mount a disk")
as_root = pytest.mark.skipif(not IS_ROOT, reason="only root can become somebody else, or runs the server as nobody")


@attrs.frozen
class Visitor:
    """A process of its own that uses embedded servers."""

    process: "subprocess.Popen[str]"

    def send(self, do: str, server: EmbeddedPostgres, **more: str) -> None:
        """Give it a command without waiting for the answer."""
        command = {
            "do": do,
            "folder": os.fsencode(server.data_folder).hex(),
            "binaries": str(server.binaries or ""),
            "settings": json.dumps(dict(server.settings)),
            "relocated": str(server.relocated),
            **more,
        }
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        """What it answers; a test fails with its traceback where it ended instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line and self.process.stderr is not None:
            pytest.fail(self.process.stderr.read())
        return json.loads(line)

    def call(self, do: str, server: EmbeddedPostgres, **more: str) -> Any:
        """Give it a command and return the answer."""
        self.send(do, server, **more)
        return self.answer()

    def end(self) -> None:
        """End it as the system does that runs out of memory."""
        self.process.kill()
        self.process.communicate()


@attrs.frozen
class Ground:
    """A folder that everybody may enter, and what was made in it."""

    folder: Path
    servers: list[EmbeddedPostgres] = attrs.field(factory=list)
    visitors: list[Visitor] = attrs.field(factory=list)
    mounts: list[Path] = attrs.field(factory=list)

    @property
    def binaries(self) -> Path:
        """The programs under test, where everybody may run them."""
        found = find_binaries(chosen_binaries())
        return reachable_binaries(found, NOBODY, self.folder)

    def server(self, name: str | Path = "data", **more: Any) -> EmbeddedPostgres:
        """A server for the data folder of that name; what would go to /var/lib stays in this ground too."""
        options = {"binaries": self.binaries, "settings": SETTINGS, "relocated": self.folder / "elsewhere", **more}
        made = EmbeddedPostgres(self.folder / name, **options)
        self.servers.append(made)
        return made

    def visitor(self, user: str | None = None, **environment: str) -> Visitor:
        """Another process, as another user where one is named."""
        made = Visitor(
            subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("visitor.py")), *([user] if user else [])],
                env={**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), *sys.path]), **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        self.visitors.append(made)
        assert "ready" in made.answer()
        return made

    def mount(self, name: str, options: str) -> Path:
        """A disk of its own, in memory; a test that needs one is skipped where none may be mounted."""
        place = self.folder / name
        place.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
        self.mounts.append(place)
        return place

    def clear(self) -> None:
        """Leave nothing behind, whatever state a failed test left it in; the last step that was put down is the first."""
        with ExitStack() as steps:
            steps.callback(shutil.rmtree, self.folder, onerror=_open_and_again)
            steps.callback(self._clear_relocated)
            for place in self.mounts:
                steps.callback(subprocess.run, ["umount", "--lazy", str(place)], check=False)
            steps.callback(self._end_processes)
            for server in self.servers:
                steps.callback(_erase, server)
            for visitor in self.visitors:
                steps.callback(visitor.end)

    def _clear_relocated(self) -> None:
        for server in self.servers:
            if server.relocated == RELOCATED:
                for left in RELOCATED.glob(f"{relocated_folder(server.data_folder).name}*"):
                    shutil.rmtree(left)

    def _end_processes(self) -> None:
        for number in self._left_running():
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)

    def _left_running(self) -> Iterator[int]:
        """The processes that work in this ground, or in a folder of it that was deleted."""
        roots = [self.folder, *(relocated_folder(s.data_folder) for s in self.servers if s.relocated == RELOCATED)]
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                place = (process / "cwd").readlink()
                if any(place.is_relative_to(root) for root in roots):
                    yield int(process.name)


def _erase(server: EmbeddedPostgres) -> None:
    with suppress(EmbeddedDatabaseFailed):
        server.erase()


def _open_and_again(_function: Callable[..., Any], path: str, _info: object) -> None:
    """Delete what is in a folder that a test closed."""
    Path(path).parent.chmod(0o700)
    Path(path).chmod(0o700)
    if Path(path).is_dir():
        shutil.rmtree(path)
    else:
        Path(path).unlink()


@contextmanager
def new_ground() -> Iterator[Ground]:
    """A ground, cleared afterwards."""
    made = Ground(Path(tempfile.mkdtemp(prefix="sre-copilot-ground-")).resolve())
    made.folder.chmod(0o755)
    try:
        yield made
    finally:
        made.clear()


def data(server: EmbeddedPostgres) -> Path:
    """PostgreSQL's data directory."""
    return server.status().folder / "data"


def postmaster(server: EmbeddedPostgres) -> int:
    """The number of the server's first process."""
    return int((data(server) / "postmaster.pid").read_bytes().split(b"\n")[0])


def kill(server: EmbeddedPostgres) -> int:
    """End the server's first process without a word to it, and return its number when it is gone."""
    number = postmaster(server)
    os.kill(number, signal.SIGKILL)
    eventually(lambda: not is_alive(number))
    return number


def is_alive(number: int) -> bool:
    """Whether there is a process of that number that is more than an entry nobody has collected yet."""
    try:
        return (Path("/proc") / str(number) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def eventually(happened: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def identity(server: EmbeddedPostgres) -> str:
    """When the server was started, by which it is known."""
    return str(ask(server, "SELECT pg_postmaster_start_time()::text"))


def ask(server: EmbeddedPostgres, query: str) -> object:
    """The first value that the superuser is answered, in the database of the copilot."""
    with psycopg.connect(server.superuser_url("sre_copilot")) as db:
        row = db.execute(query.encode()).fetchone()
    return row[0] if row else None


def store(server: EmbeddedPostgres, text: str) -> None:
    """Store a word in the database, on the disk."""
    with psycopg.connect(server.superuser_url("sre_copilot")) as db:
        db.execute("SET synchronous_commit = on")
        db.execute("CREATE TABLE IF NOT EXISTS stored (word text)")
        db.execute("INSERT INTO stored VALUES (%s)", [text])


def stored(server: EmbeddedPostgres) -> object:
    """All words that were stored, in their order."""
    return ask(server, "SELECT coalesce(string_agg(word, ' '), '') FROM stored")
