"""The systems that take turns: the copilot, what a team writes by hand, and Alertmanager."""

import http.client
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

import attrs

from benchmarks.ingest.clients import Door, Load
from benchmarks.ingest.connection import request
from benchmarks.ingest.databases import Databases
from benchmarks.ingest.oracle import verdict
from tests.e2e.installation import COMMAND, OURS
from tests.e2e.server import awaited, free_port

PROCESSES = 2
ROOT = Path(__file__).parents[2]


@attrs.frozen(kw_only=True)
class Running:
    """A system that takes requests; `roots` are the processes that it began as."""

    door: Door
    roots: tuple[int, ...]
    log: Path


class System(Protocol):
    """A system that can be started afresh, again and again."""

    @property
    def name(self) -> str:
        """What it is called."""

    def words(self, kind: str) -> str | None:
        """In which words it is told a storm of webhooks or of generic signals; None where it can't take them."""

    def running(self, kind: str) -> AbstractContextManager[Running]:
        """The system, with nothing in it."""

    def checked(self, load: Load) -> Mapping[str, int]:
        """What the oracle found after a turn. Raises AssertionError."""


@contextmanager
def started(
    command: Sequence[str], port: int, path: str, log: Path, environment: Mapping[str, str]
) -> "Iterator[subprocess.Popen[bytes]]":
    """A server in processes of its own that answers, ended at the end."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    with log.open("wb") as into:
        process = subprocess.Popen(
            command, env={**kept, **environment}, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=into, stderr=into
        )
        try:
            awaited(lambda: _answers(process, port, path, log), f"a server at {port}; see {log}")
            yield process
            process.terminate()
            process.wait(60)
        finally:
            process.kill()
            process.wait(60)


def _answers(process: "subprocess.Popen[bytes]", port: int, path: str, log: Path) -> bool:
    assert process.poll() is None, f"it ended with {process.returncode}: {log.read_text(errors='replace')[-2000:]}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@attrs.frozen(kw_only=True)
class Ours:
    """`sre-copilot serve` with two processes."""

    databases: Databases
    folder: Path
    name: str = "ours"

    def words(self, kind: str) -> str | None:
        """It takes both."""
        return kind

    @contextmanager
    def running(self, kind: str, *, fresh: bool = True) -> Iterator[Running]:
        """The server, with a tenant that has an integration; `fresh` is whether the database is a new one."""
        if fresh:
            self.databases.renew_ours()
        made = self.databases.integration("prometheus" if kind == "webhook" else "generic")
        port = free_port()
        command = (*COMMAND, "serve", "--port", str(port), "--workers", str(PROCESSES))
        log = self.folder / "ours.log"
        own = {"SRE_COPILOT_DATA": str(self.databases.server.data_folder)}
        with started(command, port, "/readyz", log, own) as process:
            headers = f"Authorization: Bearer {made.key}\r\n"
            door = Door(port=port, wrapped=partial(request, port, f"/webhooks/{made.id}", headers))
            yield Running(door=door, roots=(process.pid,), log=log)

    def checked(self, load: Load) -> Mapping[str, int]:
        """Every acknowledged alert is where it belongs."""
        return verdict(self.databases.superuser_url(), load)


@attrs.frozen(kw_only=True)
class Baseline:
    """What a team writes by hand, on granian with two processes."""

    databases: Databases
    folder: Path
    name: str = "baseline"

    def words(self, kind: str) -> str | None:
        """It takes both."""
        return kind

    @contextmanager
    def running(self, kind: str) -> Iterator[Running]:
        """The project, with one tenant."""
        self.databases.renew_baseline()
        port = free_port()
        application = "benchmarks.ingest.baseline.wsgi:application"
        granian = (sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", str(PROCESSES))
        command = (*granian, "--host", "127.0.0.1", "--port", str(port), "--no-ws", application)
        log = self.folder / "baseline.log"
        with started(command, port, "/healthz", log, self.databases.baseline_environment()) as process:
            path = "/ingest/alertmanager" if kind == "webhook" else "/ingest/events"
            headers = "Authorization: Bearer bench\r\n"
            yield Running(
                door=Door(port=port, wrapped=partial(request, port, path, headers)), roots=(process.pid,), log=log
            )

    def checked(self, load: Load) -> Mapping[str, int]:
        """It promises nothing, so that only failures are counted."""
        return {}


@attrs.frozen(kw_only=True)
class Alertmanager:
    """Debian's Alertmanager, which keeps alerts in memory and answers before it has done anything else."""

    folder: Path
    name: str = "alertmanager"
    program: str = "prometheus-alertmanager"

    @property
    def is_installed(self) -> bool:
        """Whether it can take part."""
        return shutil.which(self.program) is not None

    def version(self) -> str:
        """What it says of itself."""
        told = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=True)
        return (told.stdout + told.stderr).splitlines()[0]

    def words(self, kind: str) -> str | None:
        """It knows alerts only."""
        return "api_v2" if kind == "webhook" else None

    @contextmanager
    def running(self, kind: str) -> Iterator[Running]:
        """One with nobody to notify."""
        storage = self.folder / f"alertmanager-{time.time_ns()}"
        storage.mkdir()
        (storage / "config.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
        port = free_port()
        command = (
            self.program,
            f"--config.file={storage / 'config.yml'}",
            f"--storage.path={storage}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        )
        log = self.folder / "alertmanager.log"
        with started(command, port, "/-/ready", log, {}) as process:
            door = Door(port=port, wrapped=partial(request, port, "/api/v2/alerts", ""))
            yield Running(door=door, roots=(process.pid,), log=log)
        shutil.rmtree(storage)

    def checked(self, load: Load) -> Mapping[str, int]:
        """It has nothing that could be counted by series and fact."""
        return {}
