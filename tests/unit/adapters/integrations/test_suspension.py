"""A plugin that fails is asked five times, and no more until somebody enables its integration again; nothing is lost."""

import time
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from sre_copilot.domain.actors import Role
from sre_copilot.domain.deliveries import Delivery, DeliveryStatus, Parsed, QuarantineReason, Receipt
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.signals import SignalDraft
from sre_copilot.testing.builders import make_integration
from sre_copilot.testing.doors import plugin_gateway, plugin_manager
from sre_copilot.testing.stage import Stage, copilot, stage

SECRET = "hunter2"
SIGNAL = Parsed(drafts=(SignalDraft(name="n", service="checkout", vendor_key="k"),))


@attrs.define
class Moody:
    """A plugin that does what the test says, and counts how often it was asked."""

    act: Callable[[], Any]
    asked: int = 0
    type: str = "moody"
    title: str = "Moody"

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        self.asked += 1
        parsed: Parsed = self.act()
        return parsed


def sleeps() -> Parsed:
    time.sleep(30)
    return SIGNAL


def raises() -> Parsed:
    raise ValueError(SECRET)


def leaves() -> Parsed:
    raise SystemExit(SECRET)


def floods() -> Parsed:
    return Parsed(drafts=SIGNAL.drafts * 1_000_000)


def answers() -> Parsed:
    return SIGNAL


def in_turn(*acts: Callable[[], Any]) -> Callable[[], Any]:
    """Do one after the other, and answer from then on."""
    left = iter(acts)

    def act() -> Any:
        return next(left, answers)()

    return act


@attrs.frozen
class Scene:
    """A tenant with an integration of the moody type and a generic one."""

    plugin: Moody
    stage: Stage
    others: Integration

    def send(self, number: int) -> Receipt:
        """Hand in one delivery of its own."""
        delivery = Delivery(body=f'{{"number": {number}}}'.encode(), received_at=self.stage.clock.now())
        return self.stage.copilot.ingest(
            actor=self.stage.sender, integration_id=self.stage.integration.id, delivery=delivery
        )

    @property
    def integration(self) -> Integration:
        """As it is stored now."""
        return self.stage.tables.integrations[self.stage.integration.id]


def scene(act: Callable[[], Any], deadline: float = 20) -> Scene:
    plugin = Moody(act)
    known = stage()
    ours = make_integration(known.tenant.id, type="moody")
    others = make_integration(known.tenant.id)
    with known.units(known.tenant.id) as uow:
        uow.integrations.add(ours)
        uow.integrations.add(others)
        uow.commit()
    gateway = plugin_gateway(plugin_manager(plugin), deadline=deadline)
    made = copilot(units=known.units, clock=known.clock, gateway=gateway)
    return Scene(plugin, attrs.evolve(known, copilot=made, integration=ours), others)


@pytest.mark.parametrize("act", [sleeps, raises, leaves, floods])
def test_after_five_failures_in_a_row_the_plugin_is_asked_no_more_and_everything_is_kept(
    act: Callable[[], Any],
) -> None:
    # Only who sleeps is meant to overrun.
    at = scene(act, deadline=0.2 if act is sleeps else 20)
    receipts = [at.send(number) for number in range(7)]
    assert all(receipt.quarantined for receipt in receipts)
    # Of those that hang only four were let in; the fifth failed at once, and counts as well.
    assert at.plugin.asked == (4 if act is sleeps else 5)
    health = at.integration.health
    assert (health.is_suspended, health.is_healthy, health.plugin_failures) == (True, False, 5)
    assert "moody failed" in health.last_error
    assert SECRET not in health.last_error + "".join(receipt.problem for receipt in receipts)
    kept = at.stage.tables.deliveries.values()
    assert [record.delivery.body for record in kept] == [f'{{"number": {number}}}'.encode() for number in range(7)]
    assert {record.quarantine_reason for record in kept} == {QuarantineReason.PLUGIN_FAILED}


def test_others_go_on_while_a_plugin_fails() -> None:
    at = scene(raises)
    for number in range(6):
        at.send(number)
    body = b'{"title": "Checkout is down", "severity": "critical"}'
    receipt = at.stage.copilot.ingest(
        actor=at.stage.system,
        integration_id=at.others.id,
        delivery=Delivery(body=body, received_at=at.stage.clock.now()),
    )
    assert len(receipt.opened) == 1


def test_four_failures_and_a_success_are_forgotten() -> None:
    at = scene(in_turn(raises, raises, raises, raises, answers, raises))
    for number in range(6):
        at.send(number)
    assert at.integration.health.plugin_failures == 1
    assert not at.integration.health.is_suspended


def test_once_the_integration_is_enabled_again_what_was_kept_is_replayed() -> None:
    at = scene(in_turn(*[raises] * 5))
    for number in range(6):
        at.send(number)
    admin = at.stage.person(Role.ADMIN)
    at.stage.copilot.configure_integration(actor=admin, integration_id=at.integration.id, is_active=True)
    assert not at.integration.health.is_suspended
    for delivery_id in list(at.stage.tables.deliveries):
        assert not at.stage.copilot.replay(actor=admin, delivery_id=delivery_id).quarantined
    assert {record.status for record in at.stage.tables.deliveries.values()} == {DeliveryStatus.ACCEPTED}
    assert len(at.stage.tables.incidents) == 1
