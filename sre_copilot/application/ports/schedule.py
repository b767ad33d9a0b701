"""The runs of the schedule: each entry once at a time, whichever process runs it."""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import attrs


@attrs.frozen(kw_only=True)
class FinishedRun:
    """One run of an entry, as it ended. `result` says in a few words what was done, or the code of what went wrong."""

    started_at: datetime
    finished_at: datetime
    ok: bool
    result: str = ""


@attrs.frozen(kw_only=True)
class ScheduleState:
    """What is known of one entry of the schedule."""

    next_at: datetime
    last: FinishedRun | None = None
    running_since: datetime | None = None


class ScheduleRuns(Protocol):
    """Who runs which entry, and how the last runs went. Thread-safe; every call is durable when it returns.

    A run is held until a moment, and by then prolonged. Whoever dies stops prolonging, and somebody else may run the entry.
    """

    @abstractmethod
    def claim(self, name: str, *, holder: str, now: datetime, until: datetime) -> bool:
        """Begin a run if the entry is due at `now` (one that never ran is) and nobody holds it; return whether it begins."""

    @abstractmethod
    def prolong(self, name: str, *, holder: str, until: datetime) -> bool:
        """Hold a run of one's own for longer; return False where somebody else has it by now."""

    @abstractmethod
    def finish(self, name: str, run: FinishedRun, *, holder: str, next_at: datetime) -> bool:
        """Keep how a run of one's own went; return False, and keep nothing, where somebody else has it by now."""

    @abstractmethod
    def all(self, now: datetime) -> Mapping[str, ScheduleState]:
        """What is known of every entry that ever ran, by name; what nobody holds at `now` any more does not run."""
