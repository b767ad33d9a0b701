"""Taking note: what recorded signals, and episodes that began, ended or moved, do to the incidents they belong to."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.announcing import announce, done
from sre_copilot.application.placing import Placed
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.series import Ends
from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.outbound import Event
from sre_copilot.domain.signals import Signal


@attrs.frozen(kw_only=True)
class Absorbing:
    """Updates the incidents of one batch. The unit of work is the caller's, and so is the commit."""

    uow: UnitOfWork
    ids: Ids
    actor: Actor
    now: datetime
    actors: Mapping[UUID, Actor] = attrs.field(factory=dict)
    """By delivery, where it is not `actor` who brought it."""

    def absorb(self, placed: Placed, *, also: Iterable[UUID] = ()) -> tuple[UUID, ...]:
        """After episodes, signals and decisions are stored: let incidents take note. Returns the opened ids.

        Incidents, `also` those that the caller will go on to change, are locked in sorted order, so that two batches
        never wait for each other.
        """
        named = {episode.incident_id for update in placed.updates for episode in update.saved}
        named |= {signal.incident_id for signal in placed.signals}
        moved = {incident_id for update in placed.updates for incident_id in update.moved}
        touched = {incident_id for incident_id in named if incident_id is not None} | moved
        firings: dict[UUID | None, list[Signal]] = {}
        for signal in placed.signals:
            if signal.is_firing:
                firings.setdefault(signal.incident_id, []).append(signal)
        for incident_id in placed.waited_for:
            # An episode that had to wait brings signals along that were stored long before.
            firings[incident_id] = [s for s in self.uow.signals.of_incident(incident_id) if s.is_firing]
        locked = self.uow.incidents.locked(touched | set(also))
        ends = self.uow.signals.ends_of(touched)
        before = [incident for incident in locked if incident.id in touched]
        after = [self._noted(one, firings.get(one.id, ()), ends.get(one.id)) for one in before]
        after = [one.rearranged(self.now) if one.id in moved else one for one in after]
        self.uow.incidents.change([one for one, was in zip(after, before, strict=True) if one != was])
        return tuple(incident.id for incident in placed.opened)

    def _noted(self, before: Incident, firings: Sequence[Signal], ends: Ends | None) -> Incident:
        incident, actor = before, self.actor
        for signal in firings:
            worst = incident.severity
            incident = incident.absorb(
                occurred_at=signal.timestamp, received_at=signal.received_at, severity=signal.draft.severity
            )
            if incident.severity is not worst:
                actor = self.actors.get(signal.delivery_id, self.actor)
        incident = incident.settle(last_end_seen_at=quiet_since(incident, ends, self.now))
        if incident.severity is not before.severity:
            record_audit(
                self.uow,
                self.ids,
                actor,
                "incident.severity_raised",
                AuditAction.UPDATE,
                at=self.now,
                resource=("incident", incident.id),
                details={"from": before.severity.value, "to": incident.severity.value},
            )
            raised = done(Event.SEVERITY_CHANGED, actor, self.now, before=before.severity.value)
            announce(self.uow, self.ids, incident, raised)
        return incident


def quiet_since(incident: Incident, ends: Ends | None, now: datetime) -> datetime | None:
    """When the last end of the incident's episodes was learnt of; None while one is open.

    An incident whose episodes all turned out to belong elsewhere is quiet from the first time that this shows; one that
    people declared is theirs to end as long as no signal has joined it.
    """
    if ends is not None:
        return ends.last_seen_at
    if incident.declared:
        return None
    return now if incident.settle_at is None else incident.settle_at - incident.settle_time
