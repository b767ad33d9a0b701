"""Kinds and units of metrics: what is worse, what is a share, what is too small to matter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.diagnosis.units import (
    Family,
    absolute_floor,
    direction,
    failed_share,
    family,
    grain,
    outbound,
    relative_base,
    requests_per_sample,
    seconds,
    served,
)
from sre_copilot.domain.snapshots import MetricKind, MetricSeries
from sre_copilot.testing.snapshots import make_series

KINDS = """
latency      symptom   1
availability symptom  -1
error_rate   symptom   1
traffic      traffic   0
cpu          resource  1
memory       resource  1
network      resource  0
disk         resource  0
saturation   symptom   1
other        resource  0
"""


def series(kind: MetricKind, unit: str, step_seconds: float = 15.0) -> MetricSeries:
    return make_series("shop", (), kind=kind, unit=unit, step_seconds=step_seconds)


def test_every_kind_has_its_family_and_its_direction() -> None:
    rows = [line.split() for line in KINDS.strip().splitlines()]
    assert [row[0] for row in rows] == [kind.value for kind in MetricKind]
    for name, group, way in rows:
        assert (family(MetricKind(name)), direction(MetricKind(name))) == (Family(group), int(way))


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("s", 1.0), ("MS", 1e-3), ("us", 1e-6), ("ns", 1e-9), ("minutes", 60.0), ("requests", None), ("", None)],
)
def test_durations_are_known_in_seconds_and_other_units_not(unit: str, expected: float | None) -> None:
    assert seconds(unit) == expected


@pytest.mark.parametrize(
    ("kind", "unit", "floor"),
    [
        (MetricKind.LATENCY, "s", 0.002),
        (MetricKind.LATENCY, "ms", 2.0),
        (MetricKind.LATENCY, "furlongs", 0.002),
        (MetricKind.ERROR_RATE, "ratio", 0.002),
        (MetricKind.ERROR_RATE, "Percent", 0.2),
        (MetricKind.CPU, "", 0.02),
        (MetricKind.CPU, "%", 2.0),
        (MetricKind.OTHER, "share", 0.01),
        (MetricKind.MEMORY, "bytes", 2.0**20),
        (MetricKind.MEMORY, "MiB", 1.0),
        (MetricKind.MEMORY, "mb", 2.0**20 / 1e6),
        (MetricKind.TRAFFIC, "requests/s", 0.1),
        (MetricKind.SATURATION, "jobs", 1.0),
        (MetricKind.AVAILABILITY, "replicas", 0.05),
        (MetricKind.OTHER, "furlongs", 0.5),
    ],
)
def test_the_smallest_spread_worth_believing_depends_on_kind_and_unit(
    kind: MetricKind, unit: str, floor: float
) -> None:
    assert absolute_floor(series(kind, unit)) == pytest.approx(floor)


@pytest.mark.parametrize(
    ("kind", "unit", "value", "share", "base"),
    [
        (MetricKind.ERROR_RATE, "ratio", 0.2, 0.2, 0.2),
        (MetricKind.ERROR_RATE, "percent", 20.0, 0.2, 20.0),
        (MetricKind.ERROR_RATE, "ratio", 1.5, 1.0, 1.5),
        (MetricKind.ERROR_RATE, "ratio", -0.5, 0.0, 0.5),
        (MetricKind.ERROR_RATE, "errors/s", 3.0, None, 3.0),
        (MetricKind.AVAILABILITY, "ratio", 0.9, 0.1, 0.1),
        (MetricKind.AVAILABILITY, "percent", 90.0, 0.1, 10.0),
        (MetricKind.AVAILABILITY, "replicas", 3.0, None, 3.0),
    ],
)
def test_of_an_availability_the_share_that_failed_counts(
    kind: MetricKind, unit: str, value: float, share: float | None, base: float
) -> None:
    assert failed_share(series(kind, unit), value) == (None if share is None else pytest.approx(share))
    assert relative_base(series(kind, unit), value) == pytest.approx(base)


@given(st.floats(0, 1), st.sampled_from(["ratio", "percent"]))
def test_an_availability_fails_by_what_it_lacks(available: float, unit: str) -> None:
    value = available * (100.0 if unit == "percent" else 1.0)
    failed = failed_share(series(MetricKind.AVAILABILITY, unit), value)
    assert failed == pytest.approx(1.0 - available)


@pytest.mark.parametrize(
    ("name", "at_caller", "at_callee"),
    [
        ("http_client_duration", True, False),
        ("rpc.outbound-latency", True, False),
        ("Egress.p99", True, False),
        ("upstream_rq_time", True, False),
        ("server_duration_p99", False, True),
        ("inbound.latency", False, True),
        ("clientele", False, False),
        ("latency_p99", False, False),
    ],
)
def test_the_name_of_a_metric_says_at_which_end_of_a_call_it_is_measured(
    name: str, at_caller: bool, at_callee: bool
) -> None:
    assert (outbound(name), served(name)) == (at_caller, at_callee)


@pytest.mark.parametrize(
    ("unit", "requests"),
    [("count", 1.0), ("Requests", 1.0), ("", 1.0), ("requests/s", 15.0), ("calls per second", 15.0), ("bytes", None)],
)
def test_a_sample_of_traffic_stands_for_requests_where_its_unit_says_how_many(
    unit: str, requests: float | None
) -> None:
    assert requests_per_sample(series(MetricKind.TRAFFIC, unit)) == requests


@pytest.mark.parametrize(
    ("kind", "unit", "requests", "expected"),
    [
        (MetricKind.ERROR_RATE, "ratio", 50.0, 0.02),
        (MetricKind.ERROR_RATE, "percent", 50.0, 2.0),
        (MetricKind.AVAILABILITY, "", 4.0, 0.25),
        (MetricKind.ERROR_RATE, "ratio", 0.0, 1.0),
        (MetricKind.ERROR_RATE, "ratio", None, 0.0),
        (MetricKind.AVAILABILITY, "0 or 1", 50.0, 0.0),
        (MetricKind.ERROR_RATE, "errors/s", 50.0, 0.0),
        (MetricKind.LATENCY, "s", 50.0, 0.0),
    ],
)
def test_a_share_of_failures_moves_by_whole_requests(
    kind: MetricKind, unit: str, requests: float | None, expected: float
) -> None:
    assert grain(series(kind, unit), requests) == expected
