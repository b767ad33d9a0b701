"""Consultations: that an advisor was asked about a diagnosis, or why not, what it cost, and what came of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import attrs

from sre_copilot.domain.advice import SummaryLine, Usage

PAUSE = timedelta(minutes=5)
"""So long nobody but a person has the advisor asked about the same incident again."""
LONGEST_RUN = timedelta(minutes=2)
"""A consultation that has not ended by then never will: whoever ran it is gone."""


class Outcome(StrEnum):
    """What came of a consultation. Everything but `ADVISED` leaves the offline diagnosis as it was."""

    RUNNING = "running"
    ADVISED = "advised"
    UNFOUNDED = "unfounded"
    """It answered, and nothing of that was founded on evidence."""
    SUPERSEDED = "superseded"
    """A newer diagnosis came before its answer."""
    OVER_BUDGET = "over_budget"
    """It was not asked: the tenant's tokens of the day are used up."""
    REFUSED = "refused"
    TRUNCATED = "truncated"
    UNREADABLE = "unreadable"
    UNAVAILABLE = "unavailable"
    LATE = "late"
    OVER_TOKENS = "over_tokens"


@attrs.frozen(kw_only=True)
class Consultation:
    """One consultation about one diagnosis of an incident.

    `diagnosis_id` is what was asked about, `advised_id` the diagnosis that came of it. While it runs, `reserved` tokens count
    against the budget, afterwards what `usage` says. `cited` and `dropped` (by reason) count what was said. `sent` are keyed
    SHA-256 hashes of what left. The cost is in millionths of a US dollar.
    """

    id: UUID
    incident_id: UUID
    diagnosis_id: UUID
    at: datetime
    asked_by_person: bool
    model: str
    prompt: str
    outcome: Outcome
    reserved: int = 0
    ended_at: datetime | None = None
    advised_id: UUID | None = None
    usage: Usage = attrs.field(factory=Usage)
    cost_microdollars: int = 0
    cited: int = 0
    dropped: Mapping[str, int] = attrs.field(factory=dict)
    summary: tuple[SummaryLine, ...] = ()
    detail: str = ""
    sent: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        """What counts against the budget of its day."""
        return self.reserved if self.outcome is Outcome.RUNNING else self.usage.total

    @property
    def note(self) -> str:
        """What people are told of it, in a sentence or two."""
        if self.outcome is Outcome.RUNNING:
            return f"{self.model} is being asked; the offline engine's ranking stands until it answers."
        if self.outcome in (Outcome.ADVISED, Outcome.UNFOUNDED):
            kept = f"{self.model} read along: {_counted(self.cited, 'statement')} cited"
            lost = sum(self.dropped.values())
            reasons = ", ".join(f"{count} {why.replace('_', ' ')}" for why, count in self.dropped.items())
            return f"{kept}, {lost} dropped{f' ({reasons})' if reasons else ''}. Every number is computed offline."
        if self.outcome is Outcome.SUPERSEDED:
            return f"{self.model} answered after a newer diagnosis was made, so its answer was left out."
        asked = "was not asked" if self.outcome is Outcome.OVER_BUDGET else "gave no usable answer"
        return f"{self.model} {asked}: {self.detail}. The ranking is the offline engine's alone."


class Hindrance(StrEnum):
    """Why an advisor is not asked now."""

    RUNNING = "running"
    RECENT = "recent"
    OVER_BUDGET = "over_budget"


def hindrance(
    last: Consultation | None, *, by_person: bool, now: datetime, used_today: int, a_day: int, each: int
) -> Hindrance | None:
    """Return why not to ask about an incident now, None where nothing speaks against it.

    `last` is the incident's latest consultation; tokens are those of the tenant. Nobody asks while a question runs; only
    a person asks again within five minutes, and not even a person beyond the budget.
    """
    if last is not None and last.outcome is Outcome.RUNNING and now - last.at < LONGEST_RUN:
        return Hindrance.RUNNING
    if last is not None and not by_person and now - last.at < PAUSE:
        return Hindrance.RECENT
    return Hindrance.OVER_BUDGET if used_today + each > a_day else None


def shares(total: int, count: int) -> list[int]:
    """Return `total` cut into `count` whole parts that differ by one at most, the larger ones first; [] for no parts."""
    return [total // count + (place < total % count) for place in range(count)]


@attrs.frozen(kw_only=True)
class DayOfConsultations:
    """What a tenant's consultations of one day (UTC) cost; `asked` counts those that left, `over_budget` those that didn't."""

    day: str
    asked: int
    over_budget: int
    prompt_tokens: int
    completion_tokens: int
    cost_microdollars: int


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
