"""A tenant's own calibration: only with enough cases, never far without evidence, and never another order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sre_copilot.domain.precedents import FirstAnswer
from sre_copilot.domain.recalibration import ENOUGH, MOST_USED, STEEPEST, Recalibration, recalibrated
from sre_copilot.testing.precedents import make_answer

ANSWERS = st.lists(
    st.builds(make_answer, st.floats(0.0, 1.0), right=st.booleans(), slope=st.sampled_from([0.5, 1.0, 2.0])),
    min_size=ENOUGH,
    max_size=ENOUGH + 10,
)


def answers(primary: float, right: int, wrong: int) -> list[FirstAnswer]:
    return [make_answer(primary, right=number < right) for number in range(right + wrong)]


def slope(cases: list[FirstAnswer]) -> float:
    found = recalibrated(cases)
    assert found is not None
    return found.slope


def test_fewer_than_enough_known_answers_change_nothing() -> None:
    assert recalibrated(answers(0.9, 0, ENOUGH - 1)) is None
    assert recalibrated([*answers(0.9, 0, ENOUGH - 1), make_answer(0.9, right=None)]) is None
    assert recalibrated(answers(0.9, 0, ENOUGH)) is not None


def test_who_was_right_as_often_as_it_said_keeps_what_ships() -> None:
    assert slope(answers(0.75, 75, 25)) == 1.0


def test_who_was_too_sure_gets_less_sure_and_the_more_so_the_more_cases_say_it() -> None:
    few, many = slope(answers(0.9, 15, 10)), slope(answers(0.9, 120, 80))
    assert many < few < 1.0


def test_who_was_not_sure_enough_gets_surer_but_even_always_right_stays_bounded() -> None:
    assert 1.0 < slope(answers(0.75, 30, 0)) < STEEPEST


def test_answers_that_were_recalibrated_already_are_judged_by_their_scores() -> None:
    flattened = [make_answer(0.75, right=number < 75, slope=0.5) for number in range(100)]
    assert slope(flattened) < 1.0


def test_only_the_latest_answers_count() -> None:
    assert slope([*answers(0.75, 225, 75), *answers(0.99, 0, 500)]) == slope(answers(0.75, 225, 75)) == 1.0
    found = recalibrated(answers(0.75, 400, 100))
    assert found == Recalibration(slope=found.slope if found else 0.0, cases=MOST_USED)


@settings(max_examples=40, deadline=None)
@given(ANSWERS)
def test_any_answers_give_a_slope_above_zero_and_the_same_ones_the_same(cases: list[FirstAnswer]) -> None:
    assert 1 / STEEPEST - 0.001 <= slope(cases) <= STEEPEST
    assert slope(cases) == slope(list(cases))
