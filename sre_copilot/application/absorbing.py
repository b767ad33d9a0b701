"""Taking note: what recorded signals, and episodes that began, ended or moved, do to the incidents they belong to."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.announcing import announce, done
from sre_copilot.application.placing import Placed
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.outbound import Event
from sre_copilot.domain.series import Episode
from sre_copilot.domain.signals import Signal


@attrs.frozen(kw_only=True)
class Absorbing:
    """Updates the incidents of one batch. The unit of work is the caller's, and so is the commit."""

    uow: UnitOfWork
    ids: Ids
    actor: Actor
    now: datetime

    def absorb(self, placed: Placed, *, also: Iterable[UUID] = ()) -> tuple[UUID, ...]:
        """After episodes and signals are stored: store decisions, let incidents take note. Returns the opened ids.

        Incidents, `also` those that the caller will go on to change, are locked in sorted order, so that two batches
        never wait for each other.
        """
        self.uow.series.decide(placed.decisions)
        named = {episode.incident_id for update in placed.updates for episode in update.saved}
        named |= {signal.incident_id for signal in placed.signals}
        named |= {incident_id for update in placed.updates for incident_id in update.left}
        touched = {incident_id for incident_id in named if incident_id is not None}
        for incident_id in sorted(touched | set(also)):
            incident = self.uow.incidents.get(incident_id, lock=True)
            if incident_id in touched:
                # An episode that had to wait brings signals along that were stored long before.
                there = (
                    self.uow.signals.of_incident(incident_id) if incident_id in placed.waited_for else placed.signals
                )
                self._take_note(incident, [s for s in there if s.incident_id == incident_id and s.is_firing])
        return tuple(incident.id for incident in placed.opened)

    def _take_note(self, before: Incident, firings: Sequence[Signal]) -> None:
        incident = before
        for signal in firings:
            incident = incident.absorb(
                occurred_at=signal.timestamp, received_at=signal.received_at, severity=signal.draft.severity
            )
        quiet = quiet_since(incident, self.uow.signals.episodes_of(incident.id), self.now)
        incident = incident.settle(last_end_seen_at=quiet)
        if incident.severity is not before.severity:
            record_audit(
                self.uow,
                self.ids,
                self.actor,
                "incident.severity_raised",
                AuditAction.UPDATE,
                at=self.now,
                resource=("incident", incident.id),
                details={"from": before.severity.value, "to": incident.severity.value},
            )
            raised = done(Event.SEVERITY_CHANGED, self.actor, self.now, before=before.severity.value)
            announce(self.uow, self.ids, incident, raised)
        if incident != before:
            self.uow.incidents.save(incident)


def quiet_since(incident: Incident, episodes: Sequence[Episode], now: datetime) -> datetime | None:
    """When the last end of the incident's episodes was learnt of; None while one is open.

    An incident whose episodes all turned out to belong elsewhere is quiet from the first time that this shows; one that
    people declared is theirs to end as long as no signal has joined it.
    """
    if not episodes:
        if incident.declared:
            return None
        return now if incident.settle_at is None else incident.settle_at - incident.settle_time
    if any(episode.is_open for episode in episodes):
        return None
    return max(episode.end_seen_at or episode.started_at for episode in episodes)
