"""Ingesting a delivery: counts, repeats and redeliveries, quarantine, refusals."""

from datetime import timedelta

import attrs
import pytest

from sre_copilot.application.ports.intake import Arrived
from sre_copilot.domain.actors import Role
from sre_copilot.domain.decisions import CorrelationOutcome, Decision
from sre_copilot.domain.deliveries import (
    CLOCK_SKEW,
    Delivery,
    DeliveryStatus,
    Parsed,
    QuarantineReason,
    Receipt,
)
from sre_copilot.domain.errors import (
    MalformedDelivery,
    NotFound,
    PluginFailed,
    TenantBusy,
    TenantInactive,
    UnknownIntegrationType,
    UnreadableDelivery,
)
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Severity, SignalDraft
from sre_copilot.domain.tenants import Tenant
from sre_copilot.testing.builders import make_integration, make_tenant
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import alert, deploy, recovery, stage


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def test_a_first_alert_is_stored_and_opens_an_incident() -> None:
    here = stage()
    receipt = here.send(alert(severity=Severity.HIGH, title="Checkout is slow"))
    assert (receipt.accepted, receipt.duplicates, receipt.repeats, receipt.resolved) == (1, 0, 0, 0)
    assert receipt.incidents == receipt.opened
    (incident,) = here.tables.incidents.values()
    assert (incident.id, incident.title, incident.service) == (receipt.opened[0], "Checkout is slow", "checkout")
    assert (incident.severity, incident.detected_at, incident.created_at) == (Severity.HIGH, BEGINNING, BEGINNING)
    (signal,) = here.tables.signals.values()
    assert (signal.decision, signal.incident_id, signal.delivery_id) == (
        Decision.NEW_EPISODE,
        incident.id,
        receipt.delivery_id,
    )


def test_another_firing_of_an_open_episode_is_a_duplicate_row() -> None:
    here = stage()
    first = here.send(alert())
    second = here.send(alert(), at=BEGINNING + minutes(3))
    assert (second.accepted, second.duplicates, second.incidents, second.opened) == (1, 1, first.incidents, ())
    original, duplicate = here.tables.signals.values()
    assert duplicate.is_duplicate
    assert duplicate.original_id == original.id
    assert [signal.ordinal for signal in (original, duplicate)] == [1, 2]


def test_the_same_start_again_is_a_repeat_that_only_moves_the_last_sighting() -> None:
    here = stage()
    receipt_of_first = here.send(alert(occurred_at=BEGINNING))
    receipt = here.send(alert(occurred_at=BEGINNING, title="in other words"), at=BEGINNING + minutes(4))
    assert (receipt.accepted, receipt.repeats) == (0, 1)
    assert len(here.tables.signals) == 1
    with here.units(here.tenant.id) as uow:
        (episode,) = uow.signals.episodes_of(receipt_of_first.incidents[0])
    assert episode.last_seen_at == BEGINNING + minutes(4)


def test_a_repeat_inside_one_delivery_counts_too() -> None:
    receipt = stage().send(alert(), alert())
    assert (receipt.accepted, receipt.repeats) == (1, 1)


def test_a_resolve_ends_the_episode_and_counts_as_resolved() -> None:
    here = stage()
    opened = here.send(alert()).opened
    receipt = here.send(recovery(), at=BEGINNING + minutes(10))
    assert (receipt.accepted, receipt.resolved, receipt.incidents) == (1, 1, opened)
    (episode,) = here.tables.episodes.values()
    assert episode.ended_at == BEGINNING + minutes(10)
    assert here.tables.incidents[opened[0]].settle_at == BEGINNING + minutes(15)


def test_a_resolve_that_matches_nothing_is_recorded_and_opens_nothing() -> None:
    here = stage()
    receipt = here.send(recovery())
    assert (receipt.accepted, receipt.resolved, receipt.incidents) == (1, 1, ())
    (signal,) = here.tables.signals.values()
    assert signal.decision is Decision.ORPHAN_RESOLVE
    assert not here.tables.episodes


def test_an_episode_that_arrives_already_ended_opens_an_incident_that_waits_to_settle() -> None:
    here = stage()
    receipt = here.send(
        recovery(occurred_at=BEGINNING), alert(occurred_at=BEGINNING - minutes(5)), at=BEGINNING + minutes(1)
    )
    incident = here.tables.incidents[receipt.opened[0]]
    assert incident.detected_at == BEGINNING - minutes(5)
    assert incident.settle_at == BEGINNING + minutes(6)


