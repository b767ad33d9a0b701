"""Which samples lie before the incident and which during it."""

import math
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.diagnosis.windows import (
    MOST_BASELINE_SAMPLES,
    Window,
    baseline_samples,
    finite,
    incident_samples,
    incident_window,
    index_at,
    time_of,
)
from sre_copilot.testing.snapshots import (
    END,
    ONSET,
    QUIET_SAMPLES,
    SAMPLES,
    START,
    STEP,
    make_context,
    make_observed_signal,
    make_series,
)


def minutes(count: float) -> datetime:
    return ONSET + timedelta(minutes=count)


@pytest.mark.parametrize(
    ("onset", "lead"),
    [(START + timedelta(minutes=15), 120), (START + timedelta(minutes=5), 60), (START, 0), (START - STEP, 0)],
)
def test_the_last_minutes_before_the_onset_belong_to_neither_side(onset: datetime, lead: float) -> None:
    window = incident_window(make_context(onset=onset))
    assert window.baseline_end == onset - timedelta(seconds=lead)
    assert (window.start, window.onset, window.end) == (START, onset, END)


@pytest.mark.parametrize(
    ("signals", "spans"),
    [
        ([], [(0, None)]),
        ([(0, None)], [(0, None)]),
        ([(0, 1), (2, 3)], [(0, 1), (2, 3)]),
        ([(2, 3), (0, 2)], [(0, 3)]),
        ([(0, 4), (1, 2)], [(0, 4)]),
        ([(0, 99)], [(0, None)]),
        ([(0, 1), (98, 99)], [(0, 1)]),
        ([(98, 99)], [(0, None)]),
    ],
    ids=str,
)
def test_the_incident_lasts_while_any_signal_is_open(
    signals: list[tuple[float, float | None]], spans: list[tuple[float, float | None]]
) -> None:
    observed = tuple(
        make_observed_signal("shop", started_at=minutes(start), ended_at=None if stop is None else minutes(stop))
        for start, stop in signals
    )
    wanted = tuple((minutes(start), END if stop is None else minutes(stop)) for start, stop in spans)
    assert incident_window(make_context(signals=observed)).spans == wanted


@given(st.integers(-200, 2000), st.sampled_from([15.0, 60.0, 0.5]))
def test_the_index_of_a_moment_is_that_of_the_first_sample_not_before_it(tenths: int, step: float) -> None:
    series, moment = make_series("shop", [1.0] * 20, step_seconds=step), START + timedelta(seconds=tenths / 10)
    index = index_at(series, moment)
    assert index == 20 or time_of(series, index) >= moment
    assert index == 0 or time_of(series, index - 1) < moment
    assert 0 <= index <= 20


def test_a_series_without_a_step_is_read_as_one_sample_a_second() -> None:
    assert index_at(make_series("shop", [1.0] * 20, step_seconds=0.0), START + timedelta(seconds=7)) == 7


def test_only_numbers_are_samples() -> None:
    assert finite([1.0, None, math.nan, math.inf, -math.inf, -2.0]) == [1.0, -2.0]


def test_baseline_and_incident_are_the_samples_of_their_times() -> None:
    series = make_series("shop", [float(i) for i in range(SAMPLES)])
    window = incident_window(make_context())
    assert baseline_samples(series, window) == [float(i) for i in range(QUIET_SAMPLES - 8)]
    assert incident_samples(series, window) == [float(i) for i in range(QUIET_SAMPLES, SAMPLES)]


def test_samples_between_two_spans_are_no_incident() -> None:
    signals = (
        make_observed_signal("shop", started_at=ONSET, ended_at=ONSET + STEP),
        make_observed_signal("shop", started_at=ONSET + 4 * STEP, ended_at=ONSET + 4 * STEP),
    )
    series = make_series("shop", [float(i) for i in range(SAMPLES)])
    assert incident_samples(series, incident_window(make_context(signals=signals))) == [60.0, 61.0, 64.0]


def test_an_incident_without_samples_yet_is_judged_by_the_last_three_before_it() -> None:
    series = make_series("shop", [float(i) for i in range(QUIET_SAMPLES)])
    assert incident_samples(series, incident_window(make_context())) == [57.0, 58.0, 59.0]


@given(st.integers(1, 5000))
def test_a_long_baseline_is_thinned_evenly_to_at_most_512_samples(count: int) -> None:
    end = START + timedelta(seconds=count)
    window = Window(start=START, baseline_end=end, onset=end, end=end, spans=((end, end),))
    found = baseline_samples(make_series("shop", [float(i) for i in range(count)], step_seconds=1.0), window)
    assert len(found) <= MOST_BASELINE_SAMPLES
    assert len(found) > min(count, MOST_BASELINE_SAMPLES) / 2 or len(found) == count
    assert len({after - before for before, after in pairwise(found)}) <= 1
