"""Polling: whose turn it is, what comes of it, and how it fails."""

from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest

from sre_copilot.application.use_cases.poll_integration import HELD, Polled
from sre_copilot.domain.deliveries import DeliveryStatus, Parsed, Pulled, QuarantineReason, Verdict
from sre_copilot.domain.errors import MalformedDelivery, OutgoingFailed, UnreadableDelivery
from sre_copilot.domain.integrations import SYNC_INTERVAL, Feature, Health, Integration, SyncStatus
from sre_copilot.testing.builders import make_integration, make_tenant
from sre_copilot.testing.faults import Fault, TappedUnits
from sre_copilot.testing.stage import Stage, alert, stage

TENANT = make_tenant()


@pytest.fixture
def here() -> Stage:
    puller = make_integration(TENANT.id, name="puller", features=frozenset({Feature.PULL}))
    return stage(tenant=TENANT, integration=puller)


def poll(here: Stage) -> Polled | None:
    return here.copilot.poll(tenant_id=here.tenant.id, integration_id=here.integration.id)


def stored(here: Stage) -> Integration:
    return here.tables.integrations[here.integration.id]


def next_at(here: Stage) -> datetime:
    return here.tables.polls[here.integration.id]


def brings(here: Stage, *drafts: Any, cursor: Any = None, **said: Any) -> Pulled:
    delivery = here.script.delivery(Parsed(drafts=drafts), received_at=here.clock.now())
    return Pulled(deliveries=(delivery,), cursor=cursor or {}, **said)


def test_what_came_is_taken_in_as_pulled_and_the_cursor_moves_on(here: Stage) -> None:
    here.source.answers = [brings(here, alert(), cursor={"since": 7})]
    polled = poll(here)
    assert polled is not None
    assert len(polled.opened) == 1
    (record,) = here.tables.deliveries.values()
    assert (record.verdict, record.status) == (Verdict.PULLED, DeliveryStatus.ACCEPTED)
    assert stored(here).cursor == {"since": 7}
    assert stored(here).health == Health(last_sync_at=here.clock.now(), last_sync_status=SyncStatus.SUCCESS)
    assert {row.incident_id for row in here.tables.snapshots.values()} == set(polled.opened)
    here.clock.advance(timedelta(minutes=1))
    poll(here)
    assert here.source.asked == [{}, {"since": 7}]


def test_the_next_one_is_due_about_an_interval_later(here: Stage) -> None:
    now = here.clock.now()
    poll(here)
    assert 0.9 * SYNC_INTERVAL <= next_at(here) - now <= 1.1 * SYNC_INTERVAL


def test_where_there_is_more_the_next_one_is_due_at_once(here: Stage) -> None:
    here.source.answers = [Pulled(is_more=True)]
    poll(here)
    assert next_at(here) == here.clock.now()


def test_before_its_time_nobody_polls(here: Stage) -> None:
    poll(here)
    assert poll(here) is None
    assert len(here.source.asked) == 1


def test_a_poll_that_somebody_else_holds_is_theirs_until_they_must_be_dead(here: Stage) -> None:
    with here.units(here.tenant.id) as uow:
        assert uow.integrations.begin_poll(here.integration.id, now=here.clock.now(), until=here.clock.now() + HELD)
        uow.commit()
    assert poll(here) is None
    here.clock.advance(HELD)
    assert poll(here) is not None


def test_failures_are_counted_make_it_unhealthy_and_the_next_poll_wait_longer(here: Stage) -> None:
    here.source.answers = [OutgoingFailed("The server 'vendor.example' did not answer in time.")]
    waits = []
    for _ in range(6):
        polled = poll(here)
        assert polled is not None
        assert "did not answer" in polled.problem
        waits.append((next_at(here) - here.clock.now()) / SYNC_INTERVAL)
        here.clock.advance(next_at(here) - here.clock.now())
    assert [round(wait / 2**power) for power, wait in enumerate(waits, 1)] == [1] * 6
    health = stored(here).health
    assert (health.is_healthy, health.consecutive_failures, health.last_sync_status) == (False, 6, SyncStatus.FAILED)
    assert not health.is_suspended
    here.source.answers = [Pulled()]
    poll(here)
    assert (stored(here).health.is_healthy, stored(here).health.consecutive_failures) == (True, 0)


def test_a_failure_keeps_the_cursor(here: Stage) -> None:
    here.source.answers = [Pulled(cursor={"since": 7}), OutgoingFailed()]
    poll(here)
    here.clock.advance(timedelta(minutes=1))
    poll(here)
    assert stored(here).cursor == {"since": 7}


@pytest.mark.parametrize(
    ("error", "reason"),
    [(UnreadableDelivery(), QuarantineReason.UNREADABLE), (MalformedDelivery(), QuarantineReason.MALFORMED)],
)
def test_what_was_fetched_and_can_not_be_read_is_kept(here: Stage, error: Any, reason: QuarantineReason) -> None:
    delivery = here.script.delivery(error, received_at=here.clock.now())
    here.source.answers = [Pulled(deliveries=(delivery,), cursor={"since": 7})]
    poll(here)
    (record,) = here.tables.deliveries.values()
    assert (record.status, record.quarantine_reason) == (DeliveryStatus.QUARANTINED, reason)
    assert stored(here).cursor == {"since": 7}
    assert stored(here).health.consecutive_failures == 1


def test_a_disabled_integration_is_not_polled(here: Stage) -> None:
    with here.units(here.tenant.id) as uow:
        uow.integrations.save(make_integration(here.tenant.id, id=here.integration.id, is_active=False))
        uow.commit()
    assert poll(here) is None
    assert here.source.asked == []


def test_wherever_a_poll_breaks_off_the_next_one_makes_up_for_it_and_nothing_counts_twice(here: Stage) -> None:
    # Without an id of its own what fires is told by its start, as Prometheus states it.
    start = here.clock.now()
    drafts = (alert(occurred_at=start), alert("DiskFull", "billing", occurred_at=start))
    here.source.answers = [brings(here, *drafts)]
    beginning, watch = here.tables.copy(), Fault()

    def attempt(fault: Fault) -> None:
        polling = attrs.evolve(here.copilot.poll_integration, units=TappedUnits(here.units, fault))
        polling(actor=here.system, integration_id=here.integration.id)

    attempt(watch)
    for number in range(1, len(watch.calls) + 1):
        here.units.database.tables[here.tenant.id] = beginning.copy()
        with pytest.raises(OSError):
            attempt(Fault(at=number))
        here.clock.advance(HELD)
        attempt(Fault())
        assert (len(here.tables.signals), len(here.tables.incidents)) == (2, 2), watch.calls[number - 1]
        assert {signal.is_duplicate for signal in here.tables.signals.values()} == {False}
