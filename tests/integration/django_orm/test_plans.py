"""What every delivery asks is answered through the index that leads there, also while nobody has counted the rows yet."""

from collections.abc import Callable, Mapping

import pytest
from django.db import connections

from sre_copilot.adapters.django_orm import models, sets, setup
from sre_copilot.adapters.django_orm.arrays import packed
from sre_copilot.adapters.django_orm.repositories.neighbourhood import SAID
from sre_copilot.adapters.django_orm.repositories.signals import signal_columns
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.adapters.system import new_id
from sre_copilot.domain.deliveries import DeliveryRecord, DeliveryStatus, Receipt, Verdict
from sre_copilot.testing.builders import make_delivery, make_signal
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


def test_of_signals_under_vendors_ids_none_is_read_in_vain(house: House) -> None:
    names = [f"event-{place}" for place in range(STORED)]
    signals = [make_signal(house.integration, ordinal=place, vendor_id=name) for place, name in enumerate(names, 1)]
    with house.changing() as uow:
        sets.insert(models.Signal, signal_columns(signals, {}))
        asked = [(name, 0) for name in names[:ASKED]]
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


def test_what_signals_said_is_read_by_their_ids_alone(house: House) -> None:
    signals = [make_signal(house.integration, ordinal=place) for place in range(1, STORED)]
    with house.changing():
        sets.insert(models.Signal, signal_columns(signals, {}))
        ids = [signal.id for signal in signals[:ASKED]]
        asked = {"tenant": house.integration.tenant_id, "signals": packed("uuid", ids)}
        plan = plans_of(lambda: sets.ask(SAID, asked), about="FROM signals")
        assert {row[0] for row in sets.ask(SAID, asked)} == set(ids)
    assert "signals_in_order" not in plan, plan


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
