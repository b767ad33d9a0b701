"""Where people put episodes, in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.ports.series import StoredDecision
from sre_copilot.domain.corrections import Correction, Rehomed, moved_to
from sre_copilot.domain.stored_episodes import Episode
from sre_copilot.testing.tables import TenantTables

INHERITED = ("notes", "diagnoses", "hypotheses", "recommendations", "outcomes")


@attrs.frozen
class InMemoryCorrections:
    """The tenant's episodes as people move them. Units of work are serial, so that locks are free."""

    tables: TenantTables

    def hold(self, fingerprints: Collection[str], *, wait: bool = True) -> None:
        """Nothing to do: nobody else is in."""

    def episodes_with(self, signal_ids: Collection[UUID]) -> Mapping[UUID, Episode]:
        """The episode of each of these signals that has one."""
        homes = {one: self.tables.episode_of[one] for one in signal_ids if one in self.tables.episode_of}
        return {signal_id: self.tables.episodes[episode_id] for signal_id, episode_id in homes.items()}

    def rehome(self, episodes: Sequence[Episode], incident_id: UUID, *, at: datetime) -> Rehomed:
        """Put episodes with all of their signals into an incident; heads follow, and decisions say so."""
        ids = {episode.id for episode in episodes}
        for one in ids:
            self.tables.episodes[one] = self.tables.episodes[one].homed(incident_id, waiting=False)
        members = [signal_id for signal_id, one in self.tables.episode_of.items() if one in ids]
        moved = [attrs.evolve(self.tables.signals[one], incident_id=incident_id, waiting=False) for one in members]
        self.tables.signals.update({signal.id: signal for signal in moved})
        for name in {episode.fingerprint for episode in episodes}:
            self._rehome_head(name, ids, incident_id)
        for episode in episodes:
            self.tables.moves[episode.original_id] = StoredDecision(
                episode_id=episode.id, signal_id=episode.original_id, decision=moved_to(incident_id), at=at
            )
        fired = [signal for signal in moved if signal.is_firing]
        return Rehomed(
            signals=len(moved),
            first_at=min(signal.timestamp for signal in fired),
            last_received_at=max(signal.received_at for signal in fired),
            severity=max((signal.draft.severity for signal in fired), key=lambda severity: severity.weight),
        )

    def _rehome_head(self, name: str, ids: Collection[UUID], incident_id: UUID) -> None:
        head = self.tables.heads.get(name)
        if head is not None:
            there = [one for one in self.tables.episodes.values() if one.fingerprint == name and one.incident_id]
            latest = max(there, key=lambda episode: episode.started_at)
            self.tables.heads[name] = head.rehomed(ids, incident_id, latest.incident_id)

    def inherit(self, from_id: UUID, into_id: UUID) -> None:
        """Put what people and engines said of an incident into another."""
        for name in INHERITED:
            rows = getattr(self.tables, name)
            mine = {key: row for key, row in rows.items() if row.incident_id == from_id}
            rows.update({key: attrs.evolve(row, incident_id=into_id) for key, row in mine.items()})

    def decided(self, signal_ids: Collection[UUID]) -> Mapping[UUID, StoredDecision]:
        """What correlation decided last about the episodes that these signals opened."""
        return {one: self.tables.decisions[one] for one in signal_ids if one in self.tables.decisions}

    def add(self, corrections: Sequence[Correction]) -> None:
        """Store new corrections."""
        self.tables.corrections.update({one.id: one for one in corrections})

    def of_series(self, fingerprint: str, *, limit: int) -> Sequence[Correction]:
        """The latest corrections of a series, newest first."""
        found = [one for one in self.tables.corrections.values() if one.fingerprint == fingerprint]
        return sorted(found, key=lambda one: (one.at, one.id), reverse=True)[:limit]
