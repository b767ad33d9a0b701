"""Consultations in memory."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from uuid import UUID

import attrs

from sre_copilot.domain.consultations import Consultation, DayOfConsultations, Outcome
from sre_copilot.domain.errors import NotFound
from sre_copilot.testing.tables import TenantTables


@attrs.frozen
class InMemoryConsultations:
    """The tenant's consultations."""

    tables: TenantTables

    def hold(self) -> None:
        """Do nothing: only one thread at a time is in a unit of work."""

    def latest(self, incident_id: UUID) -> Consultation | None:
        """The latest one about an incident."""
        found = [row for row in self._all() if row.incident_id == incident_id]
        return found[-1] if found else None

    def tokens_of(self, day: date) -> int:
        """The tokens that those of a day count."""
        return sum(row.tokens for row in self._all() if row.at.date() == day)

    def add(self, consultation: Consultation) -> None:
        """Store one."""
        self.tables.consultations[consultation.id] = consultation

    def end(self, consultation: Consultation) -> None:
        """Store how one ended. Raises NotFound."""
        if consultation.id not in self.tables.consultations:
            raise NotFound(consultation=consultation.id)
        self.tables.consultations[consultation.id] = consultation

    def days(self, first: date, end: date) -> Sequence[DayOfConsultations]:
        """Every day with consultations in [first, end), by time."""
        inside = [row for row in self._all() if first <= row.at.date() < end]
        return [_day(day, list(rows)) for day, rows in groupby(inside, key=lambda row: row.at.date())]

    def _all(self) -> list[Consultation]:
        return sorted(self.tables.consultations.values(), key=lambda row: (row.at, row.id))


def _day(day: date, rows: list[Consultation]) -> DayOfConsultations:
    over = sum(row.outcome is Outcome.OVER_BUDGET for row in rows)
    return DayOfConsultations(
        day=day.isoformat(),
        asked=len(rows) - over,
        over_budget=over,
        prompt_tokens=sum(row.usage.prompt for row in rows),
        completion_tokens=sum(row.usage.completion for row in rows),
        cost_microdollars=sum(row.cost_microdollars for row in rows),
    )
