"""Silences in memory, and a builder of them."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.silences import SilenceFilter
from sre_copilot.domain.errors import InvalidInput, NotFound
from sre_copilot.domain.signals import Signal
from sre_copilot.domain.silences import Matcher, Operator, Silence, SilenceState
from sre_copilot.domain.stored_episodes import Episode
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.tables import TenantTables

HOUR = timedelta(hours=1)


@attrs.frozen
class InMemorySilences:
    """The tenant's silences."""

    tables: TenantTables

    def add(self, silence: Silence) -> None:
        """Store a new silence. Raises InvalidInput where it ends before it begins."""
        if silence.ends_at <= silence.starts_at:
            raise InvalidInput
        self.tables.silences[silence.id] = silence

    def get(self, silence_id: UUID, *, lock: bool = False) -> Silence:
        """One silence; units of work are serial. Raises NotFound."""
        if silence_id not in self.tables.silences:
            raise NotFound(silence=silence_id)
        return self.tables.silences[silence_id]

    def end(self, silence: Silence) -> None:
        """Store when and by whom a silence was ended early. Raises NotFound."""
        known = self.get(silence.id)
        ended = attrs.evolve(known, ended_at=silence.ended_at, ended_by=silence.ended_by)
        self.tables.silences[silence.id] = ended

    def list(self, narrowed: SilenceFilter) -> Sequence[Silence]:
        """Silences by creation, newest first, after the keyset where one is given."""
        found = [
            silence
            for silence in self._by_creation()
            if narrowed.state in (None, silence.stands(narrowed.now))
            and (narrowed.before is None or (silence.created_at, silence.id) < narrowed.before)
        ]
        return found[::-1][: narrowed.limit]

    def standing(self, now: datetime) -> int:
        """How many are in force or to come."""
        return sum(silence.stands(now) is not SilenceState.EXPIRED for silence in self.tables.silences.values())

    def active(self, now: datetime) -> Sequence[Silence]:
        """Those that were in force at `now` and have not been lifted since, by creation."""
        return [one for one in self._unlifted() if one.stands(now) is SilenceState.ACTIVE]

    def over(self, now: datetime) -> Sequence[UUID]:
        """Ids of those that are over and have yet to be lifted, sorted."""
        return sorted(one.id for one in self._unlifted() if one.stands(now) is SilenceState.EXPIRED)

    def held_by(self, silence_ids: Collection[UUID]) -> Sequence[Episode]:
        """Open episodes that have to be looked at again when these silences are over, by start."""
        latest = {**self.tables.decisions, **self.tables.moves}
        silenced = {one.signal_id for one in latest.values() if one.decision.silence_id in silence_ids}
        series = {self.tables.signals[signal_id].fingerprint for signal_id in silenced}
        found = [
            episode
            for episode in self.tables.episodes.values()
            if episode.is_open
            and episode.fingerprint in series
            and (episode.incident_id is None or episode.original_id in silenced)
        ]
        return sorted(found, key=lambda episode: (episode.started_at, episode.id))

    def lift(self, silence_ids: Collection[UUID], at: datetime) -> None:
        """Note that everything these silences held was looked at again."""
        self.tables.lifted.update(dict.fromkeys(silence_ids, at))

    def open_episodes(self, limit: int) -> Sequence[tuple[Episode, Signal]]:
        """Open episodes with their originals, the latest first, at most `limit`."""
        found = [episode for episode in self.tables.episodes.values() if episode.is_open]
        found.sort(key=lambda episode: (episode.started_at, episode.id), reverse=True)
        return [(episode, self.tables.signals[episode.original_id]) for episode in found[:limit]]

    def _by_creation(self) -> Sequence[Silence]:
        return sorted(self.tables.silences.values(), key=lambda silence: (silence.created_at, silence.id))

    def _unlifted(self) -> Sequence[Silence]:
        return [silence for silence in self._by_creation() if silence.id not in self.tables.lifted]


def make_silence(tenant_id: UUID | None = None, **given: Any) -> Silence:
    """Return a silence of the service checkout, from the beginning of time on for an hour."""
    defaults = {
        "id": new_id(),
        "matchers": (Matcher("service", Operator.EQUAL, "checkout"),),
        "starts_at": BEGINNING,
        "ends_at": BEGINNING + HOUR,
        "comment": "maintenance",
        "created_by": None,
        "created_at": BEGINNING,
    }
    return Silence(tenant_id=tenant_id or new_id(), **{**defaults, **given})
