"""The runs of the schedule in memory."""

from collections.abc import Mapping
from datetime import datetime
from threading import Lock

import attrs

from sre_copilot.application.ports.schedule import FinishedRun, ScheduleState


@attrs.frozen(kw_only=True)
class _Row:
    state: ScheduleState
    holder: str = ""
    until: datetime | None = None


@attrs.define
class InMemoryScheduleRuns:
    """A dictionary of the entries that ever ran."""

    rows: dict[str, _Row] = attrs.field(factory=dict)
    _lock: Lock = attrs.field(factory=Lock, init=False, eq=False, repr=False)

    def claim(self, name: str, *, holder: str, now: datetime, until: datetime) -> bool:
        """Begin a run if the entry is due and nobody holds it."""
        with self._lock:
            row = self.rows.get(name) or _Row(state=ScheduleState(next_at=now))
            if row.state.next_at > now or _is_held(row, now):
                return False
            self.rows[name] = _Row(state=attrs.evolve(row.state, running_since=now), holder=holder, until=until)
            return True

    def prolong(self, name: str, *, holder: str, until: datetime) -> bool:
        """Hold a run of one's own for longer."""
        with self._lock:
            row = self.rows.get(name)
            if row is None or row.holder != holder:
                return False
            self.rows[name] = attrs.evolve(row, until=until)
            return True

    def finish(self, name: str, run: FinishedRun, *, holder: str, next_at: datetime) -> bool:
        """Keep how a run of one's own went."""
        with self._lock:
            row = self.rows.get(name)
            if row is None or row.holder != holder:
                return False
            self.rows[name] = _Row(state=ScheduleState(next_at=next_at, last=run))
            return True

    def all(self, now: datetime) -> Mapping[str, ScheduleState]:
        """What is known of every entry that ever ran, by name."""
        with self._lock:
            return {
                name: row.state if _is_held(row, now) else attrs.evolve(row.state, running_since=None)
                for name, row in sorted(self.rows.items())
            }


def _is_held(row: _Row, now: datetime) -> bool:
    return row.until is not None and row.until > now
