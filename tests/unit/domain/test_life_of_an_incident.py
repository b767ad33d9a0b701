"""Any sequence of verbs, signals, settling and edits keeps log, stamps, severity and version in step."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sre_copilot.domain.actors import Actor, ActorKind, Role
from sre_copilot.domain.edits import Edit
from sre_copilot.domain.errors import ConcurrentTransition, InvalidTransition, MissingConclusion
from sre_copilot.domain.incidents import SETTLE_TIME, Incident, Resolution
from sre_copilot.domain.lifecycle import Action, State, allowed_actions, legal_pairs
from sre_copilot.domain.signals import Environment, Severity
from sre_copilot.domain.timeline import Transition, replay

NOW = datetime(2026, 5, 1, tzinfo=UTC)
TENANT = uuid4()
PERSON = Actor(tenant_id=TENANT, kind=ActorKind.PERSON, id=uuid4(), role=Role.ENGINEER)
SYSTEM = Actor.system(TENANT)
SENDER = Actor.integration(TENANT, uuid4())
STAMPS = ("acknowledged_at", "investigating_started_at", "mitigated_at", "resolved_at")
STAMP_OF = {
    Action.ACKNOWLEDGE: "acknowledged_at",
    Action.INVESTIGATE: "investigating_started_at",
    Action.MITIGATE: "mitigated_at",
    Action.RESOLVE: "resolved_at",
    Action.REOPEN: "investigating_started_at",
}


def stamps(incident: Incident) -> dict[str, datetime]:
    return {name: getattr(incident, name) for name in STAMPS if getattr(incident, name) is not None}


class LifeOfAnIncident(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        blank = Incident(
            id=uuid4(),
            tenant_id=TENANT,
            title="t",
            service="s",
            environment=Environment.PRODUCTION,
            severity=Severity.LOW,
            detected_at=NOW,
            created_at=NOW,
            updated_at=NOW,
        )
        changed = blank.opened(transition_id=UUID(int=1), actor=SYSTEM)
        self.incident = changed.incident
        self.log: list[Transition] = [changed.transition]
        self.changes = 1
        self.reopened = 0
        self.severity = Severity.LOW
        self.earliest = NOW

    @rule(
        action=st.sampled_from(list(Action)),
        actor=st.sampled_from([PERSON, SYSTEM, SENDER]),
        seconds=st.integers(-100, 1000),
        told=st.booleans(),
        resolution=st.sampled_from(list(Resolution)),
    )
    def act(self, action: Action, actor: Actor, seconds: int, told: bool, resolution: Resolution) -> None:
        before, at = self.incident, self.now + timedelta(seconds=seconds)
        cause, summary = ("a cable", "replaced") if told else ("", "")
        try:
            changed = before.apply(
                action,
                actor=actor,
                at=at,
                transition_id=uuid4(),
                expected_version=before.version,
                resolution=resolution,
                root_cause=cause,
                resolution_summary=summary,
            )
        except InvalidTransition as refused:
            assert action not in allowed_actions(before.state)
            assert refused.data["state"] == before.state.value
            return
        except MissingConclusion:
            assert action is Action.LEARN
            assert not told
            return
        assert action in allowed_actions(before.state)
        self.incident, self.now = changed.incident, max(self.now, at)
        self.log.append(changed.transition)
        self.changes += 1
        self.reopened += action is Action.REOPEN
        self._stamped(before, action, actor)
        assert (changed.transition.automated, changed.transition.user_id) == (not actor.is_person, actor.user_id)
        if action is Action.RESOLVE:
            assert (self.incident.resolution, self.incident.resolved_automatically) == (resolution, not actor.is_person)

    def _stamped(self, before: Incident, action: Action, actor: Actor) -> None:
        """Only what happened is stamped, never before anything that was stamped already."""
        old, new = stamps(before), stamps(self.incident)
        fresh = {name for name, stamp in new.items() if old.get(name) != stamp}
        may = {STAMP_OF.get(action, "")}
        if before.state is State.DETECTED and actor.is_person:
            may.add("acknowledged_at")
            assert "acknowledged_at" in new
        if before.state is State.DETECTED:
            assert self.incident.acknowledged_by_person is actor.is_person
        assert fresh <= may
        assert action not in STAMP_OF or STAMP_OF[action] in new
        assert all(new[name] >= max([self.incident.detected_at, *old.values()]) for name in fresh)
        gone = {"mitigated_at", "resolved_at"} if action is Action.REOPEN else set()
        assert old.keys() - new.keys() == gone & old.keys()

    @rule(action=st.sampled_from(list(Action)), behind=st.integers(1, 3))
    def lose_a_race(self, action: Action, behind: int) -> None:
        with pytest.raises(ConcurrentTransition):
            self.incident.apply(
                action,
                actor=PERSON,
                at=self.now,
                transition_id=uuid4(),
                expected_version=self.incident.version - behind,
            )

    @rule(seconds=st.integers(-500, 500), severity=st.sampled_from(list(Severity)))
    def hear_of_it(self, seconds: int, severity: Severity) -> None:
        occurred, before = NOW + timedelta(seconds=seconds), self.incident
        self.incident = before.absorb(occurred_at=occurred, received_at=self.now, severity=severity)
        if before.state is State.DETECTED:
            self.earliest = min(self.earliest, occurred)
        if before.state.is_open and not before.severity_overridden:
            self.severity = max(self.severity, severity, key=lambda one: one.weight)

    @rule(severity=st.none() | st.sampled_from(list(Severity)))
    def edit(self, severity: Severity | None) -> None:
        self.incident = self.incident.edited(Edit(description="d", severity=severity), at=self.now)
        self.severity = severity or self.severity
        self.changes += 1

    @rule(fires=st.booleans(), suggest=st.booleans())
    def settle(self, fires: bool, suggest: bool) -> None:
        before = self.incident
        self.incident = before.settle(last_end_seen_at=None if fires else self.now)
        if before.state.is_open and not fires and before.settle_suggested_at is None:
            assert self.incident.settle_at == self.now + SETTLE_TIME
            if suggest and not before.resolves_by_itself:
                self.incident = self.incident.settle_suggested(self.now)
        elif before.state.is_open and fires:
            assert (self.incident.settle_at, self.incident.settle_suggested_at) == (None, None)
        else:
            assert self.incident == before

    @invariant()
    def the_log_leads_to_the_state(self) -> None:
        assert replay(list(reversed(self.log))) is self.incident.state
        assert [row.sequence for row in self.log] == list(range(1, len(self.log) + 1))
        assert {(row.from_state, row.to_state) for row in self.log} <= legal_pairs()
        assert self.incident.transition_count == len(self.log)

    @invariant()
    def stamps_say_what_the_state_needs(self) -> None:
        assert all(stamp >= self.incident.detected_at for stamp in stamps(self.incident).values())
        if self.incident.state is State.RESOLVED:
            assert self.incident.resolved_at is not None
        if self.incident.state.is_open:
            assert (self.incident.resolved_at, self.incident.resolution) == (None, None)
        else:
            assert self.incident.settle_at is None
        if self.incident.state is State.LEARNED:
            assert self.incident.resolution_summary == "replaced"

    @invariant()
    def signals_move_detection_and_severity_but_not_the_version(self) -> None:
        assert self.incident.detected_at == self.earliest
        assert self.incident.severity is self.severity
        assert (self.incident.version, self.incident.reopen_count) == (self.changes, self.reopened)


LifeOfAnIncident.TestCase.settings = settings(stateful_step_count=30, deadline=None)
TestLifeOfAnIncident = LifeOfAnIncident.TestCase
