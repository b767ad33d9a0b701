import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.diagnosis.confidence import (
    NEAREST,
    Z_90,
    Calibration,
    CalibrationCase,
    combined,
    confidence,
    margins,
    nearest,
    softmax,
    wilson,
)
from sre_copilot.domain.diagnosis.kinds import Known
from sre_copilot.domain.hypotheses import Confidence

scores = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30)
calibrations = st.lists(st.builds(CalibrationCase, margin=st.floats(-20, 20), right=st.booleans()), max_size=40).map(
    lambda cases: Calibration(cases=tuple(cases))
)


def cases(*rows: tuple[float, bool]) -> Calibration:
    return Calibration(cases=tuple(CalibrationCase(margin=margin, right=right) for margin, right in rows))


def test_softmax_of_two_scores_is_the_logistic_function_of_their_difference() -> None:
    assert softmax([1.5, 0.5]) == pytest.approx([1 / (1 + math.exp(-1)), 1 / (1 + math.exp(1))])


def test_softmax_of_equal_scores_is_even() -> None:
    assert softmax([3.0, 3.0, 3.0, 3.0]) == [0.25, 0.25, 0.25, 0.25]


def test_softmax_keeps_the_order_of_the_scores_given() -> None:
    low, high, middle = softmax([0.0, 2.0, 1.0])
    assert low < middle < high


def test_softmax_of_nothing_is_nothing() -> None:
    assert softmax([]) == []


def test_softmax_does_not_overflow_on_large_scores() -> None:
    assert softmax([1e300, 0.0]) == [1.0, 0.0]


def test_softmax_does_not_vanish_on_very_negative_scores() -> None:
    assert softmax([-5000.0, -5000.0]) == [0.5, 0.5]


@given(scores)
def test_softmax_sums_to_one_and_stays_within_bounds(values: list[float]) -> None:
    found = softmax(values)
    assert math.isclose(math.fsum(found), 1.0, abs_tol=1e-12)
    assert all(0.0 <= value <= 1.0 for value in found)


@given(scores, st.floats(0, 50))
def test_softmax_of_a_raised_score_never_falls(values: list[float], more: float) -> None:
    before = softmax(values)[0]
    after = softmax([values[0] + more, *values[1:]])[0]
    assert after >= before - 1e-12


def test_margin_of_the_best_is_its_lead_and_of_the_others_their_distance_to_it() -> None:
    assert margins([1.0, 4.0, 2.5]) == [-3.0, 1.5, -1.5]


def test_margin_of_a_tie_at_the_top_is_nought_for_both() -> None:
    assert margins([2.0, 2.0, 0.0]) == [0.0, 0.0, -2.0]


def test_margin_of_a_single_candidate_is_nought() -> None:
    assert margins([7.0]) == [0.0]
    assert margins([]) == []


def test_margin_of_two_candidates_is_their_difference() -> None:
    assert margins([1.0, 3.0]) == [-2.0, 2.0]


def test_wilson_of_no_cases_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(3, -1) == (0.0, 1.0)


def test_wilson_bounds_are_the_shares_that_lie_just_z_deviations_from_what_was_seen() -> None:
    for bound in wilson(9, 12):
        assert abs(0.75 - bound) == pytest.approx(Z_90 * math.sqrt(bound * (1 - bound) / 12))


def test_wilson_agrees_with_the_textbook_at_95_per_cent() -> None:
    lower, upper = wilson(15, 20, 1.959963984540054)
    assert lower == pytest.approx(0.5313, abs=1e-4)
    assert upper == pytest.approx(0.8881, abs=1e-4)


def test_wilson_of_all_right_reaches_exactly_one_and_starts_at_n_over_n_plus_z_squared() -> None:
    lower, upper = wilson(12, 12)
    assert upper == 1.0
    assert lower == pytest.approx(12 / (12 + Z_90**2))


def test_wilson_of_none_right_mirrors_all_right() -> None:
    lower, upper = wilson(0, 12)
    assert lower == 0.0
    assert upper == pytest.approx(Z_90**2 / (12 + Z_90**2))


def test_wilson_counts_fractions_of_cases() -> None:
    assert wilson(0.5, 0.5)[0] == pytest.approx(0.5 / (0.5 + Z_90**2))


