"""Incidents in memory."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.domain.correlation import Candidate
from sre_copilot.domain.errors import ConcurrentTransition, ImmutableRecord, InvalidTransition, NotFound
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.lifecycle import legal_pairs
from sre_copilot.domain.open_incidents import OpenIncidents
from sre_copilot.domain.snapshots import ContextSnapshot
from sre_copilot.domain.subjects import declared, signalled
from sre_copilot.domain.timeline import Note, Transition
from sre_copilot.testing.tables import TenantTables


@attrs.frozen
class InMemoryIncidents:
    """The tenant's incidents. Units of work are serial, so that locks are free."""

    tables: TenantTables

    def get(self, incident_id: UUID, *, lock: bool = False) -> Incident:
        """One incident. Raises NotFound."""
        if incident_id not in self.tables.incidents:
            raise NotFound(incident=incident_id)
        return self.tables.incidents[incident_id]

    def locked(self, incident_ids: Collection[UUID]) -> Sequence[Incident]:
        """Incidents, by id. Raises NotFound."""
        return [self.get(incident_id) for incident_id in sorted(incident_ids)]

    def change(self, incidents: Sequence[Incident]) -> None:
        """Store what changed of incidents."""
        for incident in incidents:
            self.save(incident)

    def save(self, incident: Incident) -> None:
        """Store an incident, new or changed, all but its snapshot."""
        known = self.tables.incidents.get(incident.id)
        self.tables.incidents[incident.id] = attrs.evolve(incident, snapshot_id=known.snapshot_id if known else None)

    def keep_snapshot(self, snapshot: ContextSnapshot) -> None:
        """Make a stored snapshot the one of its incident's detection. Raises ImmutableRecord where it has one."""
        incident = self.get(snapshot.incident_id)
        if incident.snapshot_id is not None:
            raise ImmutableRecord(incident=incident.id)
        self.tables.incidents[incident.id] = attrs.evolve(incident, snapshot_id=snapshot.id)

    def log(self, transition: Transition) -> None:
        """Append a row to the log. Raises ConcurrentTransition for a taken sequence, InvalidTransition for no legal pair."""
        if any(row.sequence == transition.sequence for row in self.transitions(transition.incident_id)):
            raise ConcurrentTransition(sequence=transition.sequence)
        if (transition.from_state, transition.to_state) not in legal_pairs():
            raise InvalidTransition(state=transition.from_state, wanted=transition.to_state)
        self.tables.transitions[transition.id] = transition

    def transitions(self, incident_id: UUID) -> Sequence[Transition]:
        """The log of an incident, by sequence."""
        rows = [row for row in self.tables.transitions.values() if row.incident_id == incident_id]
        return sorted(rows, key=lambda row: row.sequence)

    def add_note(self, note: Note) -> None:
        """Store a note."""
        self.tables.notes[note.id] = note

    def notes(self, incident_id: UUID) -> Sequence[Note]:
        """The notes of an incident, by time."""
        rows = [note for note in self.tables.notes.values() if note.incident_id == incident_id]
        return sorted(rows, key=lambda note: (note.at, note.id))

    def keep_thread(self, incident_id: UUID, channel: str, thread: str) -> None:
        """Note where people talk about an incident; the first place stays."""
        if all(thread != other for _, other in self.tables.threads.values()):
            self.tables.threads.setdefault(incident_id, (channel, thread))

    def list(self, narrowed: IncidentFilter) -> Sequence[Incident]:
        """Incidents by detection, newest first, after the keyset where one is given."""
        rows = [incident for incident in self.tables.incidents.values() if _matches(incident, narrowed)]
        return sorted(rows, key=lambda row: (row.detected_at, row.id), reverse=True)[: narrowed.limit]

    def lock_correlation(self) -> None:
        """Nothing to do: nobody else is in."""

    def open_incidents(self, since: datetime, until: datetime) -> OpenIncidents:
        """The incidents that are open and were opened in between, with their members."""
        index = OpenIncidents()
        wanted = [row.id for row in self.tables.incidents.values() if since <= row.created_at <= until]
        for candidate in self.candidates(wanted):
            index.take(candidate)
        return index

    def candidates(self, incident_ids: Collection[UUID]) -> Sequence[Candidate]:
        """Open incidents, each with the originals of its episodes, and with its own words where people declared it."""
        rows = [row for row in self.tables.incidents.values() if row.id in incident_ids]
        return [self._candidate(incident) for incident in rows if incident.state.is_open]

    def opened_since(self, start: datetime) -> int:
        """How many incidents were created at or after `start`."""
        return sum(incident.created_at >= start for incident in self.tables.incidents.values())

    def without_snapshot(self, since: datetime) -> Sequence[UUID]:
        """Ids of the incidents that signals opened since then and that have no snapshot yet, sorted."""
        rows = [row for row in self.tables.incidents.values() if row.created_at >= since and not row.declared]
        return sorted(row.id for row in rows if row.snapshot_id is None)

    def settling(self, now: datetime) -> Sequence[UUID]:
        """Ids of the open incidents whose `settle_at` has come, by that time."""
        due = [
            (incident.settle_at, incident.id)
            for incident in self.tables.incidents.values()
            if incident.state.is_open and incident.settle_at is not None and incident.settle_at <= now
        ]
        return [incident_id for _, incident_id in sorted(due)]

    def _candidate(self, incident: Incident) -> Candidate:
        episodes = sorted(
            (episode for episode in self.tables.episodes.values() if episode.incident_id == incident.id),
            key=lambda episode: (episode.started_at, episode.id),
        )
        return Candidate(
            incident_id=incident.id,
            opened_at=incident.created_at,
            detected_at=incident.detected_at,
            last_signal_at=incident.last_signal_at or incident.created_at,
            has_open_episode=any(episode.is_open for episode in episodes),
            members=(
                *(signalled(self.tables.signals[e.original_id].draft, e.started_at) for e in episodes),
                *([declared(incident)] if incident.declared else []),
            ),
        )


def _matches(incident: Incident, narrowed: IncidentFilter) -> bool:
    wanted = (narrowed.text or "").casefold()
    return (
        (not narrowed.states or incident.state in narrowed.states)
        and (not narrowed.severities or incident.severity in narrowed.severities)
        and narrowed.service in (None, incident.service)
        and narrowed.environment in (None, incident.environment)
        and narrowed.assigned_to in (None, incident.assigned_to)
        and (wanted in incident.title.casefold() or wanted in incident.description.casefold())
        and (narrowed.since is None or incident.detected_at >= narrowed.since)
        and (narrowed.until is None or incident.detected_at < narrowed.until)
        and (narrowed.before is None or (incident.detected_at, incident.id) < narrowed.before)
    )
