"""What creeps from a change on is that change's, and what ran out is nobody's."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.diagnosis.change_clues import change_clues
from sre_copilot.domain.diagnosis.changes import Symptoms, fits
from sre_copilot.domain.diagnosis.drift import FEWEST, drift, ran_out, rank_correlation, strongest
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.snapshots import MetricKind, MetricSeries
from sre_copilot.testing.snapshots import END, ONSET, START, STEP, make_observed_change, make_series
from tests.unit.domain.diagnosis.measured import make_shift

BEFORE, SINCE = 20, 40
CHANGE = START + BEFORE * STEP
BEGAN = CHANGE + SINCE * STEP
CALM = [10.0 + (i * 7 % 5) / 10 for i in range(BEFORE)]
CREEPING = [10.0 + i for i in range(SINCE)]


def memory(values: list[float | None] | list[float], kind: MetricKind = MetricKind.MEMORY) -> MetricSeries:
    return make_series("pay", values, kind=kind, unit="")


def crept(*parts: list[float], kind: MetricKind = MetricKind.MEMORY) -> float:
    return drift(memory([value for part in parts for value in part], kind), CHANGE, BEGAN)


def test_what_rises_from_a_change_on_and_was_calm_before_crept_since() -> None:
    assert crept(CALM, CREEPING) > 0.6


def test_what_rose_already_fell_stayed_or_swings_did_not_creep_since() -> None:
    rising = [float(i) for i in range(BEFORE)]
    assert crept(rising, [BEFORE + float(i) for i in range(SINCE)]) < 0.01
    assert crept(CALM, CREEPING[::-1]) == 0.0
    assert crept(CALM, [10.2] * SINCE) == 0.0
    assert crept(CALM, [10.0 + (i * 7 % 5) / 10 for i in range(SINCE)]) < 0.05


def test_where_less_is_worse_falling_is_creeping_and_demand_never_creeps() -> None:
    assert crept(CALM, [10.0 - i / 10 for i in range(SINCE)], kind=MetricKind.AVAILABILITY) > 0.2
    assert crept(CALM, CREEPING, kind=MetricKind.TRAFFIC) == 0.0


def test_too_little_known_on_either_side_says_nothing() -> None:
    few = memory(CALM[: FEWEST - 1] + CREEPING)
    assert drift(few, START + (FEWEST - 1) * STEP, BEGAN) == 0.0
    assert drift(memory(CALM + CREEPING), CHANGE, CHANGE + (FEWEST - 1) * STEP) == 0.0
    assert drift(memory([None] * BEFORE + CREEPING), CHANGE, BEGAN) == 0.0


def test_the_clearest_of_several_series_is_named_in_evidence_about_the_change() -> None:
    steady, creeping = memory(CALM + [10.2] * SINCE), memory(CALM + CREEPING)
    assert strongest([steady, creeping], CHANGE, BEGAN)[1] is creeping
    assert strongest([steady], CHANGE, BEGAN) == (0.0, None)
    change = make_observed_change("pay", "Keep every score", at=CHANGE)
    (fit,) = fits(
        [change], symptoms_of=lambda name: Symptoms(words=frozenset()), components=frozenset({"pay"}), began=BEGAN
    )
    own = [attrs.evolve(make_shift("pay"), series=creeping)]
    (item,) = (item for item in change_clues(fit, BEGAN, own) if item.feature == Feature.CHANGE_DRIFT)
    assert item.summary == 'memory of pay has been creeping ever since "Keep every score"'
    assert all(item.feature != Feature.CHANGE_DRIFT for item in change_clues(fit, BEGAN))


def counting(zero_at: int, size: int = 90) -> MetricSeries:
    return memory([float(zero_at - i) for i in range(size)])


def test_a_countdown_ran_out_when_it_reached_nought_around_the_onset() -> None:
    at = int((ONSET - START) / STEP)
    assert ran_out(counting(at), ONSET, END) == ONSET
    assert ran_out(counting(at, size=at), ONSET, END) is None
    assert ran_out(counting(at), ONSET + timedelta(hours=1), END + timedelta(hours=1)) is None


def test_what_does_not_fall_from_sample_to_sample_is_no_countdown() -> None:
    at = int((ONSET - START) / STEP)
    values: list[float | None] = [float(at - i) for i in range(90)]
    values[5] = values[4]
    assert ran_out(memory(values), ONSET, END) is None
    assert ran_out(memory([0.0] * 60), START, END) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1, 2, 3, 4], 1.0), ([4, 3, 2, 1], -1.0), ([5, 5, 5], 0.0), ([], 0.0), ([7], 0.0), ([1, 1, 2, 2], 0.894427191)],
)
def test_rank_correlation_is_spearmans(values: list[float], expected: float) -> None:
    assert rank_correlation(values) == pytest.approx(expected)


@given(st.lists(st.floats(-1e6, 1e6), max_size=60))
def test_rank_correlation_and_drift_stay_in_bounds(values: list[float]) -> None:
    assert -1.0000001 <= rank_correlation(values) <= 1.0000001
    assert 0.0 <= drift(memory(values), START + len(values) // 2 * STEP, START + len(values) * STEP) <= 1.0000001
