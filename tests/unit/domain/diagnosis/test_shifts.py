"""How far a series left its own normal: robust, unit-free, and never infinitely."""

import math
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.diagnosis.shifts import MOST_SPREADS, Shift, measure, normal, strength
from sre_copilot.domain.diagnosis.windows import incident_window
from sre_copilot.domain.snapshots import MetricKind, MetricSeries
from sre_copilot.testing.snapshots import (
    QUIET_SAMPLES,
    SAMPLES,
    START,
    STEP,
    make_context,
    make_series,
    make_values,
)

WINDOW = incident_window(make_context())


def shift_of(values: Any, **given_: Any) -> Shift:
    found = measure(make_series("shop", values, **given_), WINDOW)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("spreads", "tail", "expected"),
    [(-5.0, 0.0, 0.0), (3.0, 0.0, 0.0), (math.nan, 0.0, 0.0), (200.0, 0.0, 1.0), (1e6, 0.0, 1.0), (200.0, 0.5, 0.0)],
)
def test_strength_is_nought_up_to_three_spreads_and_full_from_two_hundred(
    spreads: float, tail: float, expected: float
) -> None:
    assert strength(spreads, tail) == pytest.approx(expected)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.floats(0, 1), st.floats(0, 1))
def test_strength_lies_in_bounds_rises_with_the_score_and_falls_with_the_tail(
    spreads: float, more: float, tail: float, other: float
) -> None:
    rare, common = sorted((tail, other))
    assert 0.0 <= strength(spreads, common) <= strength(spreads, rare) <= 1.0
    assert strength(spreads, rare) <= strength(spreads + more, rare)


def test_the_score_is_the_distance_of_the_medians_in_spreads_of_the_baseline() -> None:
    found = shift_of(make_values(1.0, 3.0, wobble=0.2))
    assert (found.before, found.after) == (1.0, 3.0)
    assert found.spread == pytest.approx(1.4826 * 0.2)
    assert found.spreads == pytest.approx(2.0 / (1.4826 * 0.2))
    assert found.tail == pytest.approx(1 / (QUIET_SAMPLES - 8 + 1))
    assert found.log_ratio == pytest.approx(math.log(3.002 / 1.002))
    assert found.reference == "shop/latency"


def test_an_edge_is_named_by_both_its_ends() -> None:
    assert shift_of(make_values(1.0, 3.0), callee="pay").reference == "shop>pay/latency"


@pytest.mark.parametrize(
    ("given_", "values", "spread"),
    [
        ({}, (1.0, 2.0), 0.05),
        ({}, (0.001, 0.002), 0.002),
        ({"unit": "ms"}, (1.0, 2.0), 2.0),
        ({"kind": MetricKind.AVAILABILITY, "unit": "percent"}, (100.0, 90.0), 0.2),
    ],
)
def test_a_constant_series_has_a_relative_or_an_absolute_floor(
    given_: dict[str, Any], values: tuple[float, float], spread: float
) -> None:
    assert shift_of(make_values(*values), **given_).spread == pytest.approx(spread)


def test_no_change_below_one_request_is_a_change() -> None:
    series = make_series("shop", make_values(0.0, 0.5), kind=MetricKind.ERROR_RATE, unit="ratio")
    coarse, fine = measure(series, WINDOW, 0.5), measure(series, WINDOW)
    assert coarse is not None
    assert fine is not None
    assert (coarse.spreads, coarse.strength) == (1.0, 0.0)
    assert fine.strength > 0.9


@pytest.mark.parametrize(
    ("kind", "unit", "before", "after", "worse"),
    [
        (MetricKind.LATENCY, "s", 1.0, 2.0, True),
        (MetricKind.LATENCY, "s", 2.0, 1.0, False),
        (MetricKind.AVAILABILITY, "ratio", 1.0, 0.5, True),
        (MetricKind.AVAILABILITY, "ratio", 0.5, 1.0, False),
        (MetricKind.TRAFFIC, "requests/s", 10.0, 1.0, True),
        (MetricKind.TRAFFIC, "requests/s", 1.0, 10.0, True),
    ],
)
def test_spreads_are_positive_towards_worse_and_always_where_either_way_is_unusual(
    kind: MetricKind, unit: str, before: float, after: float, worse: bool
) -> None:
    found = shift_of(make_values(before, after), kind=kind, unit=unit)
    assert (found.spreads > 0) is worse
    assert (found.strength > 0) is worse
    assert (found.onset is not None) is worse


