"""A vendor's acknowledgement: no signal, only an action on the incident of the open episode."""

from datetime import datetime
from uuid import UUID

from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.application.trail import record_transition
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.deliveries import Acknowledgement
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.lifecycle import Action, State
from sre_copilot.domain.signals import SignalDraft


def acknowledge(
    uow: UnitOfWork, ids: Ids, actor: Actor, integration: Integration, word: Acknowledgement, at: datetime
) -> UUID | None:
    """Acknowledge the incident of the key's open episode; return its id, None where nothing changed.

    The actor is the person named where the tenant knows the address, else the integration. An incident that is
    past `detected` stays as it is.
    """
    name = fingerprint(integration.id, SignalDraft(name="", vendor_key=word.vendor_key))
    history = uow.series.load([name])[name]
    incident_id = next((episode.incident_id for episode in history.episodes if episode.is_open), None)
    if incident_id is None:
        return None
    incident = uow.incidents.get(incident_id, lock=True)
    if incident.state is not State.DETECTED:
        return None
    person = next((user for user in uow.tenants.users() if word.by and user.email == word.by.lower()), None)
    who = person.as_actor(origin=actor.origin) if person is not None and person.is_active else actor
    changed = incident.apply(
        Action.ACKNOWLEDGE, actor=who, at=at, transition_id=ids.new(), reason=f"acknowledged in {integration.name}"
    )
    record_transition(uow, ids, who, changed, at)
    return incident_id
