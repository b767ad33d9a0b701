"""What people see of incidents: lists, one incident whole, its timeline."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import attrs

from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.snapshotting import CHANGES_BEFORE
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.consultations import Consultation
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.hypotheses import Diagnosis, Hypothesis
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.recommendations import Recommendation
from sre_copilot.domain.signals import Signal, SignalStatus
from sre_copilot.domain.snapshots import ContextSnapshot, ObservedChange
from sre_copilot.domain.stored_episodes import Episode
from sre_copilot.domain.timeline import Note, TimelineEntry, Transition


@attrs.frozen(kw_only=True)
class IncidentView:
    """One incident with everything that belongs to it.

    `changes` are the tenant's from a day before detection on, `people` the names of the tenant's people, by id;
    `consultation` is the latest one of a language model about it.
    """

    incident: Incident
    transitions: tuple[Transition, ...]
    notes: tuple[Note, ...]
    signals: tuple[Signal, ...]
    episodes: tuple[Episode, ...]
    changes: tuple[ObservedChange, ...]
    diagnosis: Diagnosis | None
    hypotheses: tuple[Hypothesis, ...]
    recommendations: tuple[Recommendation, ...]
    people: Mapping[UUID, str] = attrs.field(factory=dict)
    consultation: Consultation | None = None

    @property
    def timeline(self) -> tuple[TimelineEntry, ...]:
        """Everything that happened, by time."""
        return tuple(sorted(self._entries(), key=lambda entry: entry.at))

    def _entries(self) -> Iterable[TimelineEntry]:
        # A resolve may carry nothing but its key: it is told in the words of the signal that fired.
        told = {signal.fingerprint: signal.draft for signal in reversed(self.signals) if signal.is_firing}
        for signal in self.signals:
            kind = "resolve" if signal.draft.status is SignalStatus.RESOLVED else "signal"
            draft = told.get(signal.fingerprint, signal.draft)
            text = f"{draft.name}: {draft.title}" if draft.title else draft.name
            yield TimelineEntry(at=signal.timestamp, kind=kind, text=text, service=draft.service)
        for change in self.changes:
            yield TimelineEntry(at=change.at, kind="change", text=change.summary, service=change.service)
        for row in self.transitions:
            who = "automatically" if row.automated else f"by {self._name(row.user_id)}"
            arrow = f"{row.from_state} → {row.to_state}" if row.from_state else row.to_state
            text = f"{arrow}, {who}{': ' + row.reason if row.reason else ''}"
            yield TimelineEntry(at=row.timestamp, kind="transition", text=text)
        for note in self.notes:
            by = f"{self._name(note.user_id)}: " if note.user_id is not None else ""
            yield TimelineEntry(at=note.at, kind="note", text=by + note.text)

    def _name(self, user_id: UUID | None) -> str:
        return self.people.get(user_id, "a person") if user_id is not None else "a person"


@attrs.frozen(kw_only=True)
class IncidentQueries:
    """Reads incidents. Every call is one short unit of work with a constant number of queries."""

    units: UnitOfWorkFactory

    def list(self, *, actor: Actor, narrowed: IncidentFilter | None = None) -> Sequence[Incident]:
        """Incidents by detection, newest first. Raises NotPermitted."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.incidents.list(narrowed or IncidentFilter())

    def get(self, *, actor: Actor, incident_id: UUID) -> Incident:
        """One incident. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.incidents.get(incident_id)

    def transitions(self, *, actor: Actor, incident_id: UUID) -> Sequence[Transition]:
        """Its log, by sequence. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.incidents.transitions(uow.incidents.get(incident_id).id)

    def diagnosis(self, *, actor: Actor, incident_id: UUID) -> tuple[Diagnosis, Sequence[Hypothesis]] | None:
        """Its latest diagnosis with the hypotheses by rank, None before the first. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.diagnoses.latest(uow.incidents.get(incident_id).id)

    def consultation(self, *, actor: Actor, incident_id: UUID) -> Consultation | None:
        """The latest consultation of a language model about it, None before the first. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.consultations.latest(uow.incidents.get(incident_id).id)

    def recommendations(self, *, actor: Actor, incident_id: UUID) -> Sequence[Recommendation]:
        """What was proposed last, by rank. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.recommendations.latest(uow.incidents.get(incident_id).id)

    def snapshot(self, *, actor: Actor, incident_id: UUID) -> ContextSnapshot:
        """What was known when it was detected. Raises NotPermitted, and NotFound also where none was taken (yet)."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            snapshot_id = uow.incidents.get(incident_id).snapshot_id
            if snapshot_id is None:
                raise NotFound(snapshot_of=incident_id)
            return uow.diagnoses.snapshot(snapshot_id)

    def show(self, *, actor: Actor, incident_id: UUID) -> IncidentView:
        """One incident whole. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            incident = uow.incidents.get(incident_id)
            latest = uow.diagnoses.latest(incident_id)
            until = incident.resolved_at or incident.last_signal_at or incident.updated_at
            return IncidentView(
                incident=incident,
                transitions=tuple(uow.incidents.transitions(incident_id)),
                notes=tuple(uow.incidents.notes(incident_id)),
                signals=tuple(uow.signals.of_incident(incident_id)),
                episodes=tuple(uow.signals.episodes_of(incident_id)),
                changes=tuple(uow.signals.changes(incident.detected_at - CHANGES_BEFORE, until)),
                diagnosis=latest[0] if latest else None,
                hypotheses=tuple(latest[1]) if latest else (),
                recommendations=tuple(uow.recommendations.latest(incident_id)),
                consultation=uow.consultations.latest(incident_id),
                people={user.id: user.full_name or user.email for user in uow.tenants.users()},
            )
