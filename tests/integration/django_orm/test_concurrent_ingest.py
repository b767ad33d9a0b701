"""Equal signals that arrive at the same moment make one original and one incident; equal deliveries count once.

Promise I1: eight senders, fifty rounds in the soak. Real threads, real connections, the real plugin.
"""

import json
import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import attrs
import pytest

from sre_copilot.adapters.django_orm.unit_of_work import DjangoDirectory, DjangoUnitOfWorkFactory
from sre_copilot.adapters.system import SystemClock, new_id
from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.application.use_cases.ingest_delivery import IngestDelivery
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.deliveries import Delivery, Receipt
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.signals import Signal
from sre_copilot.domain.tenants import Tenant
from sre_copilot.testing.builders import make_integration
from sre_copilot.testing.doors import ingesting
from tests.integration.threads import in_rounds

SENDERS = 8
ROUNDS = 50 if os.environ.get("SRE_COPILOT_SOAK") == "1" else 10


@attrs.frozen
class Door:
    """A generic integration of one tenant, and what became of what it sent."""

    units: DjangoUnitOfWorkFactory
    integration: Integration
    ingest: IngestDelivery

    @classmethod
    def of(cls, units: DjangoUnitOfWorkFactory, tenant: Tenant) -> "Door":
        made = make_integration(tenant.id, type="generic")
        with units(tenant.id) as unit:
            unit.integrations.add(made)
            unit.commit()
        return cls(units, made, ingesting(units, DjangoDirectory()))

    def knock(self, delivery: Delivery) -> Receipt:
        actor = Actor.integration(self.integration.tenant_id, self.integration.id)
        return self.ingest(actor=actor, integration_id=self.integration.id, delivery=delivery)

    def send_in_rounds(self, sent: Callable[[int, int], Delivery]) -> Sequence[Sequence[Receipt]]:
        """What `sent(round, sender)` brings; nobody is refused."""
        works = [lambda number, sender=sender: self.knock(sent(number, sender)) for sender in range(SENDERS)]
        rounds = in_rounds(ROUNDS, works)
        receipts = [[outcome for outcome in outcomes if isinstance(outcome, Receipt)] for outcomes in rounds]
        assert [len(row) for row in receipts] == [SENDERS] * ROUNDS, rounds
        return receipts

    def incidents(self) -> list[Incident]:
        with self.units(self.integration.tenant_id) as unit:
            return list(unit.incidents.list(IncidentFilter(limit=1000)))

    def signals(self, incident_id: UUID) -> list[Signal]:
        with self.units(self.integration.tenant_id) as unit:
            return list(unit.signals.of_incident(incident_id))


def delivery(number: int, event: str | None = None, **more: str) -> Delivery:
    """An alert of a series of its own per `number`, about a service and in words that nothing else is about."""
    now = SystemClock().now()
    word = "".join(chr(ord("a") + int(digit)) * 3 for digit in str(number))
    body = {
        "title": word,
        "service": word,
        "dedup_key": f"series-{number}",
        "occurred_at": (now - timedelta(seconds=1)).isoformat(),
        **({"id": event} if event else {}),
        **more,
    }
    return Delivery(body=json.dumps(body).encode(), received_at=now)


@pytest.fixture
def door(units: DjangoUnitOfWorkFactory, tenant: Tenant) -> Door:
    return Door.of(units, tenant)


def test_equal_signals_at_once_make_one_original_and_one_incident(door: Door) -> None:
    for receipts in door.send_in_rounds(lambda number, _: delivery(number, event=str(new_id()))):
        (opened,) = [incident for receipt in receipts for incident in receipt.opened]
        signals = door.signals(opened)
        (original,) = [signal for signal in signals if not signal.is_duplicate]
        assert len(signals) == SENDERS
        assert {signal.original_id for signal in signals if signal.is_duplicate} == {original.id}
        assert sorted(signal.ordinal for signal in signals) == list(range(1, SENDERS + 1))
        assert sum(receipt.duplicates for receipt in receipts) == SENDERS - 1
    assert len(door.incidents()) == ROUNDS


def test_equal_deliveries_at_once_count_once(door: Door) -> None:
    same = [attrs.evolve(delivery(number), headers={"webhook-id": f"delivery-{number}"}) for number in range(ROUNDS)]
    for receipts in door.send_in_rounds(lambda number, _: same[number]):
        assert sorted(receipt.redelivered for receipt in receipts) == [False] + [True] * (SENDERS - 1)
        assert {(receipt.delivery_id, receipt.accepted) for receipt in receipts} == {(receipts[0].delivery_id, 1)}
    assert len(door.incidents()) == ROUNDS


def test_repeats_at_once_leave_one_row(door: Door) -> None:
    for receipts in door.send_in_rounds(lambda number, _: delivery(number, occurred_at="2026-01-01T00:00:00Z")):
        assert sum(receipt.accepted for receipt in receipts) == 1
        assert sum(receipt.repeats for receipt in receipts) == SENDERS - 1
    assert len(door.incidents()) == ROUNDS


def test_different_series_of_one_service_at_once_come_into_one_incident(door: Door) -> None:
    for receipts in door.send_in_rounds(lambda number, sender: delivery(number, dedup_key=f"series-{number}-{sender}")):
        (opened,) = [incident for receipt in receipts for incident in receipt.opened]
        assert {incident for receipt in receipts for incident in receipt.incidents} == {opened}
        assert len(door.signals(opened)) == SENDERS