def test_the_same_vendor_id_with_the_same_body_is_a_redelivery_with_the_first_answer() -> None:
    here = stage()
    first = here.send(alert(), vendor_id="msg-1", body=b"one")
    again = here.send(alert(), vendor_id="msg-1", body=b"one", at=BEGINNING + minutes(2))
    assert again.redelivered
    assert (again.delivery_id, again.accepted, again.incidents) == (first.delivery_id, 1, first.incidents)
    assert (len(here.tables.signals), len(here.tables.deliveries)) == (1, 1)
    (episode,) = here.tables.episodes.values()
    assert episode.last_seen_at == BEGINNING + minutes(2)


def test_the_same_vendor_id_with_another_body_is_quarantined() -> None:
    here = stage()
    here.send(alert(), vendor_id="msg-1", body=b"one")
    receipt = here.send(alert("Other"), vendor_id="msg-1", body=b"two")
    assert receipt.quarantined
    assert "msg-1" in receipt.problem
    record = here.tables.deliveries[receipt.delivery_id]
    assert (record.status, record.quarantine_reason) == (DeliveryStatus.QUARANTINED, QuarantineReason.ID_REUSED)
    assert len(here.tables.signals) == 1


@pytest.mark.parametrize(
    "changed",
    [
        alert(vendor_id="event-1", raw={"other": "words"}),
        alert("Other", vendor_id="event-1", identity={"alertname": "Other"}),
    ],
    ids=["other words", "another series"],
)
def test_an_event_id_that_comes_with_other_content_is_quarantined_and_nothing_of_it_remains(
    changed: SignalDraft,
) -> None:
    here = stage()
    here.send(alert(vendor_id="event-1"))
    receipt = here.send(alert("New"), changed)
    assert receipt.quarantined
    assert "event-1" in receipt.problem
    assert len(here.tables.signals) == 1


def test_a_known_event_id_is_a_redelivery_whatever_else_the_delivery_says() -> None:
    here = stage()
    here.send(alert(vendor_id="event-1"))
    receipt = here.send(alert(vendor_id="event-1"), alert(vendor_id="event-2", occurred_at=BEGINNING))
    assert (receipt.accepted, receipt.repeats, receipt.duplicates) == (1, 1, 1)
    assert not receipt.redelivered


def test_what_a_plugin_cannot_read_is_kept_in_quarantine() -> None:
    here = stage()
    delivery = here.script.delivery(UnreadableDelivery("no alerts in it"), received_at=BEGINNING)
    receipt = here.copilot.ingest(actor=here.sender, integration_id=here.integration.id, delivery=delivery)
    record = here.tables.deliveries[receipt.delivery_id]
    assert (receipt.quarantined, receipt.problem) == (True, "no alerts in it")
    assert (record.quarantine_reason, record.delivery.body) == (QuarantineReason.UNREADABLE, delivery.body)


def test_what_a_plugin_fails_on_is_kept_in_quarantine() -> None:
    here = stage()
    delivery = here.script.delivery(PluginFailed("it broke"), received_at=BEGINNING)
    receipt = here.copilot.ingest(actor=here.sender, integration_id=here.integration.id, delivery=delivery)
    record = here.tables.deliveries[receipt.delivery_id]
    assert record.quarantine_reason is QuarantineReason.PLUGIN_FAILED


@pytest.mark.parametrize("error", [MalformedDelivery(), UnknownIntegrationType()])
def test_what_is_not_readable_at_all_is_refused_and_not_stored(
    error: MalformedDelivery | UnknownIntegrationType,
) -> None:
    here = stage()
    delivery = here.script.delivery(error, received_at=BEGINNING)
    with pytest.raises(type(error)):
        here.copilot.ingest(actor=here.sender, integration_id=here.integration.id, delivery=delivery)
    assert not here.tables.deliveries


@pytest.mark.parametrize(
    "tenant", [make_tenant(is_active=False), make_tenant(trial_ends_at=BEGINNING)], ids=["inactive", "trial ended"]
)
def test_an_inactive_tenant_takes_nothing_in(tenant: Tenant) -> None:
    here = stage(tenant=tenant)
    with pytest.raises(TenantInactive):
        here.send(alert())
    assert not here.tables.deliveries


