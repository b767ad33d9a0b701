"""What was known at detection: taken once, right after the incident was opened, as of its detection."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import attrs

from sre_copilot.domain.errors import ContextUnavailable
from sre_copilot.domain.snapshots import MetricKind, MetricSeries
from sre_copilot.domain.telemetry import Telemetry
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.diagnoses import FixedMetrics
from sre_copilot.testing.snapshots import make_log, make_notice
from sre_copilot.testing.stage import alert, deploy, stage

METRIC = MetricSeries(
    component="checkout",
    name="latency_p99",
    kind=MetricKind.LATENCY,
    unit="s",
    start=BEGINNING - timedelta(hours=4),
    step_seconds=60.0,
    values=tuple(float(number) for number in range(300)),
)


def test_ingesting_takes_the_snapshot_of_what_it_opened() -> None:
    here = stage(metrics=FixedMetrics((METRIC,)))
    here.send(deploy(occurred_at=BEGINNING - timedelta(hours=1)))
    (incident_id,) = here.send(alert()).opened
    taken = here.tables.snapshots[here.tables.incidents[incident_id].snapshot_id or incident_id]
    assert (taken.as_of, taken.onset, taken.alarm) == (BEGINNING, BEGINNING, "checkout")
    assert [change.service for change in taken.changes] == ["checkout"]
    assert taken.metrics[0].start == BEGINNING - timedelta(hours=3)
    assert len(taken.metrics[0].values) == 181
    assert (taken.missing, taken.telemetry) == ((), None)


def test_without_metrics_the_snapshot_says_so() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    taken = here.copilot.take_detection_snapshot(actor=here.system, incident_id=incident_id)
    assert taken.missing == ("metrics",)


def test_a_metrics_store_that_is_away_costs_the_metrics_and_nothing_else() -> None:
    class Away(FixedMetrics):
        """Can't be asked."""

        def series(self, *, tenant_id: UUID, start: datetime, end: datetime) -> Sequence[MetricSeries]:
            raise ContextUnavailable

    here = stage(metrics=Away())
    receipt = here.send(alert())
    taken = here.tables.snapshots[here.tables.incidents[receipt.opened[0]].snapshot_id or receipt.delivery_id]
    assert (taken.missing, len(taken.signals)) == (("metrics",), 1)


def test_logs_and_traces_are_kept_as_far_as_they_were_known_then() -> None:
    log = attrs.evolve(make_log("shop", 0, 1), start=BEGINNING - timedelta(minutes=2), counts=(0, None, 3))
    notices = (make_notice(at=BEGINNING), make_notice(at=BEGINNING + timedelta(hours=1)))
    here = stage(metrics=FixedMetrics((METRIC,), Telemetry(logs=(log,), notices=notices)))
    (incident_id,) = here.send(alert()).opened
    taken = here.copilot.take_detection_snapshot(actor=here.system, incident_id=incident_id)
    assert taken.telemetry is not None
    assert [row.counts for row in taken.telemetry.logs] == [(0, None)]
    assert taken.telemetry.notices == notices[:1]


def test_a_log_store_that_is_away_is_said() -> None:
    class Away(FixedMetrics):
        """Has metrics and nothing else."""

        def telemetry(self, *, tenant_id: UUID, start: datetime, end: datetime) -> Telemetry | None:
            raise ContextUnavailable

    here = stage(metrics=Away((METRIC,)))
    (incident_id,) = here.send(alert()).opened
    taken = here.copilot.take_detection_snapshot(actor=here.system, incident_id=incident_id)
    assert (taken.missing, taken.telemetry) == (("telemetry",), None)


def test_it_is_taken_only_once() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    first = here.copilot.take_detection_snapshot(actor=here.system, incident_id=incident_id)
    here.clock.advance(timedelta(minutes=10))
    assert here.copilot.take_detection_snapshot(actor=here.system, incident_id=incident_id) == first
    assert len(here.tables.snapshots) == 1
    assert [entry.event_type for entry in here.tables.audit.values()].count("snapshot.taken") == 1


def test_who_comes_second_gets_the_snapshot_of_who_was_first() -> None:
    here = stage()

    class Rival(FixedMetrics):
        """While the one snapshot waits for its metrics, another process takes the same."""

        def series(self, *, tenant_id: UUID, start: datetime, end: datetime) -> Sequence[MetricSeries]:
            first = here.copilot.take_detection_snapshot(actor=here.system, incident_id=declared.id)
            assert here.tables.incidents[declared.id].snapshot_id == first.id
            return ()

    there = stage(units=here.units, metrics=Rival())
    declared = here.copilot.declare(actor=here.engineer, title="Checkout fails", service="checkout")
    second = there.copilot.take_detection_snapshot(actor=here.system, incident_id=declared.id)
    assert second.id == here.tables.incidents[declared.id].snapshot_id
    assert len(here.tables.snapshots) == 1