@given(st.integers(1, 200), st.data())
def test_wilson_contains_the_share_that_it_is_about(total: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, total))
    lower, upper = wilson(right, total)
    assert 0.0 <= lower <= right / total + 1e-12
    assert right / total - 1e-12 <= upper <= 1.0


@given(st.integers(0, 12), st.floats(0.1, 5))
def test_wilson_of_fewer_cases_with_the_same_share_is_wider(right: int, less: float) -> None:
    lower, upper = wilson(right, 12)
    wider_lower, wider_upper = wilson(right / (1 + less), 12 / (1 + less))
    assert wider_lower <= lower + 1e-12
    assert wider_upper >= upper - 1e-12


def test_nearest_takes_the_twelve_cases_closest_in_margin() -> None:
    calibration = cases(*((float(margin), True) for margin in range(30)))
    assert sorted(case.margin for case in nearest(calibration, 20.0)) == [float(m) for m in range(14, 26)]
    assert NEAREST == 12


def test_nearest_takes_all_cases_where_there_are_fewer() -> None:
    assert len(nearest(cases((1.0, True), (5.0, False)), 100.0)) == 2


def test_nearest_cuts_ties_in_favour_of_the_smaller_margin() -> None:
    assert nearest(cases((3.0, True), (1.0, True)), 2.0, 1) == (CalibrationCase(margin=1.0, right=True),)


def test_nearest_cuts_ties_of_one_margin_in_favour_of_the_wrong_answer() -> None:
    assert nearest(cases((1.0, True), (1.0, False)), 2.0, 1) == (CalibrationCase(margin=1.0, right=False),)


def test_nearest_does_not_depend_on_the_order_of_the_cases() -> None:
    rows = [(1.0, True), (1.0, False), (3.0, True), (2.5, False)]
    assert nearest(cases(*rows), 2.0, 2) == nearest(cases(*reversed(rows)), 2.0, 2)


def test_confidence_without_calibration_is_wide_open_and_says_so() -> None:
    assert confidence(0.7, 2.0, calibration=None) == Confidence(lower=0.0, primary=0.7, upper=1.0, calibrated_on=0)


def test_confidence_with_an_empty_calibration_is_wide_open_too() -> None:
    found = confidence(0.7, 2.0, calibration=Calibration())
    assert (found.lower, found.upper, found.calibrated_on) == (0.0, 1.0, 0)


def test_confidence_takes_its_interval_from_the_nearest_cases() -> None:
    calibration = cases(*(((5.0, True),) * 12), *(((-5.0, False),) * 12))
    sure, unsure = (confidence(0.5, margin, calibration=calibration) for margin in (4.0, -4.0))
    assert (sure.lower, sure.upper) == (0.5, 1.0)
    assert sure.calibrated_on == 12
    assert (unsure.lower, unsure.upper) == (0.0, 0.5)


def test_confidence_interval_is_that_of_wilson_where_the_primary_lies_inside() -> None:
    calibration = cases(*(((1.0, True),) * 9), *(((1.0, False),) * 3))
    found = confidence(0.75, 1.0, calibration=calibration)
    assert (found.lower, found.upper) == wilson(9, 12)


def test_confidence_interval_stretches_to_the_primary() -> None:
    calibration = cases(*(((1.0, True),) * 12))
    assert confidence(0.1, 1.0, calibration=calibration).lower == 0.1
    assert confidence(1.0, 1.0, calibration=cases(*(((1.0, False),) * 12))).upper == 1.0


def test_confidence_counts_each_case_less_for_every_kind_of_evidence_that_is_missing() -> None:
    calibration = cases(*(((1.0, True),) * 9), *(((1.0, False),) * 3))
    found = confidence(0.75, 1.0, calibration=calibration, known=Known(missing=1.0))
    assert (found.lower, found.upper) == wilson(4.5, 6)
    assert found.calibrated_on == 12


def test_confidence_never_counts_a_case_more_than_once() -> None:
    calibration = cases(*(((1.0, True),) * 9), *(((1.0, False),) * 3))
    assert confidence(0.75, 1.0, calibration=calibration, known=Known(missing=-5.0)) == confidence(
        0.75, 1.0, calibration=calibration
    )


def test_confidence_clips_a_primary_that_rounding_pushed_out() -> None:
    assert confidence(1.0000000002, 1.0, calibration=None).primary == 1.0
    assert confidence(-1e-12, 1.0, calibration=None).primary == 0.0


