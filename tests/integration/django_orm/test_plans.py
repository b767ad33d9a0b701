"""What every delivery asks is answered through the index that leads there, also while nobody has counted the rows yet."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import pytest
from django.db import connections

from sre_copilot.adapters.django_orm import models, sets, setup
from sre_copilot.adapters.django_orm.asking import ASKED_BEFORE
from sre_copilot.adapters.django_orm.repositories.signals import signal_columns
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.adapters.system import new_id
from sre_copilot.domain.deliveries import DeliveryRecord, DeliveryStatus, Receipt, Verdict
from sre_copilot.domain.signals import Signal
from sre_copilot.testing.builders import make_delivery, make_signal
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import House
from tests.integration.database import Database

STORED = 1_500
ASKED = 40


@pytest.fixture
def house(database: Database) -> House:
    return House.build(setup.adapters()[0])


def plans_of(ask: Callable[[], object], *, about: str) -> str:
    """How the server answers whatever is asked about a table."""
    found: list[str] = []

    def listen(
        execute: Callable[..., object], sql: str, params: Mapping[str, object], many: bool, context: object
    ) -> object:
        if about in sql:
            connection = connections[ALIAS]
            listeners, connection.execute_wrappers = connection.execute_wrappers, []
            found.extend(str(line) for (line,) in sets.ask(f"EXPLAIN (ANALYZE) {sql}", params))
            connection.execute_wrappers = listeners
        return execute(sql, params, many, context)

    with connections[ALIAS].execute_wrapper(listen):
        ask()
    assert found
    return "\n".join(found)


def signals_of(house: House, count: int) -> Sequence[Signal]:
    """So many signals of one series, each with a time and a vendor's id of its own."""
    return [
        make_signal(
            house.integration,
            ordinal=place,
            vendor_id=f"event-{place}",
            timestamp=BEGINNING + timedelta(seconds=place),
        )
        for place in range(count)
    ]


@pytest.mark.parametrize("counted", [False, True], ids=["as the tables are", "counted when others had sent a little"])
def test_of_signals_under_vendors_ids_none_is_read_in_vain(house: House, database: Database, *, counted: bool) -> None:
    if counted:
        other = House.build(setup.adapters()[0])
        with other.changing():
            sets.insert(models.Signal, signal_columns(signals_of(other, ASKED), {}))
        with database.connect("superuser") as db:
            db.execute("ANALYZE signals")
    with house.changing() as uow:
        sets.insert(models.Signal, signal_columns(signals_of(house, STORED), {}))
        asked = [(f"event-{place}", 0) for place in range(ASKED)]
        plan = plans_of(lambda: uow.series.known(house.integration.id, asked), about="FROM signals")
        assert set(uow.series.known(house.integration.id, asked)) == set(asked)
    assert "Rows Removed" not in plan, plan


def test_of_deliveries_under_vendors_ids_none_is_read_in_vain(house: House) -> None:
    names = [f"delivery-{place}" for place in range(STORED)]
    with house.changing() as uow:
        uow.deliveries.add([_delivery(house, name) for name in names])
        asked = [(house.integration.id, name) for name in names[:ASKED]]
        plan = plans_of(lambda: uow.deliveries.claim(asked), about="FROM deliveries")
        assert set(uow.deliveries.claim(asked)) == set(asked)
    assert "Rows Removed" not in plan, plan


def test_what_is_looked_up_by_keys_is_planned_each_time_because_tables_grow(house: House) -> None:
    with house.changing() as uow:
        for _ in range(2 * ASKED_BEFORE):
            uow.services.graph()
            uow.series.known(house.integration.id, [("event", 0)])
        prepared = [text for (text,) in sets.ask("SELECT statement FROM pg_prepared_statements", [])]
    assert any("xmin" in text for text in prepared)
    assert not [text for text in prepared if "LATERAL" in text]


def _delivery(house: House, vendor_id: str) -> DeliveryRecord:
    return DeliveryRecord(
        id=(delivery_id := new_id()),
        tenant_id=house.integration.tenant_id,
        integration_id=house.integration.id,
        delivery=make_delivery(),
        status=DeliveryStatus.ACCEPTED,
        verdict=Verdict.HANDED_IN,
        vendor_id=vendor_id,
        receipt=Receipt(delivery_id=delivery_id),
    )