@pytest.mark.parametrize("quiet", [0, 3])
def test_fewer_than_four_samples_of_baseline_are_nothing_to_compare_with(quiet: int) -> None:
    values = [None] * (QUIET_SAMPLES - 8 - quiet) + [1.0] * quiet + [9.0] * 28
    assert normal(make_series("shop", values), WINDOW) is None
    assert measure(make_series("shop", values), WINDOW) is None


def test_four_samples_of_baseline_and_one_of_the_incident_are_enough() -> None:
    values: list[float | None] = [math.nan, 1.0, None, 1.0, 1.0, math.inf, 1.0] + [None] * (SAMPLES - 8) + [9.0]
    assert shift_of(values).after == 9.0
    assert measure(make_series("shop", [*values[:-1], None]), WINDOW) is None


def onset_of(changes: dict[int, float | None]) -> datetime | None:
    values: list[float | None] = [*[1.0] * QUIET_SAMPLES, *[9.0] * (SAMPLES - QUIET_SAMPLES)]
    for index, value in changes.items():
        values[index] = value
    return shift_of(values).onset


@pytest.mark.parametrize(
    ("changes", "index"),
    [
        pytest.param({}, 60, id="the first sample that is out"),
        pytest.param({58: 9.0}, 60, id="a single one before does not count"),
        pytest.param({58: 9.0, 59: None}, 58, id="a hole is not a return to normal"),
        pytest.param({61: 1.0}, 62, id="two in a row"),
        pytest.param(dict.fromkeys(range(52, 60), 9.0), 52, id="from the end of the baseline on"),
        pytest.param(dict.fromkeys(range(49, 60), 9.0), 49, id="traced back into the baseline"),
        pytest.param({**dict.fromkeys(range(47, 60), 9.0), 50: 1.0}, 51, id="and no further than it was out"),
        pytest.param({**dict.fromkeys(range(47, 60), 9.0), 50: None}, 51, id="nor over a hole"),
    ],
)
def test_the_onset_is_the_first_of_two_samples_in_a_row_that_are_far_out(
    changes: dict[int, float | None], index: int
) -> None:
    assert onset_of(changes) == START + index * STEP


def test_a_shift_without_two_samples_in_a_row_has_no_onset() -> None:
    values: list[float | None] = [*[1.0] * QUIET_SAMPLES, *[9.0, 1.0] * ((SAMPLES - QUIET_SAMPLES) // 2)]
    values[-1] = 9.0
    assert shift_of(values).onset is None


numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(
    st.lists(st.none() | numbers, max_size=SAMPLES),
    st.sampled_from(MetricKind),
    st.sampled_from(["s", "ratio", "percent", "bytes", "requests/s", ""]),
)
def test_a_shift_is_finite_and_in_bounds_whatever_the_samples_are(
    values: list[float | None], kind: MetricKind, unit: str
) -> None:
    found = measure(make_series("shop", values, kind=kind, unit=unit), WINDOW)
    if found is not None:
        assert abs(found.spreads) <= MOST_SPREADS
        assert 0 < found.tail <= 1
        assert 0 <= found.strength <= 1
        assert found.onset is None or found.spreads > 3


@given(st.floats(0.01, 10), st.floats(0.01, 10), st.floats(0, 0.5))
def test_seconds_and_milliseconds_tell_the_same(before: float, after: float, wobble: float) -> None:
    values = make_values(before, after, wobble=wobble)
    in_ms = [None if value is None else value * 1000 for value in values]
    one, other = shift_of(values, unit="s"), shift_of(in_ms, unit="ms")
    assert other.spreads == pytest.approx(one.spreads, rel=1e-6, abs=1e-9)


def test_single_spikes_on_both_sides_change_nothing() -> None:
    values = list(make_values(1.0, 3.0, wobble=0.01))
    values[10], values[70] = 1000.0, -1000.0
    spiky, plain = shift_of(values), shift_of(make_values(1.0, 3.0, wobble=0.01))
    assert spiky.spreads == pytest.approx(plain.spreads, rel=0.01)


def test_series_of_one_shape_score_the_same_in_any_size_above_the_floor() -> None:
    def spreads(size: float) -> float:
        series: MetricSeries = make_series("shop", make_values(size, 3 * size, wobble=0.1 * size))
        found = measure(series, WINDOW)
        assert found is not None
        return found.spreads

    assert spreads(1.0) == pytest.approx(spreads(1000.0)) == pytest.approx(spreads(0.5))
