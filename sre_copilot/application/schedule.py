"""The schedule: everything that happens because time passes, in one list. Another entry is another line in it."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

import attrs

from sre_copilot.application.ports.jobs import SILENCE, Job, JobQueue
from sre_copilot.application.ports.tenants import Directory
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory

POLL, WATCH, ADVISE = "poll", "watch", "advise"
"""Kinds of jobs."""


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

    def defer_each(self, kind: str, found: Iterable[tuple[UUID, UUID]]) -> int:
        """Have a job of the kind run for each integration, given with its tenant, that has none waiting; return how many."""
        count = 0
        for tenant_id, integration_id in found:
            one = str(integration_id)
            given = {"integration_id": one}
            self.defer(Job(kind=kind, tenant_id=tenant_id, arguments=given, only_once_pending=one))
            count += 1
        return count


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


def due_polls(on: Errands, now: datetime) -> str:
    """Have every integration polled whose poll is due."""
    return f"polls due: {on.defer_each(POLL, on.directory.due_polls(now))}"


def silences(on: Errands, now: datetime) -> str:
    """Have the alarm raised of every integration that fell silent, and ended of those that are heard again."""
    return f"integrations: {on.defer_each(WATCH, on.directory.changed_silences(now))}"


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
        name="polls",
        what="Ask vendors for what is new, each integration at its own interval",
        every=timedelta(seconds=5),
        run=due_polls,
    ),
    Entry(
        name="silences",
        what="Raise an alarm for integrations that fell silent, and end it when they are heard",
        every=timedelta(seconds=30),
        run=silences,
    ),
    Entry(
        name="stalled jobs",
        what="Take over the jobs of workers that died",
        every=timedelta(seconds=5),
        run=stalled_jobs,
    ),
)
