"""Everything measured in a snapshot, and when the alarm was at its worst."""

import math
from datetime import timedelta

import pytest

from sre_copilot.domain.diagnosis.readings import Readings, read, spoken_kinds
from sre_copilot.domain.diagnosis.units import DELAY, FAILURE, SYMPTOMS, Family
from sre_copilot.domain.snapshots import MetricKind, MetricSeries
from sre_copilot.testing.snapshots import (
    END,
    ONSET,
    SAMPLES,
    STEP,
    make_context,
    make_observed_signal,
    make_series,
    make_values,
)
from tests.unit.domain.diagnosis.measured import failing, make_readings, make_shift

HALF = STEP / 2


def read_of(*metrics: MetricSeries, title: str = "") -> Readings:
    return read(make_context(metrics=metrics, signals=(make_observed_signal("shop", title or "shop is odd"),)))


@pytest.mark.parametrize(
    ("titles", "kinds"),
    [
        ([], frozenset()),
        (["disk is full"], frozenset()),
        (["p99 latency"], DELAY),
        (["RequestTimeout"], DELAY),
        (["HighErrorRate"], FAILURE),
        (["pods are down"], FAILURE),
        (["p99 latency", "HighErrorRate"], SYMPTOMS),
    ],
)
def test_titles_speak_of_delays_of_failures_of_both_or_of_neither(
    titles: list[str], kinds: frozenset[MetricKind]
) -> None:
    assert spoken_kinds([make_observed_signal("shop", title) for title in titles]) == kinds


def test_the_alarm_is_its_own_clearest_symptom_of_the_kind_that_is_spoken_of() -> None:
    slow = make_series("shop", make_values(0.1, 0.4))
    errors = make_series("shop", make_values(0.0, 0.9), kind=MetricKind.ERROR_RATE, unit="ratio")
    said = {"shop is slow": "latency", "shop has errors": "error_rate", "shop is odd": "error_rate"}
    for title, name in said.items():
        alarm = read_of(slow, errors, title=title).alarm
        assert alarm is not None
        assert alarm.series.name == name


def test_where_the_kind_that_is_spoken_of_did_not_move_another_symptom_is_the_alarm() -> None:
    errors = make_series("shop", make_values(0.0, 0.9), kind=MetricKind.ERROR_RATE, unit="ratio")
    alarm = read_of(make_series("shop", make_values(0.1, 0.1)), errors, title="shop is slow").alarm
    assert alarm is not None
    assert alarm.series.kind is MetricKind.ERROR_RATE


@pytest.mark.parametrize(
    "series",
    [
        make_series("other", make_values(0.1, 0.9)),
        make_series("shop", make_values(0.1, 0.9), callee="pay"),
        make_series("shop", make_values(0.1, 0.9), kind=MetricKind.CPU, unit="ratio"),
        make_series("shop", make_values(0.1, 0.1)),
        make_series("shop", make_values(0.9, 0.1)),
        make_series("shop", [None] * 60 + [9.0] * 20),
    ],
    ids=["of another", "of a call", "a resource", "unmoved", "better", "without a baseline"],
)
def test_without_a_symptom_of_its_own_that_rose_there_is_no_alarm(series: MetricSeries) -> None:
    found = read_of(series)
    assert found.alarm is None
    assert found.window.spans == ((ONSET, END),)


@pytest.mark.parametrize(
    ("kind", "unit", "before", "after", "focus"),
    [
        (MetricKind.LATENCY, "s", 0.1, 0.9, DELAY),
        (MetricKind.ERROR_RATE, "ratio", 0.0, 0.9, FAILURE),
        (MetricKind.AVAILABILITY, "ratio", 1.0, 0.1, FAILURE),
        (MetricKind.SATURATION, "ratio", 0.1, 0.9, SYMPTOMS),
        (MetricKind.CPU, "ratio", 0.1, 0.9, SYMPTOMS),
    ],
)
def test_where_the_titles_say_nothing_the_focus_is_that_of_the_alarm_or_else_all_symptoms(
    kind: MetricKind, unit: str, before: float, after: float, focus: frozenset[MetricKind]
) -> None:
    assert read_of(make_series("shop", make_values(before, after), kind=kind, unit=unit)).focus == focus


