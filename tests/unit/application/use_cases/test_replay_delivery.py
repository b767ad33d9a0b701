"""Quarantine: what is kept aside holds its vendor's id, and a replay takes the place of the first parse."""

from datetime import timedelta

import pytest

from sre_copilot.domain.actors import Role
from sre_copilot.domain.deliveries import DeliveryStatus, Parsed, QuarantineReason, Receipt, Reply
from sre_copilot.domain.errors import (
    CopilotError,
    IntegrationDisabled,
    MalformedDelivery,
    NotQuarantined,
    PluginFailed,
    UnreadableDelivery,
)
from sre_copilot.domain.integrations import UNHEALTHY_AFTER
from sre_copilot.testing.outgoing import ScriptedOutgoing
from sre_copilot.testing.stage import Stage, alert, stage

BODY = b'{"title": 5}'


def unreadable(vendor_id: str | None = "d-1") -> UnreadableDelivery:
    error = UnreadableDelivery("title must be a string.")
    error.vendor_id = vendor_id
    return error


def broken() -> PluginFailed:
    return PluginFailed("The integration plugin generic failed: it raised ValueError.")


def hand_in(here: Stage, answer: Parsed | CopilotError, body: bytes = BODY) -> Receipt:
    delivery = here.script.delivery(answer, received_at=here.clock.now(), body=body)
    return here.copilot.ingest(actor=here.sender, integration_id=here.integration.id, delivery=delivery)


def mend(here: Stage, answer: Parsed | CopilotError, body: bytes = BODY) -> None:
    """From now on these bytes read as this."""
    here.script.answers[body] = answer


def replay(here: Stage, receipt: Receipt) -> Receipt:
    return here.copilot.replay(actor=here.engineer, delivery_id=receipt.delivery_id)


def test_a_mended_delivery_is_taken_in_as_of_its_own_time_under_its_own_id() -> None:
    here = stage()
    received_at = here.clock.now()
    kept = hand_in(here, unreadable())
    mend(here, Parsed(drafts=(alert(),), vendor_id="d-1"))
    now = here.clock.advance(timedelta(hours=2))
    receipt = replay(here, kept)
    assert (receipt.delivery_id, receipt.accepted, receipt.quarantined) == (kept.delivery_id, 1, False)
    (record,) = here.tables.deliveries.values()
    assert (record.status, record.quarantine_reason, record.replayed_at) == (DeliveryStatus.ACCEPTED, None, now)
    (signal,) = here.tables.signals.values()
    assert (signal.received_at, signal.delivery_id) == (received_at, kept.delivery_id)


def test_the_same_body_again_is_a_redelivery_before_and_after_the_replay() -> None:
    here = stage()
    kept = hand_in(here, unreadable())
    again = hand_in(here, unreadable())
    assert (again.delivery_id, again.redelivered, again.quarantined) == (kept.delivery_id, True, True)
    mend(here, Parsed(drafts=(alert(),), vendor_id="d-1"))
    replay(here, kept)
    after = hand_in(here, Parsed(drafts=(alert(),), vendor_id="d-1"))
    assert (after.delivery_id, after.redelivered, after.accepted) == (kept.delivery_id, True, 1)
    assert len(here.tables.deliveries) == len(here.tables.signals) == 1


def test_a_body_that_became_readable_without_a_replay_stays_where_it_is_held() -> None:
    here = stage()
    kept = hand_in(here, unreadable())
    again = hand_in(here, Parsed(drafts=(alert(),), vendor_id="d-1"))
    assert (again.delivery_id, again.redelivered, again.quarantined) == (kept.delivery_id, True, True)
    assert not here.tables.signals


def test_another_body_under_the_held_id_is_quarantined_as_a_reused_id() -> None:
    here = stage()
    hand_in(here, unreadable())
    other = hand_in(here, Parsed(drafts=(alert(),), vendor_id="d-1"), body=b"other")
    third = hand_in(here, unreadable(), body=b"third")
    reasons = {id_: record.quarantine_reason for id_, record in here.tables.deliveries.items()}
    assert reasons[other.delivery_id] is reasons[third.delivery_id] is QuarantineReason.ID_REUSED