@given(st.floats(0, 1), st.floats(-50, 50), calibrations, st.floats(0, 4))
def test_confidence_keeps_lower_primary_and_upper_in_order(
    primary: float, margin: float, calibration: Calibration, missing: float
) -> None:
    found = confidence(primary, margin, calibration=calibration, known=Known(missing=missing))
    assert 0.0 <= found.lower <= found.primary <= found.upper <= 1.0


@given(st.floats(0, 1), st.floats(-50, 50), calibrations, st.floats(0, 4), st.floats(0, 4))
def test_confidence_with_more_missing_is_never_narrower(
    primary: float, margin: float, calibration: Calibration, missing: float, more: float
) -> None:
    some = confidence(primary, margin, calibration=calibration, known=Known(missing=missing))
    less = confidence(primary, margin, calibration=calibration, known=Known(missing=missing + more))
    assert less.lower <= some.lower + 1e-12
    assert less.upper >= some.upper - 1e-12


def of_kinds(*kinds: str, rows: int, right: bool, margin: float = 1.0) -> tuple[CalibrationCase, ...]:
    return (CalibrationCase(margin=margin, right=right, kinds=frozenset(kinds)),) * rows


def test_cases_with_the_same_kinds_of_evidence_come_before_nearer_ones_without() -> None:
    calibration = Calibration(
        cases=(*of_kinds("logs", rows=20, right=False), *of_kinds("metrics", rows=12, right=True, margin=5.0))
    )
    found = confidence(0.9, 1.0, calibration=calibration, known=Known(kinds=frozenset({"metrics"})))
    assert (found.lower, found.upper) == wilson(12, 12)


def test_a_case_counts_less_for_each_kind_of_evidence_that_only_one_of_both_has() -> None:
    calibration = Calibration(
        cases=(*of_kinds("metrics", rows=8, right=True), *of_kinds("metrics", "logs", rows=4, right=False))
    )
    found = confidence(0.75, 1.0, calibration=calibration, known=Known(kinds=frozenset({"metrics"})))
    assert (found.lower, found.upper) == pytest.approx(wilson(8, 10))


def test_a_score_is_as_steep_as_cases_with_the_same_kinds_showed_and_else_as_it_is() -> None:
    calibration = Calibration(slopes={frozenset({"metrics"}): 1.5, frozenset({"logs"}): 0.5})
    assert calibration.slope(Known(kinds=frozenset({"metrics"}))) == 1.5
    assert calibration.slope(Known(kinds=frozenset({"metrics", "logs"}))) == 1.0


def test_nothing_is_steeper_where_a_kind_of_evidence_could_not_be_had() -> None:
    calibration = Calibration(slopes={frozenset({"metrics"}): 1.5, frozenset({"logs"}): 0.5})
    assert calibration.slope(Known(kinds=frozenset({"metrics"}), lacking=1)) == 1.0
    assert calibration.slope(Known(kinds=frozenset({"logs"}), lacking=1)) == 0.5


def test_wilson_reaches_its_ends_whatever_a_case_is_worth() -> None:
    for cases_ in range(1, 40):
        assert wilson(cases_ / 3, cases_ / 3)[1] == 1.0
        assert wilson(0.0, cases_ / 3)[0] == 0.0


def test_combined_confidence_adds_the_primaries_and_spans_the_intervals() -> None:
    found = combined(
        [
            Confidence(lower=0.0, primary=0.005, upper=0.2, calibrated_on=12),
            Confidence(lower=0.002, primary=0.004, upper=0.3, calibrated_on=7),
        ]
    )
    assert (found.lower, found.upper, found.calibrated_on) == (0.0, 0.3, 7)
    assert found.primary == pytest.approx(0.009)


def test_combined_confidence_reaches_up_to_its_primary() -> None:
    rows = [Confidence(lower=0.4, primary=0.4, upper=0.45, calibrated_on=1)] * 2
    found = combined(rows)
    assert (found.lower, found.primary, found.upper) == (0.4, 0.8, 0.8)


def test_combined_confidence_of_certainties_stays_certain() -> None:
    assert combined([Confidence(lower=1.0, primary=1.0, upper=1.0)] * 2).primary == 1.0


def test_combined_confidence_of_nothing_is_nought() -> None:
    assert combined([]) == Confidence(lower=0.0, primary=0.0, upper=0.0, calibrated_on=0)
