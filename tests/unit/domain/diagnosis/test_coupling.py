"""Did a component move with the alarm?"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.diagnosis.coupling import MOST_POINTS, Alarm
from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.testing.snapshots import ONSET, SAMPLES, STEP
from tests.unit.domain.diagnosis.measured import make_readings, make_shift


def following(component: str, curve: Callable[[int], float | None], **given_: Any) -> Shift:
    """A shift whose samples follow the curve over the incident and stay at 0.1 before it."""
    values = [0.1 if index < 60 else curve(index - 60) for index in range(SAMPLES)]
    return make_shift(component, values=values, **given_)


def steps(index: int) -> float:
    return 0.1 + (index % 5) * 0.2


def alarm_of(shift: Shift) -> Alarm:
    return Alarm.of(make_readings(alarm=shift))


@pytest.fixture
def alarm() -> Alarm:
    return alarm_of(following("shop", steps))


def test_the_alarm_is_sampled_over_the_incident_and_as_long_before_it(alarm: Alarm) -> None:
    assert alarm.moments[0] == ONSET - 19 * STEP
    assert alarm.moments[-1] == ONSET + 19 * STEP
    assert len(alarm.moments) == len(alarm.reference) == 39 <= MOST_POINTS
    assert alarm.reference[0] == 0.0


def test_a_long_incident_is_sampled_at_sixty_moments() -> None:
    fine = make_shift("shop", values=[0.1] * 10, step_seconds=1.0)
    assert len(alarm_of(fine).moments) == MOST_POINTS


def test_without_an_alarm_of_its_own_nothing_is_coupled() -> None:
    nothing = Alarm.of(make_readings())
    assert (nothing.moments, nothing.reference) == ((), ())
    assert nothing.coupling([following("pay", steps)]) == (0.0, None)


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        (steps, 1.0),
        (lambda index: 0.2 - steps(index), 1.0),
        (lambda index: 0.1, 0.0),
        (lambda index: None, 0.0),
        (lambda index: float("inf"), 0.0),
    ],
    ids=["with it", "against it", "not at all", "unknown", "no numbers"],
)
def test_moving_with_or_against_the_alarm_couples_and_standing_still_does_not(
    alarm: Alarm, curve: Callable[[int], float | None], expected: float
) -> None:
    shift = following("pay", curve)
    value, told = alarm.coupling([shift])
    assert value == pytest.approx(expected, abs=1e-9)
    assert told == (shift if expected else None)


def test_one_spike_does_not_decide(alarm: Alarm) -> None:
    spiky = following("pay", lambda index: 1e6 if index == 10 else 0.1)
    assert alarm.coupling([spiky])[0] < 0.5


def test_series_within_their_normal_are_not_compared(alarm: Alarm) -> None:
    usual, moved = following("pay", steps, spreads=2.0), following("pay", steps)
    assert alarm.coupling([usual]) == (0.0, None)
    assert alarm.coupling([usual, moved])[1] is moved


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_strongest_correlation_is_told_in_whatever_order_they_come(alarm: Alarm, order: Sequence[int]) -> None:
    shifts = [
        following("pay", lambda index: 0.1 + (index % 3) * 0.1),
        following("pay", steps),
        following("pay", lambda index: 0.1),
    ]
    value, told = alarm.coupling([shifts[place] for place in order])
    assert value == pytest.approx(1.0)
    assert told is shifts[1]


@pytest.mark.parametrize(("points", "compared"), [(3, False), (4, True)])
def test_at_least_four_common_samples_are_compared(alarm: Alarm, points: int, compared: bool) -> None:
    few = make_shift("pay", values=[None] * 60 + [steps(i) if i < points else None for i in range(20)])
    assert (alarm.coupling([few])[0] > 0.9) is compared


curves = st.lists(st.none() | st.floats(allow_nan=True, allow_infinity=True), min_size=SAMPLES, max_size=SAMPLES)


@given(curves, curves)
def test_coupling_lies_between_nought_and_one_whatever_the_samples_are(
    mine: list[float | None], other: list[float | None]
) -> None:
    value, told = alarm_of(make_shift("shop", values=mine)).coupling([make_shift("pay", values=other)])
    assert 0.0 <= value <= 1.0
    assert (told is None) == (value == 0.0)
