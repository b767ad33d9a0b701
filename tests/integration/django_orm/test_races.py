"""Who changes the same things at the same moment comes one after the other, or gives way. Real threads, real locks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from uuid import UUID

import attrs
import pytest

from sre_copilot.adapters.django_orm import setup
from sre_copilot.adapters.django_orm.unit_of_work import DjangoDirectory, DjangoUnitOfWorkFactory
from sre_copilot.adapters.system import SystemClock, TimeOrderedIds
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.use_cases.declare_incident import DeclareIncident
from sre_copilot.application.use_cases.run_due_timers import RunDueTimers
from sre_copilot.application.use_cases.transition_incident import TransitionIncident
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.deliveries import Parsed, Receipt
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.lifecycle import Action
from sre_copilot.domain.signals import SignalDraft
from sre_copilot.domain.tenants import Tenant
from sre_copilot.testing.builders import make_integration
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.deliveries import ScriptedGateway
from sre_copilot.testing.doors import ingesting
from sre_copilot.testing.faults import TappedUnits
from sre_copilot.testing.stage import Script, alert, recovery
from tests.integration.threads import at_once

MOMENT = 0.3
PATIENCE = 20.0


@attrs.define
class Pause:
    """Holds a unit of work up after one of its calls until somebody lets it go on."""

    call: str
    reached: Event = attrs.field(factory=Event)
    released: Event = attrs.field(factory=Event)

    def before(self, call: str) -> None:
        """Nothing is held up before."""

    def after(self, call: str) -> None:
        """Wait here, once."""
        if call == self.call and not self.reached.is_set():
            self.reached.set()
            assert self.released.wait(PATIENCE)


@attrs.frozen
class House:
    """One tenant with an incident whose only alert has ended, and what may happen to it next."""

    units: DjangoUnitOfWorkFactory
    integration: Integration
    engineer: Actor
    incident_id: UUID

    def ingest(self, pause: Pause) -> Receipt:
        """Another alert of the same service arrives, and its batch takes its time."""
        again = alert("DiskFull", occurred_at=BEGINNING + timedelta(minutes=5))
        return _ingest(TappedUnits(self.units, pause), self.integration, again, 5)

    def settle(self) -> object:
        """Time passes."""
        timers = RunDueTimers(units=self.units, ids=TimeOrderedIds())
        system = Actor.system(self.integration.tenant_id)
        return timers(actor=system, now=BEGINNING + timedelta(minutes=10))

    def resolve(self) -> object:
        """A person calls it over."""
        transition = TransitionIncident(units=self.units, clock=SystemClock(), ids=TimeOrderedIds())
        return transition(actor=self.engineer, incident_id=self.incident_id, action=Action.RESOLVE)


def _ingest(units: UnitOfWorkFactory, integration: Integration, draft: SignalDraft, minute: int) -> Receipt:
    script = Script()
    delivery = script.delivery(Parsed(drafts=(draft,)), received_at=BEGINNING + timedelta(minutes=minute))
    gateway = ScriptedGateway(readers={integration.type: script.read})
    ingest = ingesting(units, DjangoDirectory(), gateway)
    sender = Actor.integration(integration.tenant_id, integration.id)
    return ingest(actor=sender, integration_id=integration.id, delivery=delivery)


@pytest.fixture
def house(units: DjangoUnitOfWorkFactory, tenant: Tenant, engineer: Actor) -> House:
    integration = make_integration(tenant.id)
    with units(tenant.id) as unit:
        unit.integrations.add(integration)
        unit.commit()
    (incident_id,) = _ingest(units, integration, alert(occurred_at=BEGINNING), 0).opened
    _ingest(units, integration, recovery(occurred_at=BEGINNING + timedelta(minutes=1)), 1)
    return House(units=units, integration=integration, engineer=engineer, incident_id=incident_id)


@pytest.mark.parametrize("close", [House.settle, House.resolve])
def test_no_alert_comes_into_an_incident_that_is_being_closed(house: House, close: Callable[[House], object]) -> None:
    pause = Pause("incidents.open_incidents")

    def work(call: Callable[[], object]) -> object:
        try:
            return call()
        finally:
            setup.close()

    with ThreadPoolExecutor(2) as threads:
        ingesting = threads.submit(work, lambda: house.ingest(pause))
        assert pause.reached.wait(PATIENCE)
        closing = threads.submit(work, lambda: close(house))
        # Whoever closes has to wait for the batch: after this moment it still has not come through.
        pause.released.wait(MOMENT)
        assert not closing.done()
        pause.released.set()
        ingesting.result(PATIENCE)
        closing.result(PATIENCE)
    with house.units(house.integration.tenant_id) as unit:
        incident = unit.incidents.get(house.incident_id)
        (going_on,) = (one for one in unit.signals.episodes_of(house.incident_id) if one.is_open)
    # The alert came first, so time alone doesn't end the incident; a person who has seen it may.
    assert incident.state.is_open is (close is House.settle)
    assert going_on.incident_id == house.incident_id


def test_of_two_that_wait_for_each_other_one_gives_way_and_is_told(
    units: DjangoUnitOfWorkFactory, tenant: Tenant, engineer: Actor
) -> None:
    declare = DeclareIncident(units=units, clock=SystemClock(), ids=TimeOrderedIds())
    ids = [declare(actor=engineer, title="Checkout fails", service="checkout").id for _ in range(2)]
    both_hold_one = Barrier(2)

    def take(order: list[UUID]) -> str:
        with units(tenant.id) as unit:
            unit.incidents.get(order[0], lock=True)
            both_hold_one.wait(PATIENCE)
            unit.incidents.get(order[1], lock=True)
        return "came through"

    outcomes = at_once(lambda: take(ids), lambda: take(ids[::-1]))
    assert sorted(str(getattr(one, "code", one)) for one in outcomes) == ["came through", "write_conflict"]
