"""Delay that the caller of a call sees and its callee doesn't."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.diagnosis.edges import Gap, Pair, blame, gain, gaps, typical_latency
from sre_copilot.domain.diagnosis.shifts import Shift
from tests.unit.domain.diagnosis.measured import failing, make_readings, make_shift


def call(caller: str, callee: str, rise: float, *, name: str = "latency_p50", **given_: Any) -> Shift:
    return make_shift(caller, 0.1, 0.1 + rise, callee=callee, name=name, **given_)


def found_gaps(*shifts: Shift) -> dict[Pair, float]:
    return {pair: round(gap.seconds, 6) for pair, gap in gaps(make_readings(*shifts))[0].items()}


@pytest.mark.parametrize(
    ("before", "after", "unit", "expected"),
    [(0.1, 0.6, "s", 0.5), (100, 600, "ms", 0.5), (0.6, 0.1, "s", 0.0), (1, 2, "requests", 0.0)],
)
def test_a_latency_gains_the_seconds_by_which_it_rose(before: float, after: float, unit: str, expected: float) -> None:
    assert gain(make_shift("shop", before, after, unit=unit)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["p99", "p50", "Mean_latency"], "Mean_latency"),
        (["p99", "p90", "p95"], "p90"),
        (["p99", "median"], "median"),
        (["max", "p99"], "p99"),
        (["b", "a"], "a"),
        ([], None),
    ],
)
def test_the_mean_speaks_for_all_requests_or_else_the_lowest_percentile(names: list[str], expected: str | None) -> None:
    found = typical_latency([make_shift("shop", name=name) for name in names])
    assert (found.series.name if found else None) == expected


def test_only_latencies_in_units_of_time_that_the_component_serves_are_typical() -> None:
    others = [
        failing("shop", name="mean_errors"),
        make_shift("shop", name="mean_latency", unit="furlongs"),
        make_shift("shop", name="client_mean"),
    ]
    assert typical_latency(others) is None


def test_what_the_callee_does_not_admit_is_the_gap() -> None:
    assert found_gaps(call("shop", "pay", 1.0), make_shift("pay", 0.1, 0.4)) == {("shop", "pay"): 0.7}


def test_the_callees_view_of_the_same_call_counts_before_its_latency_as_a_whole() -> None:
    admitted = call("shop", "pay", 0.1, name="server_latency_p50")
    assert found_gaps(call("shop", "pay", 1.0), admitted, make_shift("pay", 0.1, 1.1)) == {("shop", "pay"): 0.9}


@pytest.mark.parametrize(
    ("seen", "admitted"),
    [
        pytest.param(1.0, 0.6, id="less than half of it is missing"),
        pytest.param(0.0015, 0.0, id="it is less than two milliseconds"),
        pytest.param(0.0, 0.0, id="nothing rose"),
    ],
)
def test_a_small_rest_is_no_gap_but_the_call_is_measured(seen: float, admitted: float) -> None:
    found, measured = gaps(make_readings(call("shop", "pay", seen), make_shift("pay", 0.1, 0.1 + admitted)))
    assert not found
    assert measured == {("shop", "pay")}


def test_a_rise_within_the_normal_is_no_gap() -> None:
    assert found_gaps(call("shop", "pay", 1.0, spreads=2.0)) == {}


def test_calls_that_only_the_callee_measures_or_that_are_no_latencies_say_nothing() -> None:
    shifts = [
        call("shop", "pay", 1.0, name="server_latency"),
        failing("shop", callee="db"),
        make_shift("shop", callee="mail", unit="furlongs"),
    ]
    found, measured = gaps(make_readings(*shifts))
    assert not found
    assert not measured


def test_a_callee_that_says_nothing_admits_nothing() -> None:
    assert found_gaps(call("shop", "pay", 1.0)) == {("shop", "pay"): 1.0}


def blamed(*pairs: tuple[str, str, float], quiet: tuple[Pair, ...] = ()) -> dict[str, tuple[float, Pair]]:
    found = {
        (caller, callee): Gap(caller=caller, callee=callee, shift=call(caller, callee, seconds), seconds=seconds)
        for caller, callee, seconds in pairs
    }
    result = blame(found, [*found, *quiet])
    return {name: (each.value, (each.gap.caller, each.gap.callee)) for name, each in result.items()}


def test_trouble_on_the_way_to_a_component_shows_on_all_calls_to_it() -> None:
    assert blamed(("a", "pay", 1.0), ("b", "pay", 3.0)) == {"pay": (1.0, ("b", "pay"))}


def test_callers_that_see_nothing_halve_the_blame() -> None:
    assert blamed(("a", "pay", 1.0), quiet=(("b", "pay"),)) == {"pay": (0.5, ("a", "pay"))}


def test_trouble_on_the_way_out_shows_on_all_calls_that_a_component_makes() -> None:
    found = blamed(("shop", "pay", 1.0), ("shop", "db", 1.0))
    assert found == {"shop": (1.0, ("shop", "pay")), "pay": (0.5, ("shop", "pay")), "db": (0.5, ("shop", "db"))}


def test_a_caller_of_one_callee_is_not_to_blame_and_one_with_quiet_calls_less() -> None:
    assert set(blamed(("shop", "pay", 1.0))) == {"pay"}
    assert blamed(("shop", "pay", 1.0), quiet=(("shop", "db"),))["shop"] == (0.5, ("shop", "pay"))


def test_of_both_its_sides_the_worse_one_counts() -> None:
    found = blamed(("a", "mid", 1.0), ("mid", "x", 4.0), ("mid", "y", 5.0))
    assert found["mid"] == (0.9, ("mid", "y"))
    assert blamed(("a", "mid", 8.0), ("mid", "x", 1.0), ("mid", "y", 1.0))["mid"] == (0.8, ("a", "mid"))


def test_without_gaps_nobody_is_to_blame() -> None:
    assert blamed(quiet=(("a", "b"),)) == {}


names = st.sampled_from("abcde")


@given(
    st.dictionaries(st.tuples(names, names), st.floats(0.01, 100.0), max_size=8),
    st.lists(st.tuples(names, names), max_size=8),
)
def test_blame_lies_in_bounds_and_falls_on_an_end_of_a_gap(pairs: dict[Pair, float], quiet: list[Pair]) -> None:
    extra = tuple(pair for pair in dict.fromkeys(quiet) if pair not in pairs)
    found = blamed(*((one, other, seconds) for (one, other), seconds in pairs.items()), quiet=extra)
    for name, (value, pair) in found.items():
        assert 0.0 < value <= 1.0
        assert name in pair
        assert pair in pairs
    assert {callee for _, callee in pairs} <= set(found)
