"""How far forecasts can be relied on, and how far a perfect forecaster's would seem to be."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sre_copilot.domain.reliability import BINS, Forecast, brier, calibration_error, perfect_error, reliability

FORECASTS = st.lists(st.builds(Forecast, said=st.floats(0.0, 1.0), right=st.booleans()), min_size=1, max_size=40)


def told(said: float, right: int, wrong: int) -> list[Forecast]:
    return [Forecast(said=said, right=number < right) for number in range(right + wrong)]


def test_the_figures_of_a_small_table_by_hand() -> None:
    cases = [*told(0.2, 0, 1), *told(0.4, 1, 0), *told(0.6, 0, 1), *told(0.8, 1, 0), *told(1.0, 1, 0)]
    assert brier(cases) == pytest.approx((0.04 + 0.36 + 0.36 + 0.04 + 0.0) / 5)
    assert calibration_error(cases) == pytest.approx((0.2 + 0.6 + 0.6 + 0.2 + 0.0) / 5)
    assert [(one.count, one.right, one.said) for one in reliability(cases)] == [
        (1, 0, 0.2),
        (1, 1, 0.4),
        (1, 0, 0.6),
        (1, 1, 0.8),
        (1, 1, 1.0),
    ]


def test_always_saying_a_half_scores_a_quarter_and_nothing_scores_nothing() -> None:
    assert brier(told(0.5, 3, 4)) == 0.25
    assert brier([]) is calibration_error([]) is None
    assert reliability([]) == ()
    assert perfect_error([]) == (0.0, 1.0)


def test_bins_are_of_equal_count_and_the_first_ones_take_the_rest() -> None:
    assert [one.count for one in reliability(told(0.5, 8, 5))] == [3, 3, 3, 2, 2]
    assert [one.count for one in reliability(told(0.5, 1, 2))] == [1, 1, 1]


def test_when_we_said_seventy_per_cent_it_is_told_how_often_we_were_right() -> None:
    cases = [*told(0.7, 62, 29), *(Forecast(said=0.1, right=False) for _ in range(4 * 91))]
    last = reliability(cases)[-1]
    assert (last.count, last.right, round(last.share, 2)) == (91, 62, 0.68)
    assert last.said == pytest.approx(0.7)
    assert last.lower < 0.68 < last.upper


@settings(deadline=None, max_examples=40)
@given(FORECASTS)
def test_every_figure_is_a_share_whatever_the_order(cases: list[Forecast]) -> None:
    error, (low, high) = calibration_error(cases), perfect_error(cases)
    assert error is not None
    assert 0.0 <= error <= 1.0
    assert 0.0 <= low <= high <= 1.0
    turned = cases[::-1]
    assert calibration_error(turned) == pytest.approx(error)
    assert sum(one.count for one in reliability(turned)) == len(cases)
    assert len(reliability(turned)) == min(BINS, len(cases))


def test_the_range_of_a_perfect_forecaster_is_where_simulated_ones_lie() -> None:
    draw = random.Random(7)
    said = [draw.uniform(0.1, 0.95) for _ in range(60)]
    low, high = perfect_error([Forecast(said=p, right=False) for p in said])
    errors = [calibration_error([Forecast(said=p, right=draw.random() < p) for p in said]) or 0.0 for _ in range(2_000)]
    inside = sum(low <= error <= high for error in errors) / len(errors)
    assert 0.935 <= inside <= 0.97
    assert calibration_error([Forecast(said=p, right=False) for p in said]) > high  # type: ignore[operator]


def test_more_forecasts_leave_a_perfect_forecaster_less_room() -> None:
    assert perfect_error(told(0.6, 0, 400))[1] < perfect_error(told(0.6, 0, 50))[1]
