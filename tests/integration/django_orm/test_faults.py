"""Whatever breaks between two writes, PostgreSQL keeps all of a delivery or nothing of it (promise D3)."""

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
from psycopg.sql import SQL, Identifier

from sre_copilot.adapters.django_orm.unit_of_work import DjangoDirectory, DjangoUnitOfWorkFactory
from sre_copilot.adapters.system import SystemClock, TimeOrderedIds
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.use_cases.declare_incident import DeclareIncident
from sre_copilot.application.use_cases.transition_incident import TransitionIncident
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.deliveries import Delivery
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.lifecycle import Action
from sre_copilot.domain.tenants import Tenant
from sre_copilot.testing.builders import make_integration
from sre_copilot.testing.doors import ingesting, plugin_gateway
from sre_copilot.testing.faults import Fault, TappedUnits
from tests.integration.database import Database

Ask = Callable[[UnitOfWorkFactory], object]
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"


def counts(database: Database) -> list[tuple[object, ...]]:
    """How many rows every table has."""
    with database.connect("superuser") as db:
        tables = [str(name) for (name,) in db.execute(TABLES).fetchall()]
        each = [SQL("SELECT {}, (SELECT count(*) FROM {})").format(name, Identifier(name)) for name in tables]
        return db.execute(SQL(" UNION ALL ").join(each) + SQL(" ORDER BY 1")).fetchall()


def strike_everywhere(ask: Ask, units: UnitOfWorkFactory, look: Callable[[], object]) -> list[str]:
    """Let each call fail in turn, before and after it has its effect, and see that nothing came of it; return the calls."""
    struck = []
    for late in (False, True):
        for at in count(1):
            before, fault = look(), Fault(at=at, late=late)
            try:
                ask(TappedUnits(units, fault))
            except OSError:
                assert look() == before, fault.calls[at - 1]
                struck.append(fault.calls[at - 1])
            else:
                # What has no "after" can't be struck late; only where no call is left everything has been.
                if len(fault.calls) < at:
                    break
    return struck


@pytest.fixture
def integration(units: DjangoUnitOfWorkFactory, tenant: Tenant) -> Integration:
    made = make_integration(tenant.id, type="prometheus")
    with units(tenant.id) as unit:
        unit.integrations.add(made)
        unit.commit()
    return made


def alerts(*statuses: str) -> Delivery:
    """One group of alerts that nobody has heard of before."""
    now = SystemClock().now()
    group = [
        {
            "status": status,
            "labels": {"alertname": f"Alarm{number}{now.timestamp()}", "service": f"s{number}", "severity": "page"},
            "startsAt": (now - timedelta(minutes=5)).isoformat(),
            "endsAt": (now - timedelta(minutes=1)).isoformat(),
        }
        for number, status in enumerate(statuses)
    ]
    return Delivery(body=json.dumps({"version": "4", "alerts": group}).encode(), received_at=now)


def test_a_delivery_that_meets_a_fault_leaves_nothing(
    database: Database, units: DjangoUnitOfWorkFactory, integration: Integration
) -> None:
    actor = Actor.integration(integration.tenant_id, integration.id)
    gateway = plugin_gateway()

    def ask(tapped: UnitOfWorkFactory) -> object:
        ingest = ingesting(tapped, DjangoDirectory(), gateway)
        return ingest(actor=actor, integration_id=integration.id, delivery=alerts("firing", "resolved", "firing"))

    struck = strike_everywhere(ask, units, lambda: counts(database))
    assert {"deliveries.add", "series.save", "incidents.save", "incidents.log", "audit.append", "commit"} <= set(struck)


def test_a_transition_that_meets_a_fault_leaves_the_incident_as_it_was(
    database: Database, units: DjangoUnitOfWorkFactory, engineer: Actor
) -> None:
    # An incident for each attempt: only one can be the first to acknowledge.
    declare = DeclareIncident(units=units, clock=SystemClock(), ids=TimeOrderedIds())
    declared = [declare(actor=engineer, title="Checkout fails", service="checkout").id for _ in range(40)]
    attempts = iter(declared)

    def look() -> object:
        with database.connect("superuser") as db:
            rows = db.execute("SELECT to_jsonb(i)::text FROM incidents i WHERE id = ANY(%s) ORDER BY id", [declared])
            return rows.fetchall(), counts(database)

    def ask(tapped: UnitOfWorkFactory) -> object:
        transition = TransitionIncident(units=tapped, clock=SystemClock(), ids=TimeOrderedIds())
        return transition(actor=engineer, incident_id=next(attempts), action=Action.ACKNOWLEDGE)

    assert {"incidents.save", "incidents.log", "audit.append"} <= set(strike_everywhere(ask, units, look))


def test_the_fault_test_would_see_half_a_delivery(
    database: Database, units: DjangoUnitOfWorkFactory, integration: Integration
) -> None:
    before = counts(database)
    actor = Actor.integration(integration.tenant_id, integration.id)
    ingest = ingesting(units, DjangoDirectory())
    ingest(actor=actor, integration_id=integration.id, delivery=alerts("firing"))
    grown = {name for (name, count), (_, earlier) in zip(counts(database), before, strict=True) if count != earlier}
    assert {"deliveries", "signals", "episodes", "incidents", "incident_state_transitions", "audit_logs"} <= grown
