"""How a record of outcomes becomes one cautious number."""

import math
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.outcomes import HALF_LIFE, Outcome, OutcomeResult, TrackRecord, weight_at_age, wilson_lower

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
counts = st.floats(min_value=0, max_value=1_000)


def outcome(result: OutcomeResult, *, age: timedelta = timedelta(0)) -> Outcome:
    return Outcome(id=UUID(int=1), recommendation_id=UUID(int=2), incident_id=UUID(int=3), result=result, at=NOW - age)


def test_the_wilson_bound_agrees_with_worked_out_values() -> None:
    # 9 of 10 at z = 1.6448536: (0.9 + z2/20 - z * sqrt(0.009 + z2/400)) / (1 + z2/10), by hand
    assert wilson_lower(9, 1) == pytest.approx(0.652281, abs=1e-6)
    assert wilson_lower(0, 10) == pytest.approx(0.0, abs=1e-12)
    assert wilson_lower(10, 0) == pytest.approx(10 / (10 + 1.6448536269514722**2), abs=1e-12)


def test_nothing_at_all_is_bounded_by_nought() -> None:
    assert wilson_lower(0, 0) == 0.0


@pytest.mark.parametrize(("successes", "failures"), [(-1, 2), (2, -1)])
def test_a_negative_count_is_refused(successes: float, failures: float) -> None:
    with pytest.raises(ValueError, match="not negative"):
        wilson_lower(successes, failures)


@given(counts, counts)
def test_the_bound_lies_between_nought_and_the_plain_proportion(successes: float, failures: float) -> None:
    bound = wilson_lower(successes, failures)
    assert not math.isnan(bound)
    total = successes + failures
    assert 0 <= bound <= (successes / total if total else 0) + 1e-9


@given(counts, counts, st.floats(min_value=0, max_value=100))
def test_more_successes_never_lower_and_more_failures_never_raise(worked: float, failed: float, more: float) -> None:
    here = TrackRecord(worked=worked, failed=failed).effectiveness
    assert TrackRecord(worked=worked + more, failed=failed).effectiveness >= here - 1e-12
    assert TrackRecord(worked=worked, failed=failed + more).effectiveness <= here + 1e-12


def test_what_was_never_tried_is_given_the_benefit_of_a_weak_doubt() -> None:
    never = TrackRecord().effectiveness
    assert never == pytest.approx(0.356, abs=0.001)
    assert TrackRecord(worked=5).effectiveness > 1.5 * never
    assert TrackRecord(failed=5).effectiveness < 0.5 * never


def test_an_outcome_counts_half_after_one_half_life_and_a_quarter_after_two() -> None:
    assert weight_at_age(timedelta(0)) == 1.0
    assert weight_at_age(HALF_LIFE) == pytest.approx(0.5)
    assert weight_at_age(2 * HALF_LIFE) == pytest.approx(0.25)


def test_an_outcome_dated_in_the_future_counts_once() -> None:
    assert weight_at_age(-HALF_LIFE) == 1.0


def test_a_record_weighs_each_outcome_by_its_age_and_leaves_unclear_ones_out() -> None:
    record = TrackRecord.of(
        [
            outcome(OutcomeResult.WORKED),
            outcome(OutcomeResult.WORKED, age=HALF_LIFE),
            outcome(OutcomeResult.FAILED, age=2 * HALF_LIFE),
            outcome(OutcomeResult.UNCLEAR),
        ],
        now=NOW,
    )
    assert record.worked == pytest.approx(1.5)
    assert record.failed == pytest.approx(0.25)


@given(st.integers(min_value=0, max_value=4_000), st.integers(min_value=0, max_value=4_000))
def test_a_record_fades_towards_that_of_the_never_tried(young: int, older: int) -> None:
    never = TrackRecord().effectiveness
    ages = sorted((young, older))
    near, far = (
        TrackRecord.of([outcome(OutcomeResult.WORKED, age=timedelta(days=days))] * 3, now=NOW).effectiveness
        for days in ages
    )
    assert never - 1e-12 <= far <= near + 1e-12
