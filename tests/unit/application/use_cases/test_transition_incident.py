"""Every transition through its use case: all pairs of states and actions, versions, what learning needs, the trail."""

import itertools
from collections.abc import Callable
from typing import TypedDict

import pytest

from sre_copilot.domain.errors import ConcurrentTransition, InvalidTransition, MissingConclusion, NotFound
from sre_copilot.domain.incidents import Incident, Resolution
from sre_copilot.domain.lifecycle import TABLE, Action, State
from sre_copilot.domain.timeline import replay
from sre_copilot.testing.stage import Stage, stage


class Details(TypedDict, total=False):
    """What a verb may be told beyond whose and which incident."""

    resolution: Resolution
    root_cause: str
    resolution_summary: str


WAYS: dict[State, tuple[Action, ...]] = {
    State.DETECTED: (),
    State.ACKNOWLEDGED: (Action.ACKNOWLEDGE,),
    State.INVESTIGATING: (Action.INVESTIGATE,),
    State.MITIGATED: (Action.MITIGATE,),
    State.RESOLVED: (Action.RESOLVE,),
    State.INCONCLUSIVE: (Action.INVESTIGATE, Action.CONCLUDE),
    State.LEARNED: (Action.RESOLVE, Action.LEARN),
}
LEARNT: Details = {"root_cause": "a leak", "resolution_summary": "restarted"}


def incident_in(here: Stage, state: State) -> Incident:
    incident = here.copilot.declare(actor=here.engineer, title="Checkout fails", service="checkout")
    for action in WAYS[state]:
        incident = here.copilot.transition(actor=here.engineer, incident_id=incident.id, action=action, **LEARNT)
    assert incident.state is state
    return incident


@pytest.mark.parametrize(("state", "action"), list(itertools.product(State, Action)))
def test_every_action_in_every_state_does_what_the_table_says(state: State, action: Action) -> None:
    here = stage()
    incident = incident_in(here, state)
    if action in TABLE[state]:
        after = here.copilot.transition(actor=here.engineer, incident_id=incident.id, action=action, **LEARNT)
        assert after.state is TABLE[state][action]
        assert here.tables.incidents[incident.id] == after
    else:
        with pytest.raises(InvalidTransition) as refused:
            here.copilot.transition(actor=here.engineer, incident_id=incident.id, action=action, **LEARNT)
        assert refused.value.data["state"] == state.value
        assert here.tables.incidents[incident.id] == incident
    with here.units(here.tenant.id) as uow:
        assert replay(list(uow.incidents.transitions(incident.id))) is here.tables.incidents[incident.id].state


def test_the_row_says_who_and_why() -> None:
    here = stage()
    incident = incident_in(here, State.DETECTED)
    here.copilot.acknowledge(actor=here.engineer, incident_id=incident.id, reason="mine")
    row = list(here.tables.transitions.values())[-1]
    assert (row.user_id, row.reason, row.automated, row.sequence) == (here.engineer.id, "mine", False, 2)


def test_every_verb_of_the_facade_is_its_transition() -> None:
    here = stage()
    copilot, actor = here.copilot, here.engineer
    incident = incident_in(here, State.DETECTED)
    verbs: list[tuple[Callable[..., Incident], Details]] = [
        (copilot.acknowledge, {}),
        (copilot.investigate, {}),
        (copilot.mitigate, {}),
        (copilot.resolve, {"resolution": Resolution.FIXED}),
        (copilot.reopen, {}),
        (copilot.conclude, {}),
        (copilot.learn, {"resolution_summary": "nothing found"}),
    ]
    states = [verb(actor=actor, incident_id=incident.id, **details).state for verb, details in verbs]
    assert [state.value for state in states] == [
        "acknowledged",
        "investigating",
        "mitigated",
        "resolved",
        "investigating",
        "inconclusive",
        "learned",
    ]


def test_a_resolve_says_how() -> None:
    here = stage()
    incident = incident_in(here, State.ACKNOWLEDGED)
    after = here.copilot.resolve(actor=here.engineer, incident_id=incident.id, resolution=Resolution.FALSE_ALARM)
    assert (after.resolution, after.resolved_automatically) == (Resolution.FALSE_ALARM, False)


def test_learning_needs_what_was_learnt() -> None:
    here = stage()
    incident = here.copilot.declare(actor=here.engineer, title="Checkout fails", service="checkout")
    here.copilot.resolve(actor=here.engineer, incident_id=incident.id)
    with pytest.raises(MissingConclusion):
        here.copilot.learn(actor=here.engineer, incident_id=incident.id, resolution_summary="restarted")


def test_who_expects_another_version_is_told_that_somebody_was_first() -> None:
    here = stage()
    incident = incident_in(here, State.DETECTED)
    here.copilot.acknowledge(actor=here.engineer, incident_id=incident.id, expected_version=incident.version)
    with pytest.raises(ConcurrentTransition):
        here.copilot.investigate(actor=here.engineer, incident_id=incident.id, expected_version=incident.version)


def test_an_incident_of_another_tenant_is_not_found() -> None:
    here = stage()
    there = stage(units=here.units)
    incident = there.copilot.declare(actor=there.engineer, title="Theirs", service="checkout")
    with pytest.raises(NotFound):
        here.copilot.acknowledge(actor=here.engineer, incident_id=incident.id)
