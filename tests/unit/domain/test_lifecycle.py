"""The lifecycle: one table, one function."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sre_copilot.domain.actors import Actor, ActorKind, Role
from sre_copilot.domain.errors import InvalidTransition, MissingConclusion
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.lifecycle import OPEN, Action, State, allowed_actions, legal_pairs, next_state
from sre_copilot.domain.signals import Environment, Severity
from sre_copilot.domain.timeline import Transition, replay

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


NOW = datetime(2026, 5, 1, tzinfo=UTC)
TENANT = uuid4()
PERSON = Actor(tenant_id=TENANT, kind=ActorKind.PERSON, id=uuid4(), role=Role.ENGINEER)
SYSTEM = Actor.system(TENANT)


class LifeOfAnIncident(RuleBasedStateMachine):
    """Any sequence of verbs by people and the clock keeps the log, the stamps and the state in step."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        blank = Incident(
            id=uuid4(),
            tenant_id=TENANT,
            title="t",
            service="s",
            environment=Environment.PRODUCTION,
            severity=Severity.HIGH,
            detected_at=NOW,
            created_at=NOW,
            updated_at=NOW,
        )
        changed = blank.opened(transition_id=UUID(int=1), actor=SYSTEM)
        self.incident = changed.incident
        self.log: list[Transition] = [changed.transition]

    @rule(
        action=st.sampled_from(list(Action)),
        actor=st.sampled_from([PERSON, SYSTEM]),
        seconds=st.integers(-100, 1000),
        told=st.booleans(),
    )
    def act(self, action: Action, actor: Actor, seconds: int, told: bool) -> None:
        before, at = self.incident, self.now + timedelta(seconds=seconds)
        cause, summary = ("a cable", "replaced") if told else ("", "")
        try:
            changed = before.apply(
                action, actor=actor, at=at, transition_id=uuid4(), root_cause=cause, resolution_summary=summary
            )
        except InvalidTransition:
            assert action not in allowed_actions(before.state)
            assert self.incident is before
            return
        except MissingConclusion:
            assert action is Action.LEARN
            assert not told
            return
        assert action in allowed_actions(before.state)
        assert changed.incident.version == before.version + 1
        assert changed.transition.automated is not actor.is_person
        if action is Action.REOPEN:
            assert changed.incident.mitigated_at is None
            assert changed.incident.resolved_at is None
            assert changed.incident.reopen_count == before.reopen_count + 1
        if before.state is State.DETECTED:
            assert changed.incident.acknowledged_by_person is actor.is_person
            assert (changed.incident.acknowledged_at is not None) is (actor.is_person or action is Action.ACKNOWLEDGE)
        self.incident, self.now = changed.incident, max(self.now, at)
        self.log.append(changed.transition)

    @invariant()
    def the_log_leads_to_the_state(self) -> None:
        assert replay(list(reversed(self.log))) is self.incident.state
        assert [row.sequence for row in self.log] == list(range(1, len(self.log) + 1))
        assert {(row.from_state, row.to_state) for row in self.log} <= legal_pairs()

    @invariant()
    def stamps_never_lie_before_detection(self) -> None:
        for stamp in (
            self.incident.acknowledged_at,
            self.incident.investigating_started_at,
            self.incident.mitigated_at,
            self.incident.resolved_at,
        ):
            assert stamp is None or stamp >= self.incident.detected_at
        assert (self.incident.state is State.RESOLVED) <= (self.incident.resolved_at is not None)


LifeOfAnIncident.TestCase.settings = settings(stateful_step_count=30, max_examples=60, deadline=None)
TestLifeOfAnIncident = LifeOfAnIncident.TestCase
