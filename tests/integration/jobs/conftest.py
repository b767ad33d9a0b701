"""Worker processes, and the jobs that they find."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from sre_copilot.adapters.django_orm import setup
from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.jobs import Job, QueuedJob
from sre_copilot.domain.tenants import Tenant
from tests.integration.database import Database

if TYPE_CHECKING:
    from sre_copilot.adapters.django_orm.unit_of_work import DjangoUnitOfWorkFactory

CHECKOUT = Path(__file__).parents[3]
MANY = 100_000


@attrs.define
class WorkerProcess:
    """A worker in a process of its own."""

    process: "subprocess.Popen[str]"
    log: Path

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Tell it to stop and return its exit code."""
        self.send(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def told(self) -> list[dict[str, Any]]:
        """The lines of its log."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def events(self) -> list[str]:
        """What happened, as its log tells."""
        return [line["event"] for line in self.told()]


@attrs.frozen(kw_only=True)
class Workshop:
    """A folder in which workers write down what they do, and the jobs of one kind."""

    folder: Path
    kind: str
    tenant: Tenant
    database: Database
    units: "DjangoUnitOfWorkFactory"
    workers: list[WorkerProcess] = attrs.field(factory=list)

    def worker(self, *, grace: float = 25) -> WorkerProcess:
        """Start one."""
        log = self.folder / f"log-{len(self.workers)}"
        given = [self.database.urls.app, self.kind, str(self.folder), str(grace)]
        with log.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.jobs.visitor", *given], cwd=CHECKOUT, stderr=file, text=True
            )
        self.workers.append(WorkerProcess(process, log))
        return self.workers[-1]

    def defer(self, number: int, **given: Any) -> None:
        """Ask for a job with this number."""
        with self.units(self.tenant.id) as uow:
            uow.jobs.defer(Job(kind=self.kind, tenant_id=self.tenant.id, arguments={"number": number}, **given))
            uow.commit()

    def rows(self) -> list[QueuedJob]:
        """What the queue has of the kind."""
        queue, _ = setup.operations()
        return [row for row in (*queue.unfinished(MANY), *queue.dead(MANY)) if row.job.kind == self.kind]

    def hold(self) -> None:
        """From now on no job ends."""
        (self.folder / "hold").touch()

    def let_go(self) -> None:
        """Jobs end again."""
        (self.folder / "hold").unlink()

    def lines(self) -> list[str]:
        """What workers wrote down."""
        done = self.folder / "done"
        return done.read_text().splitlines() if done.exists() else []

    def wait_for(self, *lines: str, seconds: float = 30) -> None:
        """Until all of these lines are there."""
        self.wait_until(lambda: set(lines) <= set(self.lines()), seconds=seconds)

    def wait_until(self, condition: Callable[[], bool], *, seconds: float = 30) -> None:
        """Until the condition holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            logs = "\n".join(worker.log.read_text() for worker in self.workers)
            assert time.monotonic() < deadline, f"{self.lines()}\n{self.rows()}\n{logs}"
            time.sleep(0.05)


@pytest.fixture
def workshop(
    tmp_path: Path, tenant: Tenant, database: Database, units: "DjangoUnitOfWorkFactory"
) -> Iterator[Workshop]:
    """A workshop whose workers are gone at the end."""
    made = Workshop(folder=tmp_path, kind=f"probe-{new_id().hex[-16:]}", tenant=tenant, database=database, units=units)
    yield made
    for worker in made.workers:
        worker.process.kill()
        worker.process.wait()
