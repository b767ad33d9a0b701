"""The lifecycle: one table, one function."""

import pytest

from sre_copilot.domain.errors import InvalidTransition
from sre_copilot.domain.lifecycle import OPEN, Action, State, allowed_actions, legal_pairs, next_state

EXPECTED = """
             acknowledge  investigate   mitigate  resolve  conclude     learn   reopen
detected     acknowledged investigating mitigated resolved -            -       -
acknowledged -            investigating mitigated resolved -            -       -
investigating -           -             mitigated resolved inconclusive -       -
mitigated    -            investigating -         resolved inconclusive -       -
resolved     -            -             -         -        -            learned investigating
inconclusive -            -             -         resolved -            learned investigating
learned      -            -             -         -        -            -       -
"""
ACTIONS, *ROWS = [line.split() for line in EXPECTED.strip().splitlines()]
CELLS = [(row[0], action, target) for row in ROWS for action, target in zip(ACTIONS, row[1:], strict=True)]


@pytest.mark.parametrize(("state", "action", "target"), CELLS)
def test_every_cell_of_the_table_is_allowed_or_refused_as_tabled(state: str, action: str, target: str) -> None:
    if target == "-":
        with pytest.raises(InvalidTransition) as refused:
            next_state(State(state), Action(action))
        assert refused.value.data == {
            "state": state,
            "action": action,
            "allowed": [a.value for a in allowed_actions(State(state))],
        }
    else:
        assert next_state(State(state), Action(action)) is State(target)


def test_allowed_actions_are_exactly_those_of_the_row() -> None:
    for row in ROWS:
        wanted = [action for action, target in zip(ACTIONS, row[1:], strict=True) if target != "-"]
        assert [action.value for action in allowed_actions(State(row[0]))] == wanted


def test_there_are_nineteen_legal_pairs_with_the_beginning() -> None:
    wanted = {(state, target) for state, _, target in CELLS if target != "-"} | {("", "detected")}
    assert legal_pairs() == wanted
    assert len(wanted) == 19


def test_the_open_states_are_the_first_four() -> None:
    assert [state for state in State if state.is_open] == list(State)[:4]
    assert frozenset(list(State)[:4]) == OPEN
