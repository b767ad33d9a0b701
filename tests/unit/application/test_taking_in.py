"""Taking deliveries in together: each fares as if it had come by itself."""

import pytest

from sre_copilot.application.retrying import ATTEMPTS
from sre_copilot.application.taking_in import TakeIn
from sre_copilot.domain.decisions import Decision
from sre_copilot.domain.deliveries import DeliveryStatus, QuarantineReason, Receipt
from sre_copilot.domain.errors import (
    CopilotError,
    DatabaseUnavailable,
    IntegrationChanged,
    PluginFailed,
    UnreadableDelivery,
    WriteConflict,
)
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import alert, recovery
from tests.unit.application.hatch import SECOND, Failing, Hatch


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    ("fails", "reason"),
    [(UnreadableDelivery(), QuarantineReason.UNREADABLE), (PluginFailed(), QuarantineReason.PLUGIN_FAILED)],
)
def test_one_that_cannot_be_read_goes_to_quarantine_alone(
    place: int, fails: CopilotError, reason: QuarantineReason
) -> None:
    hatch = Hatch()
    batch = [hatch.arrived(alert("DiskFull")), hatch.arrived(alert("QueueGrows"))]
    batch.insert(place, hatch.arrived(fails=fails))
    receipts = hatch.receipts(*batch)
    assert [receipt.quarantined for receipt in receipts] == [number == place for number in range(3)]
    assert sum(receipt.accepted for receipt in receipts) == 2
    aside = hatch.here.tables.deliveries[receipts[place].delivery_id]
    assert (aside.status, aside.quarantine_reason) == (DeliveryStatus.QUARANTINED, reason)
    assert len(hatch.here.tables.deliveries) == 3


def test_one_whose_event_id_is_known_with_other_content_goes_to_quarantine_alone() -> None:
    hatch = Hatch()
    hatch.receipts(hatch.arrived(alert("DiskFull", vendor_id="7")))
    first, reused, last = hatch.receipts(
        hatch.arrived(alert("QueueGrows")),
        hatch.arrived(alert("DiskFull", vendor_id="7", raw={"other": "content"}), alert("LogFull")),
        hatch.arrived(alert("HighLatency")),
    )
    assert (first.accepted, last.accepted, reused.accepted) == (1, 1, 0)
    assert reused.problem == "The id 7 is known with other content."
    aside = hatch.here.tables.deliveries[reused.delivery_id]
    assert aside.quarantine_reason is QuarantineReason.ID_REUSED
    assert len(hatch.here.tables.signals) == 3


def test_one_whose_delivery_id_is_known_with_another_body_goes_to_quarantine_alone() -> None:
    hatch = Hatch()
    receipts = hatch.receipts(
        hatch.arrived(alert("DiskFull"), vendor_id="d", body=b"one"),
        hatch.arrived(alert("QueueGrows"), vendor_id="d", body=b"two"),
        hatch.arrived(alert("HighLatency"), vendor_id="e"),
    )
    assert [(one.accepted, one.quarantined) for one in receipts] == [(1, False), (0, True), (1, False)]
    assert "known with another body" in receipts[1].problem


def test_equal_deliveries_of_one_batch_count_once() -> None:
    hatch = Hatch()
    same = [hatch.arrived(alert(), vendor_id="d", body=b"same", after=number) for number in range(3)]
    first, *again = hatch.receipts(*same)
    assert not first.redelivered
    assert [one.redelivered for one in again] == [True, True]
    assert {one.delivery_id for one in again} == {first.delivery_id}
    assert {(one.accepted, one.incidents) for one in again} == {(1, first.incidents)}
    assert (len(hatch.here.tables.deliveries), len(hatch.here.tables.signals)) == (1, 1)


def test_equal_events_in_two_deliveries_of_one_batch_count_once() -> None:
    hatch = Hatch()
    one, two = alert("DiskFull", vendor_id="7"), alert("QueueGrows", vendor_id="8")
    receipts = hatch.receipts(hatch.arrived(one, two), hatch.arrived(two, after=1), hatch.arrived(two, one, after=2))
    assert [(receipt.accepted, receipt.repeats) for receipt in receipts] == [(2, 0), (0, 1), (0, 2)]
    assert (len(hatch.here.tables.deliveries), len(hatch.here.tables.signals)) == (3, 2)


