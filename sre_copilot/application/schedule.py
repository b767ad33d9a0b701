"""The schedule: everything that happens because time passes, in one list. Another entry is another line in it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs

from sre_copilot.application.ports.jobs import SILENCE, Job, JobQueue
from sre_copilot.application.ports.tenants import Directory
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory


@attrs.frozen(kw_only=True)
class Errands:
    """What entries of the schedule work with. What belongs to one tenant they defer as a job of that tenant."""

    directory: Directory
    queue: JobQueue
    units: UnitOfWorkFactory

    def defer(self, job: Job) -> None:
        """Have a job run as soon as a worker has time."""
        with self.units(job.tenant_id) as uow:
            uow.jobs.defer(job)
            uow.commit()


@attrs.frozen(kw_only=True)
class Entry:
    """One entry: `run` is called every so often, with the time, and says in a few words what it did.

    It runs once at a time over all processes and may run again after a crash, so it must bear repetition.
    """

    name: str
    what: str
    every: timedelta
    run: Callable[[Errands, datetime], str]


def due_timers(on: Errands, now: datetime) -> str:
    """Have the timers of every tenant run that has any due: each for itself, so that none holds up another."""
    due = on.directory.due_tenants(now)
    for tenant_id in due:
        on.defer(
            Job(kind="timers", tenant_id=tenant_id, one_at_a_time="timers", only_once_pending="timers", urgent=True)
        )
    return f"tenants due: {len(due)}"


def stalled_jobs(on: Errands, now: datetime) -> str:
    """Let others have the jobs of workers that died."""
    return f"jobs taken over: {on.queue.take_over(silent_for=SILENCE)}"


SCHEDULE = (
    Entry(
        name="timers",
        what="Settle incidents, end episodes, place what waited, take missing snapshots, wake due messages",
        every=timedelta(seconds=5),
        run=due_timers,
    ),
    Entry(
        name="stalled jobs",
        what="Take over the jobs of workers that died",
        every=timedelta(seconds=5),
        run=stalled_jobs,
    ),
)
