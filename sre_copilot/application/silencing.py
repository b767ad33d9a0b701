"""Silencing: which of a batch's originals a silence keeps from any incident."""

from datetime import datetime

import attrs

from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.domain.signals import Signal
from sre_copilot.domain.silences import Facts, Silence, facts_of, silence_of

INTEGRATION = "integration"


@attrs.frozen(kw_only=True)
class Silencing:
    """The silences that are in force, read once per batch by whoever holds the tenant's correlation lock."""

    uow: UnitOfWork
    silences: tuple[Silence, ...]

    @classmethod
    def at(cls, uow: UnitOfWork, now: datetime) -> "Silencing":
        """Read what is in force at `now`."""
        return cls(uow=uow, silences=tuple(uow.silences.active(now)))

    def silence_of(self, original: Signal) -> Silence | None:
        """Return the oldest silence that the original of an episode fits, or None."""
        return silence_of(self.silences, self._facts(original)) if self.silences else None

    def _facts(self, original: Signal) -> Facts:
        named = any(matcher.name == INTEGRATION for silence in self.silences for matcher in silence.matchers)
        return facts_of(original, self.uow.integrations.get(original.integration_id) if named else None)
