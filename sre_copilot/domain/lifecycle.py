"""The incident lifecycle: one table, one function, one place."""

from enum import StrEnum

from sre_copilot.domain.errors import InvalidTransition


class State(StrEnum):
    """Where an incident is. Open: the first four. Closed: the last three."""

    DETECTED = "detected"
    ACKNOWLEDGED = "acknowledged"
    INVESTIGATING = "investigating"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    LEARNED = "learned"
    INCONCLUSIVE = "inconclusive"

    @property
    def is_open(self) -> bool:
        """Whether people may still have to act."""
        return self in OPEN


class Action(StrEnum):
    """The verbs of the lifecycle."""

    ACKNOWLEDGE = "acknowledge"
    INVESTIGATE = "investigate"
    MITIGATE = "mitigate"
    RESOLVE = "resolve"
    CONCLUDE = "conclude"
    LEARN = "learn"
    REOPEN = "reopen"


OPEN = frozenset({State.DETECTED, State.ACKNOWLEDGED, State.INVESTIGATING, State.MITIGATED})

TABLE: dict[State, dict[Action, State]] = {
    State.DETECTED: {
        Action.ACKNOWLEDGE: State.ACKNOWLEDGED,
        Action.INVESTIGATE: State.INVESTIGATING,
        Action.MITIGATE: State.MITIGATED,
        Action.RESOLVE: State.RESOLVED,
    },
    State.ACKNOWLEDGED: {
        Action.INVESTIGATE: State.INVESTIGATING,
        Action.MITIGATE: State.MITIGATED,
        Action.RESOLVE: State.RESOLVED,
    },
    State.INVESTIGATING: {
        Action.MITIGATE: State.MITIGATED,
        Action.RESOLVE: State.RESOLVED,
        Action.CONCLUDE: State.INCONCLUSIVE,
    },
    State.MITIGATED: {
        Action.INVESTIGATE: State.INVESTIGATING,
        Action.RESOLVE: State.RESOLVED,
        Action.CONCLUDE: State.INCONCLUSIVE,
    },
    State.RESOLVED: {Action.LEARN: State.LEARNED, Action.REOPEN: State.INVESTIGATING},
    State.INCONCLUSIVE: {
        Action.RESOLVE: State.RESOLVED,
        Action.LEARN: State.LEARNED,
        Action.REOPEN: State.INVESTIGATING,
    },
    State.LEARNED: {},
}

CLOSING = frozenset(action for row in TABLE.values() for action, target in row.items() if not target.is_open)
"""The actions after which an incident takes nothing in."""

BEGINNING = ""
"""The from-state of an incident's first transition."""


def next_state(state: State, action: Action) -> State:
    """Return the state that `action` leads to.

    Raises InvalidTransition, which carries the state, the action and the allowed actions.
    """
    try:
        return TABLE[state][action]
    except KeyError:
        raise InvalidTransition(
            state=state.value, action=action.value, allowed=[allowed.value for allowed in allowed_actions(state)]
        ) from None


def allowed_actions(state: State) -> tuple[Action, ...]:
    """The actions that `state` allows, in the order of the table."""
    return tuple(TABLE[state])


def legal_pairs() -> frozenset[tuple[str, str]]:
    """Every (from, to) pair that a transition log may hold, the beginning included: 19 pairs."""
    pairs = {(state.value, target.value) for state, row in TABLE.items() for target in row.values()}
    return frozenset(pairs | {(BEGINNING, State.DETECTED.value)})
