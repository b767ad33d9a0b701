"""A worker process with one kind of job, which writes down what it does in a folder and does what the folder tells it.

While there is a file `hold` a job does not end, and while there is `fail` it fails.
"""

import os
import sys
import time
from functools import partial
from pathlib import Path

from sre_copilot.adapters.django_orm import setup
from sre_copilot.adapters.jobs.schedule import Chore, ScheduleRunner
from sre_copilot.adapters.jobs.worker import JobWorker
from sre_copilot.adapters.system import SystemClock, new_id
from sre_copilot.application.ports.jobs import Job
from sre_copilot.application.schedule import SCHEDULE, Errands, stalled_jobs
from sre_copilot.domain.errors import ContextUnavailable
from sre_copilot.entrypoints import logs
from sre_copilot.entrypoints.worker import serve, told_to_stop
from sre_copilot.entrypoints.workforce import Workforce
from sre_copilot.testing.stage import copilot


def probe(folder: Path, job: Job) -> None:
    """Do a job: ask the database something, and write down who began and ended which."""
    _, directory = setup.adapters()
    assert job.tenant_id in {tenant.id for tenant in directory.tenants()}
    write(folder, f"{os.getpid()} began {job.arguments['number']}")
    while (folder / "hold").exists():
        time.sleep(0.02)
    if (folder / "fail").exists():
        raise ContextUnavailable
    write(folder, f"{os.getpid()} ended {job.arguments['number']}")


def write(folder: Path, line: str) -> None:
    """Append a line as a whole."""
    with (folder / "done").open("a") as file:
        file.write(f"{line}\n")


def main(url: str, kind: str, folder: Path, grace: float) -> None:
    """Be a worker until told to stop."""
    logs.configure()
    setup.setup(url)
    units, directory = setup.adapters()
    queue, runs = setup.operations()
    errands = Errands(directory=directory, queue=queue, units=units)
    entries = [entry for entry in SCHEDULE if entry.run is stalled_jobs]
    force = Workforce(
        copilot=copilot(),
        lanes=[
            JobWorker(
                name="probes",
                url=url,
                handlers={kind: partial(probe, folder)},
                concurrency=3,
                release=setup.release,
                close=setup.close,
            )
        ],
        schedule=ScheduleRunner(
            chores=[Chore(name=entry.name, every=entry.every, run=partial(entry.run, errands)) for entry in entries],
            runs=runs,
            clock=SystemClock(),
            holder=str(new_id()),
            release=setup.release,
            close=setup.close,
        ),
    )
    with told_to_stop(grace) as stopping:
        serve(force, stopping, grace=grace)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), float(sys.argv[4]))
