"""Assembling a snapshot: onset, window, hosts, changes, the alarm."""

from datetime import timedelta

from sre_copilot.application.snapshotting import BASELINE, CHANGES_BEFORE, stored_context
from sre_copilot.domain.service_graph import Placement, ServiceGraph
from sre_copilot.domain.snapshots import ContextSnapshot
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import Stage, alert, deploy, recovery, stage

MINUTE = timedelta(minutes=1)


def snapshot_now(here: Stage) -> ContextSnapshot:
    incident_id = next(iter(here.tables.incidents))
    diagnosis, _ = here.copilot.diagnose(actor=here.engineer, incident_id=incident_id)
    return here.tables.snapshots[diagnosis.snapshot_id]


def test_the_onset_is_the_earliest_start_and_that_service_gave_the_alarm() -> None:
    here = stage()
    here.send(alert())
    here.send(alert("CacheMisses", "cache", occurred_at=BEGINNING - 2 * MINUTE, severity=alert().severity))
    here.send(alert("HighErrorRate", occurred_at=BEGINNING - 3 * MINUTE, title=""))
    taken = snapshot_now(here)
    assert (taken.onset, taken.alarm) == (BEGINNING - 3 * MINUTE, "checkout")
    assert taken.window_start == BEGINNING - 3 * MINUTE - BASELINE
    assert "HighErrorRate" in [signal.title for signal in taken.signals]


def test_the_window_reaches_to_now_while_a_signal_fires_and_else_to_the_last_end() -> None:
    here = stage()
    here.send(alert())
    here.clock.advance(10 * MINUTE)
    assert snapshot_now(here).window_end == BEGINNING + 10 * MINUTE
    here.send(recovery(occurred_at=BEGINNING + 4 * MINUTE))
    taken = snapshot_now(here)
    assert taken.window_end == BEGINNING + 4 * MINUTE
    assert taken.signals[0].ended_at == BEGINNING + 4 * MINUTE


def test_an_end_after_the_moment_of_the_snapshot_is_not_known_yet() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.send(recovery(), at=BEGINNING + 9 * MINUTE)
    with here.units(here.tenant.id) as uow:
        context = stored_context(uow, uow.incidents.get(incident_id), BEGINNING + 5 * MINUTE)
    assert context.signals[0].ended_at is None


def test_signals_after_the_moment_of_the_snapshot_are_left_out() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.send(alert("HighErrorRate"), at=BEGINNING + 2 * MINUTE)
    with here.units(here.tenant.id) as uow:
        context = stored_context(uow, uow.incidents.get(incident_id), BEGINNING + MINUTE)
    assert [signal.title for signal in context.signals] == ["HighLatency on checkout"]


def test_hosts_are_named_by_labels_for_hosts_and_by_places_that_something_runs_on() -> None:
    here = stage()
    graph = ServiceGraph(
        services=frozenset({"checkout"}), placements=frozenset({Placement(service="checkout", host="node-1")})
    )
    here.copilot.import_services(actor=here.engineer, graph=graph)
    here.send(alert(labels={"instance": "node-1:9100", "node": "node-9", "pod": "checkout-1", "job": "node-1"}))
    assert snapshot_now(here).signals[0].hosts == ("node-1", "node-9")


def test_changes_of_the_day_before_are_context() -> None:
    here = stage()
    here.send(
        deploy("a", occurred_at=BEGINNING - CHANGES_BEFORE),
        deploy("b", occurred_at=BEGINNING - CHANGES_BEFORE - MINUTE),
    )
    here.send(alert())
    assert [change.service for change in snapshot_now(here).changes] == ["a"]


def test_a_declared_incident_has_its_own_service_as_the_alarm() -> None:
    here = stage()
    here.copilot.declare(actor=here.engineer, title="Checkout fails", service="checkout")
    here.clock.advance(MINUTE)
    taken = snapshot_now(here)
    assert (taken.alarm, taken.signals, taken.window_end) == ("checkout", (), BEGINNING + MINUTE)
