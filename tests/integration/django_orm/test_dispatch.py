"""Several who send from one outbox at once, on the database: nothing twice, nothing lost, each incident in its order."""

import threading
from collections import defaultdict
from uuid import UUID

import attrs
import pytest

from sre_copilot.adapters.django_orm.unit_of_work import DjangoUnitOfWorkFactory
from sre_copilot.adapters.system import SystemClock, TimeOrderedIds, new_id
from sre_copilot.application.ports.outbox import OutboxFilter
from sre_copilot.application.use_cases.declare_incident import DeclareIncident
from sre_copilot.application.use_cases.dispatch_messages import DispatchMessages
from sre_copilot.application.use_cases.note_on_incident import NoteOnIncident
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.errors import NotifyLater
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.outbound import Message, Sent
from sre_copilot.domain.outbox import OutboxStatus
from sre_copilot.testing.builders import make_integration
from sre_copilot.testing.notifiers import RecordedNotifiers
from sre_copilot.testing.outbound import make_rule
from sre_copilot.testing.sealing import InMemoryKeyRing, make_sealer
from tests.integration.threads import at_once

INCIDENTS, NOTES, SENDERS = 4, 6, 4


@attrs.frozen
class House:
    """A tenant whose one target is told of everything."""

    units: DjangoUnitOfWorkFactory
    actor: Actor
    target: Integration

    def declared(self) -> UUID:
        declare = DeclareIncident(units=self.units, clock=SystemClock(), ids=TimeOrderedIds())
        return declare(actor=self.actor, title="Checkout fails", service="checkout").id

    def noted(self, incident: UUID) -> None:
        note = NoteOnIncident(units=self.units, clock=SystemClock(), ids=TimeOrderedIds())
        note(actor=self.actor, incident_id=incident, text="looking")

    def dispatch(self, notifiers: RecordedNotifiers) -> None:
        send = DispatchMessages(
            units=self.units,
            notifiers=notifiers,
            sealer=make_sealer(InMemoryKeyRing()),
            clock=SystemClock(),
            ids=TimeOrderedIds(),
        )
        send(actor=Actor.system(self.actor.tenant_id), integration_id=self.target.id)


@pytest.fixture
def house(units: DjangoUnitOfWorkFactory, engineer: Actor) -> House:
    target = make_integration(engineer.tenant_id, id=new_id())
    with units(engineer.tenant_id) as unit:
        unit.integrations.add(target)
        unit.routes.add(make_rule(target.id, engineer.tenant_id))
        unit.commit()
    return House(units, engineer, target)


@attrs.define
class Wall(RecordedNotifiers):
    """Takes down what arrives, from many threads."""

    lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)
    arrived: dict[UUID, list[int]] = attrs.field(factory=lambda: defaultdict(list), init=False)

    def notify(self, integration: object, secrets: object, message: Message, now: object) -> Sent:
        assert message.content.incident is not None
        with self.lock:
            self.arrived[message.content.incident.id].append(message.sequence)
        return Sent()


def test_senders_at_once_send_each_message_once_and_each_incident_in_its_order(house: House) -> None:
    incidents = [house.declared() for _ in range(INCIDENTS)]
    for _ in range(NOTES):
        for incident in incidents:
            house.noted(incident)
    wall = Wall()
    at_once(*[lambda: house.dispatch(wall)] * SENDERS)
    # Who found nothing to claim while others were sending has gone; nobody waits for a message of an incident.
    house.dispatch(wall)
    assert wall.arrived == {incident: list(range(1, NOTES + 2)) for incident in incidents}


def test_people_who_write_about_one_incident_at_once_are_all_told_of_each_with_a_number_of_its_own(
    house: House,
) -> None:
    incident = house.declared()
    outcomes = at_once(*[lambda: house.noted(incident)] * 8)
    assert list(outcomes) == [None] * 8
    wall = Wall()
    house.dispatch(wall)
    assert wall.arrived == {incident: list(range(1, 10))}


def test_a_target_that_asks_to_wait_holds_up_everything_it_is_to_be_told(house: House) -> None:
    for _ in range(3):
        house.declared()
    notifiers = RecordedNotifiers(answers=[NotifyLater()])
    house.dispatch(notifiers)
    assert len(notifiers.told) == 1
    with house.units(house.actor.tenant_id) as unit:
        waiting = unit.outbox.list(OutboxFilter(status=OutboxStatus.PENDING))
    assert len(waiting) == 3
    assert len({entry.due_at for entry in waiting}) == 1
