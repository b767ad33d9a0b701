"""Jobs and the schedule, as whoever operates the installation sees them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.jobs import JobQueue, QueuedJob
from sre_copilot.application.ports.schedule import FinishedRun, ScheduleRuns
from sre_copilot.application.schedule import SCHEDULE


@attrs.frozen(kw_only=True)
class EntryView:
    """An entry of the schedule with its last and next run; `next_at` is None where it never ran and is due at once."""

    name: str
    what: str
    every: timedelta
    last: FinishedRun | None
    running_since: datetime | None
    next_at: datetime | None


@attrs.frozen(kw_only=True)
class OperationQueries:
    """Reads what workers have done and will do, for all tenants: never to be shown to one of them."""

    queue: JobQueue
    runs: ScheduleRuns
    clock: Clock

    def unfinished_jobs(self, limit: int = 100) -> Sequence[QueuedJob]:
        """What runs and waits, in the order in which it runs."""
        return self.queue.unfinished(limit)

    def dead_jobs(self, limit: int = 100) -> Sequence[QueuedJob]:
        """What failed as often as it may, the latest first."""
        return self.queue.dead(limit)

    def schedule(self) -> Sequence[EntryView]:
        """Every entry, in the order of the list."""
        states = self.runs.all(self.clock.now())
        return [
            EntryView(
                name=entry.name,
                what=entry.what,
                every=entry.every,
                last=state.last if state else None,
                running_since=state.running_since if state else None,
                next_at=state.next_at if state else None,
            )
            for entry, state in ((entry, states.get(entry.name)) for entry in SCHEDULE)
        ]
