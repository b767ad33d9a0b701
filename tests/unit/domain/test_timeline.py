"""The transition log: replaying it gives the state, and a log that is none is refused."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.lifecycle import BEGINNING, TABLE, State
from sre_copilot.domain.timeline import Transition, replay

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def rows(*states: str) -> list[Transition]:
    return [
        Transition(
            id=UUID(int=number),
            incident_id=UUID(int=99),
            sequence=number,
            from_state=one,
            to_state=other,
            actor="system",
            user_id=None,
            reason="",
            automated=True,
            timestamp=NOW - timedelta(minutes=number),
        )
        for number, (one, other) in enumerate(pairwise(states), 1)
    ]


@st.composite
def logs(draw: st.DrawFn) -> list[Transition]:
    states = [BEGINNING, State.DETECTED.value]
    for _ in range(draw(st.integers(0, 8))):
        targets = sorted(set(TABLE[State(states[-1])].values()))
        if not targets:
            break
        states.append(draw(st.sampled_from(targets)).value)
    return rows(*states)


@given(logs(), st.randoms(use_true_random=False))
def test_a_log_leads_to_its_last_state_whatever_order_its_rows_come_in_and_whatever_their_clocks_say(
    log: list[Transition], random: Random
) -> None:
    shuffled = list(log)
    random.shuffle(shuffled)
    assert replay(shuffled) is State(log[-1].to_state)


@given(logs().filter(lambda log: len(log) > 1), st.data())
def test_a_log_that_lacks_a_row_before_its_last_is_refused(log: list[Transition], data: st.DataObject) -> None:
    lost = data.draw(st.integers(0, len(log) - 2))
    with pytest.raises(InvalidInput):
        replay(log[:lost] + log[lost + 1 :])


@given(logs(), st.data())
def test_a_log_that_holds_a_row_twice_is_refused(log: list[Transition], data: st.DataObject) -> None:
    with pytest.raises(InvalidInput):
        replay([*log, data.draw(st.sampled_from(log))])


def test_a_row_that_starts_from_another_state_is_named() -> None:
    first, second = rows("", "detected", "resolved")
    with pytest.raises(InvalidInput, match=r"^Row 2 of the log starts from 'mitigated', not from 'detected'\.$"):
        replay([first, attrs.evolve(second, from_state="mitigated")])


def test_a_log_without_any_row_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no row"):
        replay([])
