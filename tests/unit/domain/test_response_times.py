"""Figures over durations."""

import statistics
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.incidents import Resolution
from sre_copilot.domain.response_times import (
    UNCOUNTED,
    Summary,
    Times,
    counts,
    seconds_to_acknowledge,
    seconds_to_resolve,
    week_of,
)
from sre_copilot.testing.builders import make_incident

RUNS = st.lists(st.lists(st.integers(0, 1_000), max_size=8), max_size=6)
AT = datetime(2026, 3, 4, 12, tzinfo=UTC)


def of_runs(runs: list[list[int]]) -> Summary:
    return Summary.of(Times.joined([Times.of(run) for run in runs]))


def test_nothing_has_no_figures() -> None:
    assert Summary.of(Times()) == of_runs([[], []]) == Summary(count=0, median=None, p90=None, mean=None)


@given(RUNS)
def test_figures_over_runs_are_those_over_all_that_is_in_them(runs: list[list[int]]) -> None:
    flat = sorted(second for run in runs for second in run)
    summary = of_runs(runs)
    assert summary.count == len(flat)
    if flat:
        assert summary.median == statistics.median(flat)
        assert summary.mean == pytest.approx(statistics.mean(flat))


@given(RUNS.filter(any))
def test_nine_of_ten_take_at_most_the_ninetieth_percentile_and_no_smaller_one_will_do(runs: list[list[int]]) -> None:
    flat = sorted(second for run in runs for second in run)
    p90 = of_runs(runs).p90
    assert p90 in flat
    assert p90 is not None
    assert 10 * sum(second <= p90 for second in flat) >= 9 * len(flat)
    assert 10 * sum(second < p90 for second in flat) < 9 * len(flat)


def test_a_week_begins_on_monday_at_midnight_in_utc() -> None:
    assert (
        week_of(datetime(2026, 3, 2, tzinfo=UTC))
        == week_of(datetime(2026, 3, 8, 23, 59, tzinfo=UTC))
        == date(2026, 3, 2)
    )
    assert week_of(datetime(2026, 3, 2, 0, 30, tzinfo=timezone(timedelta(hours=1)))) == date(2026, 2, 23)


def test_false_alarms_duplicates_and_what_was_merged_do_not_count() -> None:
    tenant_id = new_id()
    assert UNCOUNTED == ("duplicate", "false_alarm")
    assert counts(make_incident(tenant_id))
    assert not counts(make_incident(tenant_id, metadata={"merged_into": "another"}))
    for resolution in Resolution:
        assert counts(make_incident(tenant_id, resolution=resolution)) == (resolution.value not in UNCOUNTED)


def test_times_are_whole_seconds_and_only_a_person_acknowledges() -> None:
    given = {
        "detected_at": AT,
        "acknowledged_at": AT + timedelta(seconds=1.9),
        "resolved_at": AT + timedelta(seconds=61.5),
    }
    incident = make_incident(new_id(), acknowledged_by_person=True, **given)
    assert (seconds_to_acknowledge(incident), seconds_to_resolve(incident)) == (1, 61)
    assert seconds_to_acknowledge(make_incident(new_id(), **given)) is None
    assert seconds_to_resolve(make_incident(new_id())) is None