def test_the_incident_is_read_over_the_times_at_which_the_alarm_was_at_its_worst() -> None:
    values = list(make_values(0.1, 0.1))
    for index in (62, 63, 70):
        values[index] = 2.0
    values[66], values[67], values[64] = None, math.nan, 0.15
    found = read_of(make_series("shop", values), make_series("pay", values))
    assert found.window.spans == (
        (ONSET + 2 * STEP - HALF, ONSET + 3 * STEP + HALF),
        (ONSET + 10 * STEP - HALF, ONSET + 10 * STEP + HALF),
    )
    assert [shift.after for shift in found.own["pay"]] == [2.0]


def test_a_symptom_that_shows_as_often_without_an_incident_is_no_alarm() -> None:
    spiky = [9.0 if index % 5 == 0 else 0.1 for index in range(SAMPLES)]
    assert read_of(make_series("shop", spiky)).alarm is None
    worse = [9.0 if index % 5 == 0 or (index > 60 and index % 2) else 0.1 for index in range(SAMPLES)]
    assert read_of(make_series("shop", worse)).alarm is not None


def test_own_series_and_those_of_calls_are_apart_and_in_order_of_their_names() -> None:
    found = read_of(
        make_series("shop", make_values(1.0, 1.0), name="b"),
        make_series("shop", make_values(1.0, 1.0), name="a"),
        make_series("shop", make_values(1.0, 1.0), name="y", callee="pay"),
        make_series("pay", make_values(1.0, 1.0), name="x", callee="db"),
        make_series("pay", [None] * SAMPLES, name="nothing"),
    )
    assert {name: [s.series.name for s in shifts] for name, shifts in found.own.items()} == {"shop": ["a", "b"]}
    assert [edge.reference for edge in found.edges] == ["pay>db/x", "shop>pay/y"]


def test_the_time_that_a_component_waits_for_others_is_no_symptom_of_its_own() -> None:
    waiting = make_series("pay", make_values(0.1, 0.9), name="http_client_latency")
    sent = make_series("pay", make_values(0.1, 0.9), name="client_errors", kind=MetricKind.ERROR_RATE, unit="ratio")
    assert [shift.series.name for shift in read_of(waiting, sent).own["pay"]] == ["client_errors"]


def test_one_failure_of_two_requests_is_no_outage_but_one_of_many_of_a_thousand_is() -> None:
    errors = make_series("pay", make_values(0.0, 0.5), kind=MetricKind.ERROR_RATE, unit="ratio")

    def strength(per_sample: float, unit: str, **given: str) -> float:
        counted = make_series("pay", make_values(per_sample, per_sample), kind=MetricKind.TRAFFIC, unit=unit, **given)
        rarer = make_series("pay", make_values(0.001, 0.001), kind=MetricKind.TRAFFIC, unit="count", name="zz")
        shifts = read_of(errors, counted, rarer).own["pay"]
        return next(shift.strength for shift in shifts if shift.series.kind is MetricKind.ERROR_RATE)

    assert strength(0.1, "count") == 0.0
    assert strength(50.0, "count") > 0.5
    assert strength(50.0 / 15, "requests/s") == strength(50.0, "count")
    assert strength(50.0, "bytes") == 0.0
    assert strength(50.0, "count", callee="db") == 0.0


def test_the_worst_of_a_component_is_its_most_unusual_series_of_the_families_asked_for() -> None:
    slow, busy = make_shift("shop", spreads=50.0), make_shift("shop", spreads=90.0, kind=MetricKind.CPU, unit="ratio")
    found = make_readings(slow, busy, failing("shop", spreads=20.0))
    assert found.worst("shop") == busy
    assert found.worst("shop", Family.SYMPTOM) == slow
    assert found.worst("shop", Family.SYMPTOM, Family.RESOURCE) == busy
    assert found.worst("shop", Family.TRAFFIC) is None
    assert found.worst("pay") is None
    assert found.worst_of("shop", [MetricKind.ERROR_RATE, MetricKind.LATENCY]) == slow
    assert found.worst_of("shop", []) is None


def test_reading_needs_no_metrics_at_all() -> None:
    found = read_of()
    assert (found.own, found.edges, found.alarm) == ({}, (), None)
    assert found.window.end - found.window.onset == END - ONSET > timedelta(0)