def test_an_unknown_integration_is_not_found() -> None:
    here = stage()
    with pytest.raises(NotFound):
        here.copilot.ingest(
            actor=here.system, integration_id=here.tenant.id, delivery=Delivery(body=b"", received_at=BEGINNING)
        )


def test_a_heartbeat_is_recorded_but_never_correlated() -> None:
    here = stage()
    receipt = here.send(alert("Watchdog", is_heartbeat=True, severity=Severity.INFO))
    assert (receipt.accepted, receipt.incidents) == (1, ())
    (signal,) = here.tables.signals.values()
    assert signal.decision is Decision.HEARTBEAT
    assert not here.tables.decisions


def test_an_info_signal_alone_opens_nothing() -> None:
    here = stage()
    receipt = here.send(alert(severity=Severity.INFO))
    assert (receipt.accepted, receipt.incidents) == (1, ())
    (decision,) = here.tables.decisions.values()
    assert decision.decision.outcome is CorrelationOutcome.CONTEXT_ONLY


def test_an_info_signal_joins_an_incident_that_fits() -> None:
    here = stage()
    opened = here.send(alert()).opened
    receipt = here.send(alert("PodRestarted", severity=Severity.INFO))
    assert (receipt.incidents, receipt.opened) == (opened, ())


def test_a_change_is_context_and_opens_nothing() -> None:
    here = stage()
    receipt = here.send(deploy())
    assert (receipt.accepted, receipt.incidents) == (1, ())
    (signal,) = here.tables.signals.values()
    assert signal.decision is Decision.CHANGE


def test_a_start_far_in_the_future_is_stored_as_of_the_receipt_and_keeps_the_vendors_own_time() -> None:
    here = stage()
    ahead = BEGINNING + CLOCK_SKEW + timedelta(seconds=1)
    here.send(alert(occurred_at=ahead))
    (signal,) = here.tables.signals.values()
    assert (signal.timestamp, signal.occurred_at) == (BEGINNING, ahead)
    (incident,) = here.tables.incidents.values()
    assert incident.detected_at == BEGINNING


def test_a_start_a_little_ahead_is_believed() -> None:
    here = stage()
    here.send(alert(occurred_at=BEGINNING + CLOCK_SKEW))
    (signal,) = here.tables.signals.values()
    assert signal.timestamp == BEGINNING + CLOCK_SKEW


def test_services_are_remembered_and_those_beyond_the_plan_are_flagged() -> None:
    here = stage(tenant=make_tenant(max_services=1))
    here.send(alert(service="b"), alert(service="a"), alert(service=UNKNOWN_SERVICE))
    with here.units(here.tenant.id) as uow:
        assert uow.services.over_limit() == ("b",)


def test_an_empty_delivery_is_accepted_with_nothing_in_it() -> None:
    here = stage()
    receipt = here.send(assigned_key="told-to-the-sender")
    assert (receipt.accepted, receipt.incidents, receipt.assigned_key) == (0, (), "told-to-the-sender")
    assert here.tables.deliveries[receipt.delivery_id].status is DeliveryStatus.ACCEPTED


def test_an_administrator_may_hand_in_a_delivery() -> None:
    here = stage()
    delivery = here.script.delivery(Parsed(drafts=(alert(),)), received_at=BEGINNING)
    receipt = here.copilot.ingest(actor=here.person(Role.ADMIN), integration_id=here.integration.id, delivery=delivery)
    assert receipt.accepted == 1


@attrs.frozen
class FullIntake:
    """One that has no room."""

    def take_in(self, arrived: Arrived) -> Receipt:
        raise TenantBusy


@pytest.mark.parametrize(("kind", "is_heeded"), [("generic", True), ("prometheus", False)])
def test_a_sender_is_told_to_slow_down_only_where_it_heeds_that(kind: str, is_heeded: bool) -> None:
    here = stage(integration=make_integration(make_tenant().id, type=kind))
    full = attrs.evolve(here.copilot.ingest_delivery, intake=FullIntake())
    with pytest.raises(TenantBusy, match="nothing was stored") as told:
        attrs.evolve(here, copilot=attrs.evolve(here.copilot, ingest_delivery=full)).send(alert())
    assert told.value.is_heeded is is_heeded
    assert not here.tables.deliveries