def test_an_event_id_that_a_batch_brings_with_other_content_is_quarantined_where_it_comes_second() -> None:
    hatch = Hatch()
    receipts = hatch.receipts(
        hatch.arrived(alert("DiskFull", vendor_id="7")), hatch.arrived(alert("QueueGrows", vendor_id="7"))
    )
    assert [(one.accepted, one.quarantined) for one in receipts] == [(1, False), (0, True)]


def test_firsts_and_repeats_of_one_series_count_where_they_came() -> None:
    hatch = Hatch()
    again = alert(occurred_at=BEGINNING)
    receipts = hatch.receipts(
        hatch.arrived(again),
        hatch.arrived(again, after=1),
        hatch.arrived(alert(occurred_at=BEGINNING + 2 * SECOND), again, after=2),
        hatch.arrived(recovery(occurred_at=BEGINNING + 3 * SECOND), after=3),
        hatch.arrived(alert(occurred_at=BEGINNING + 4 * SECOND), after=4),
    )
    counts = [(one.accepted, one.duplicates, one.repeats, one.resolved, len(one.opened)) for one in receipts]
    assert counts == [(1, 0, 0, 0, 1), (0, 0, 1, 0, 0), (1, 1, 1, 0, 0), (1, 0, 0, 1, 0), (1, 0, 0, 0, 0)]
    assert hatch.decisions == [Decision.NEW_EPISODE, Decision.DUPLICATE, Decision.RESOLVED, Decision.NEW_EPISODE]


def test_one_whose_integration_changed_is_refused_and_the_others_are_stored() -> None:
    hatch = Hatch()
    outcomes = hatch.take_in(
        hatch.arrived(alert("DiskFull"), mark=hatch.mark()),
        hatch.arrived(alert("QueueGrows"), mark="of yesterday"),
        hatch.arrived(alert("HighLatency")),
    )
    assert [type(one) for one in outcomes] == [Receipt, IntegrationChanged, Receipt]
    assert {signal.draft.name for signal in hatch.here.tables.signals.values()} == {"DiskFull", "HighLatency"}
    assert len(hatch.here.tables.deliveries) == 2


def test_where_all_are_refused_nothing_is_stored() -> None:
    hatch = Hatch()
    outcomes = hatch.take_in(*(hatch.arrived(alert(), mark="of yesterday") for _ in range(2)))
    assert [type(one) for one in outcomes] == [IntegrationChanged] * 2
    assert "commit" not in hatch.tap.calls


def test_a_batch_that_had_to_give_way_is_taken_in_again() -> None:
    hatch = Hatch(tap=Failing("series.lock", ATTEMPTS - 1, WriteConflict()))
    receipts = hatch.receipts(hatch.arrived(alert("DiskFull")), hatch.arrived(alert("QueueGrows")))
    assert [one.accepted for one in receipts] == [1, 1]
    assert hatch.tap.calls.count("enter") == ATTEMPTS
    assert len(hatch.here.tables.deliveries) == 2


def test_what_always_gives_way_is_taken_in_one_by_one_and_then_refused() -> None:
    conflict = WriteConflict()
    hatch = Hatch(tap=Failing("commit", 100, conflict))
    assert hatch.take_in(*(hatch.arrived(alert()) for _ in range(3))) == [conflict] * 3
    assert not hatch.here.tables.deliveries


def test_without_a_database_everybody_is_told_after_one_attempt() -> None:
    error = DatabaseUnavailable()
    hatch = Hatch(tap=Failing("enter", 100, error))
    told = hatch.take_in(*(hatch.arrived(alert()) for _ in range(4)))
    assert [(type(one), str(one)) for one in told] == [(DatabaseUnavailable, str(error))] * 4
    # Each is raised in a thread of its own, and is marked there with where that was.
    assert len(set(map(id, told))) == 4
    assert hatch.tap.calls == ["enter"]


def test_one_takes_in_one_and_raises_what_refuses_it() -> None:
    hatch = Hatch()
    take_in = TakeIn(units=hatch.here.units, ids=hatch.ids)
    assert take_in.one(hatch.arrived(alert())).accepted == 1
    with pytest.raises(IntegrationChanged):
        take_in.one(hatch.arrived(alert(), mark="of yesterday"))
