"""Jobs in memory, and how a test runs them without a worker."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.jobs import ATTEMPTS, Handler, Job, JobState, QueuedJob
from sre_copilot.domain.errors import CopilotError, ForeignReference, NotFound
from sre_copilot.testing.clock import BEGINNING, ManualClock
from sre_copilot.testing.tables import InMemoryDatabase, TenantTables


@attrs.frozen
class InMemoryJobs:
    """The jobs that a unit of work asks for."""

    tenant_id: UUID
    tables: TenantTables
    database: InMemoryDatabase

    def defer(self, job: Job, *, at: datetime | None = None) -> None:
        """Have it wait. Raises ForeignReference for a job of another tenant."""
        if job.tenant_id != self.tenant_id:
            raise ForeignReference(job=job.kind, tenant=job.tenant_id)
        waiting = (row.job for row in self.tables.jobs.values() if row.state is JobState.WAITING)
        if job.only_once_pending is not None and any(_same(job, other) for other in waiting):
            return
        number = next(self.database.job_ids)
        self.tables.jobs[number] = QueuedJob(
            id=number, job=job, state=JobState.WAITING, attempts=0, not_before=at, since=at or BEGINNING
        )


def _same(job: Job, other: Job) -> bool:
    return (job.kind, job.only_once_pending) == (other.kind, other.only_once_pending)


@attrs.frozen
class InMemoryJobQueue:
    """All jobs of a database."""

    database: InMemoryDatabase
    clock: Clock = attrs.field(factory=ManualClock)

    def unfinished(self, limit: int) -> Sequence[QueuedJob]:
        """What waits, urgent ones first, then by age; nothing ever runs while somebody looks."""
        rows = self._in_state(JobState.WAITING)
        return sorted(rows, key=lambda row: (not row.job.urgent, row.id))[:limit]

    def dead(self, limit: int) -> Sequence[QueuedJob]:
        """What failed as often as it may, the latest first."""
        return sorted(self._in_state(JobState.DEAD), key=lambda row: (row.since, row.id), reverse=True)[:limit]

    def get(self, job_id: int) -> QueuedJob:
        """One job. Raises NotFound."""
        with self.database.lock:
            row = self._find(job_id)
        if row is None:
            raise NotFound(job=job_id)
        return row

    def retry(self, job_id: int) -> QueuedJob:
        """Let a dead job wait again. Raises NotFound."""
        with self.database.lock:
            row = self.get(job_id)
            if row.state is not JobState.DEAD:
                raise NotFound(job=job_id)
            return self._keep(
                attrs.evolve(row, state=JobState.WAITING, attempts=0, not_before=None, since=self.clock.now())
            )

    def take_over(self, *, silent_for: timedelta) -> int:
        """Nothing: what runs here ends before anybody looks."""
        return 0

    def run(self, handlers: Mapping[str, Handler]) -> list[Job]:
        """Run what is due, also what those jobs defer that is due, and return it in order. A kind without handler waits.

        What raises a CopilotError waits again, due at once but not run again now, or is dead; anything else is raised.
        """
        done: list[Job] = []
        failed: set[int] = set()
        while (row := self._next(handlers, failed)) is not None:
            done.append(row.job)
            try:
                handlers[row.job.kind](row.job)
            except CopilotError as error:
                failed.add(row.id)
                tried = row.attempts + 1
                state = JobState.DEAD if tried >= ATTEMPTS else JobState.WAITING
                self._keep(
                    attrs.evolve(row, state=state, attempts=tried, last_error=error.code, since=self.clock.now())
                )
            else:
                self.database.of(row.job.tenant_id).jobs.pop(row.id)
        return done

    def _next(self, handlers: Mapping[str, Handler], failed: set[int]) -> QueuedJob | None:
        now = self.clock.now()
        due = (row for row in self.unfinished(limit=1_000) if row.not_before is None or row.not_before <= now)
        return next((row for row in due if row.job.kind in handlers and row.id not in failed), None)

    def _in_state(self, state: JobState) -> list[QueuedJob]:
        with self.database.lock:
            everywhere = [row for tables in self.database.everywhere() for row in tables.jobs.values()]
        return [row for row in everywhere if row.state is state]

    def _find(self, job_id: int) -> QueuedJob | None:
        found = (tables.jobs.get(job_id) for tables in self.database.everywhere())
        return next((row for row in found if row is not None), None)

    def _keep(self, row: QueuedJob) -> QueuedJob:
        with self.database.lock:
            self.database.of(row.job.tenant_id).jobs[row.id] = row
        return row