def test_what_still_can_not_be_read_stays_with_its_new_problem() -> None:
    here = stage()
    kept = hand_in(here, unreadable())
    mend(here, broken())
    receipt = replay(here, kept)
    assert (receipt.quarantined, receipt.delivery_id) == (True, kept.delivery_id)
    (record,) = here.tables.deliveries.values()
    assert (record.quarantine_reason, record.vendor_id) == (QuarantineReason.PLUGIN_FAILED, "d-1")
    mend(here, Parsed(drafts=(alert(),), vendor_id="d-1"))
    assert replay(here, kept).accepted == 1


def test_what_was_taken_in_is_not_replayed() -> None:
    here = stage()
    kept = hand_in(here, unreadable(None))
    mend(here, Parsed(drafts=(alert(),)))
    replay(here, kept)
    before = here.tables.copy()
    with pytest.raises(NotQuarantined):
        replay(here, kept)
    assert here.tables == before


def test_a_replay_that_opens_an_incident_keeps_what_was_known_of_it() -> None:
    here = stage()
    kept = hand_in(here, unreadable())
    mend(here, Parsed(drafts=(alert(),), vendor_id="d-1"))
    (incident,) = replay(here, kept).opened
    assert {row.incident_id for row in here.tables.snapshots.values()} == {incident}


def test_after_five_failures_of_the_plugin_it_is_not_asked_and_nothing_is_lost() -> None:
    here = stage()
    for number in range(UNHEALTHY_AFTER):
        hand_in(here, broken(), body=b"broken %d" % number)
    health = here.tables.integrations[here.integration.id].health
    assert (health.is_healthy, health.is_suspended, health.consecutive_failures) == (False, True, UNHEALTHY_AFTER)
    kept = hand_in(here, Parsed(drafts=(alert(),)), body=b"readable")
    assert kept.quarantined
    assert "enable the integration again" in kept.problem
    assert here.tables.integrations[here.integration.id].health == health
    admin = here.person(Role.ADMIN)
    here.copilot.configure_integration(actor=admin, integration_id=here.integration.id, is_active=True)
    assert replay(here, kept).accepted == 1


def test_health_follows_deliveries_and_a_good_one_ends_what_was_wrong() -> None:
    here = stage()
    hand_in(here, unreadable(None))
    sick = here.tables.integrations[here.integration.id].health
    assert (sick.consecutive_failures, sick.last_error) == (1, "title must be a string.")
    here.send(alert())
    well = here.tables.integrations[here.integration.id].health
    assert (well.consecutive_failures, well.last_error, well.last_sync_at) == (0, "", here.clock.now())


def test_a_healthy_integration_is_noted_every_ten_seconds_only() -> None:
    here = stage()
    first = here.clock.now()
    here.send(alert())
    here.clock.advance(timedelta(seconds=9))
    here.send(alert("DiskFull"))
    assert here.tables.integrations[here.integration.id].health.last_sync_at == first
    now = here.clock.advance(timedelta(seconds=1))
    here.send(alert("CpuHigh"))
    assert here.tables.integrations[here.integration.id].health.last_sync_at == now


def test_a_vendors_address_is_visited_after_the_delivery_is_durable_and_a_failure_changes_nothing() -> None:
    here = stage()
    receipt = here.send(visits=("https://vendor.example/confirm",))
    assert not receipt.quarantined
    (request,) = here.copilot.ingest_delivery.outgoing.requests  # type: ignore[attr-defined]
    assert request.url == "https://vendor.example/confirm"


def test_what_a_vendor_must_be_answered_comes_with_the_receipt() -> None:
    here = stage()
    reply = Reply(body='{"challenge": "x"}')
    assert here.send(reply=reply).reply == reply


def test_a_visit_that_fails_is_no_reason_to_refuse_the_delivery() -> None:
    here = stage(outgoing=ScriptedOutgoing())
    assert here.send(alert(), visits=("https://nobody.example/confirm",)).accepted == 1


def test_bytes_that_became_malformed_stay_in_quarantine() -> None:
    here = stage()
    kept = hand_in(here, unreadable())
    mend(here, MalformedDelivery("The body is not JSON."))
    assert replay(here, kept).quarantined


def test_a_disabled_integration_takes_nothing_in_whoever_brings_it() -> None:
    here = stage()
    here.copilot.configure_integration(
        actor=here.person(Role.ADMIN), integration_id=here.integration.id, is_active=False
    )
    with pytest.raises(IntegrationDisabled):
        here.send(alert())
