"""How a record of outcomes becomes one cautious number."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.outcomes import HALF_LIFE, Outcome, OutcomeResult, TrackRecord, weight_at_age

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
counts = st.floats(min_value=0, max_value=1_000)


def outcome(result: OutcomeResult, *, age: timedelta = timedelta(0)) -> Outcome:
    return Outcome(id=UUID(int=1), recommendation_id=UUID(int=2), incident_id=UUID(int=3), result=result, at=NOW - age)


def test_a_record_is_worth_the_lower_wilson_bound_of_what_it_and_the_prior_count() -> None:
    # 9 of 10 with the prior of 3 and 1: (9 + z2/2 - z * sqrt(9 * 1 / 10 + z2/4)) / (10 + z2) at z = 1.6448536, by hand
    assert TrackRecord(worked=6).effectiveness == pytest.approx(0.652281, abs=1e-6)


@pytest.mark.parametrize("record", [{"worked": -1.0}, {"failed": -1.0}])
def test_a_record_can_not_be_negative(record: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=">= 0"):
        TrackRecord(**record)


@given(counts, counts)
def test_a_record_is_worth_more_than_nothing_and_less_than_certainty(worked: float, failed: float) -> None:
    assert 0 < TrackRecord(worked=worked, failed=failed).effectiveness < 1


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
