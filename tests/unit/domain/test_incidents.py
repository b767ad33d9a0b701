"""The incident aggregate: stamps, severity, settling, edits."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.actors import Actor, ActorKind, Role
from sre_copilot.domain.edits import Edit, Impact, checked_title
from sre_copilot.domain.errors import ConcurrentTransition, InvalidInput, MissingConclusion
from sre_copilot.domain.incidents import SETTLE_TIME, SETTLE_TIME_RECURRING, Changed, Incident, Resolution
from sre_copilot.domain.lifecycle import Action, State
from sre_copilot.domain.signals import Environment, Severity
from sre_copilot.domain.timeline import replay

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
TENANT = uuid4()
PERSON = Actor(tenant_id=TENANT, kind=ActorKind.PERSON, id=UUID(int=7), role=Role.ENGINEER)
SYSTEM = Actor.system(TENANT)
SENDER = Actor.integration(TENANT, UUID(int=8))


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def incident(**changes: object) -> Incident:
    blank = Incident(
        id=UUID(int=1),
        tenant_id=TENANT,
        title="Checkout fails",
        service="checkout",
        environment=Environment.PRODUCTION,
        severity=Severity.MEDIUM,
        detected_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    )
    return attrs.evolve(blank, **changes)  # type: ignore[arg-type]


def moved(subject: Incident, action: Action, *, by: Actor = PERSON, minutes: float = 1, **details: object) -> Changed:
    return subject.apply(action, actor=by, at=later(minutes), transition_id=uuid4(), **details)  # type: ignore[arg-type]


def test_opening_writes_the_first_row_of_the_log() -> None:
    changed = incident().opened(transition_id=UUID(int=5), actor=SENDER, reason="an alert")
    row = changed.transition
    assert (row.from_state, row.to_state, row.sequence, row.automated) == ("", "detected", 1, True)
    assert row.actor == "integration:00000000-0000-0000-0000-000000000008"
    assert changed.incident.transition_count == 1


@pytest.mark.parametrize(
    ("action", "stamp"),
    [
        (Action.INVESTIGATE, "investigating_started_at"),
        (Action.MITIGATE, "mitigated_at"),
        (Action.RESOLVE, "resolved_at"),
    ],
)
def test_a_persons_skip_stamps_the_acknowledgement_too_an_automated_one_only_its_own(
    action: Action, stamp: str
) -> None:
    by_person, by_clock = moved(incident(), action).incident, moved(incident(), action, by=SYSTEM).incident
    assert by_person.acknowledged_at == getattr(by_person, stamp) == later(1)
    assert by_person.acknowledged_by_person
    assert (by_clock.acknowledged_at, by_clock.acknowledged_by_person) == (None, False)
    assert getattr(by_clock, stamp) == later(1)


def test_an_integrations_acknowledgement_is_stamped_but_no_persons() -> None:
    changed = moved(incident(), Action.ACKNOWLEDGE, by=SENDER).incident
    assert changed.mtta_seconds == 60
    assert not changed.acknowledged_by_person


def test_stamps_never_run_backwards() -> None:
    acknowledged = moved(incident(), Action.ACKNOWLEDGE, minutes=10).incident
    resolved = moved(acknowledged, Action.RESOLVE, minutes=5).incident
    assert resolved.resolved_at == later(10)
    assert moved(incident(), Action.ACKNOWLEDGE, minutes=-5).incident.acknowledged_at == NOW


def test_reopening_clears_what_was_over_and_counts() -> None:
    over = moved(moved(incident(), Action.MITIGATE).incident, Action.RESOLVE, by=SYSTEM, minutes=2).incident
    assert over.resolved_automatically
    assert over.mttr_seconds == 120
    again = moved(over, Action.REOPEN, minutes=3).incident
    assert (again.state, again.mitigated_at, again.resolved_at, again.resolution) == (
        State.INVESTIGATING,
        None,
        None,
        None,
    )
    assert (again.reopen_count, again.resolved_automatically, again.mttr_seconds) == (1, False, None)
    assert again.investigating_started_at == later(3)


def test_investigating_again_keeps_when_it_first_began() -> None:
    first = moved(incident(), Action.INVESTIGATE, minutes=1).incident
    again = moved(moved(first, Action.MITIGATE, minutes=2).incident, Action.INVESTIGATE, minutes=3).incident
    assert again.investigating_started_at == later(1)


def test_learning_needs_a_summary_and_a_cause_unless_inconclusive() -> None:
    resolved = moved(incident(), Action.RESOLVE).incident
    with pytest.raises(MissingConclusion) as refused:
        moved(resolved, Action.LEARN)
    assert refused.value.data["missing"] == ["resolution_summary", "root_cause"]
    learned = moved(resolved, Action.LEARN, root_cause="a cable", resolution_summary="replaced").incident
    assert (learned.state, learned.root_cause) == (State.LEARNED, "a cable")
    inconclusive = moved(moved(incident(), Action.INVESTIGATE).incident, Action.CONCLUDE).incident
    assert moved(inconclusive, Action.LEARN, resolution_summary="it went away").incident.state is State.LEARNED
    with pytest.raises(MissingConclusion):
        moved(inconclusive, Action.LEARN)


def test_a_resolve_says_how() -> None:
    resolved = moved(incident(), Action.RESOLVE, resolution=Resolution.FALSE_ALARM).incident
    assert resolved.resolution is Resolution.FALSE_ALARM
    assert [r for r in Resolution if not r.counts_in_response_times] == [Resolution.FALSE_ALARM, Resolution.DUPLICATE]


def test_an_expected_version_that_is_not_the_current_one_loses() -> None:
    with pytest.raises(ConcurrentTransition) as lost:
        moved(incident(version=3), Action.RESOLVE, expected_version=2)
    assert lost.value.data == {"expected_version": 2, "version": 3, "state": "detected"}
    assert moved(incident(version=3), Action.RESOLVE, expected_version=3).incident.version == 4
    with pytest.raises(ConcurrentTransition):
        incident(version=3).edited(Edit(title="x"), at=NOW, expected_version=1)


@given(st.lists(st.tuples(st.integers(-60, 60), st.sampled_from(list(Severity))), min_size=1))
def test_detection_only_moves_earlier_and_severity_only_rises(signals: list[tuple[int, Severity]]) -> None:
    subject = incident()
    for minutes, severity in signals:
        subject = subject.absorb(occurred_at=later(minutes), received_at=later(minutes), severity=severity)
    assert subject.detected_at == min(NOW, *(later(minutes) for minutes, _ in signals))
    assert subject.severity.weight == max(Severity.MEDIUM.weight, *(severity.weight for _, severity in signals))
    assert subject.last_signal_at == max(later(minutes) for minutes, _ in signals)
    assert subject.version == 1


def test_detection_stays_once_somebody_is_on_it_and_severity_where_people_set_it() -> None:
    acknowledged = moved(incident(), Action.ACKNOWLEDGE).incident
    assert acknowledged.absorb(occurred_at=later(-9), received_at=NOW, severity=Severity.LOW).detected_at == NOW
    lowered = incident().edited(Edit(severity=Severity.LOW), at=NOW)
    assert lowered.absorb(occurred_at=NOW, received_at=NOW, severity=Severity.CRITICAL).severity is Severity.LOW


def test_a_quiet_incident_settles_and_a_recurring_one_waits_longer() -> None:
    assert incident().settle(last_end_seen_at=NOW).settle_at == NOW + SETTLE_TIME
    assert incident(recurrence_count=1).settle(last_end_seen_at=NOW).settle_at == NOW + SETTLE_TIME
    assert incident(recurrence_count=2).settle(last_end_seen_at=NOW).settle_at == NOW + SETTLE_TIME_RECURRING
    assert incident(settle_at=NOW).settle(last_end_seen_at=None).settle_at is None
    closed = moved(incident(), Action.RESOLVE).incident
    assert closed.settle(last_end_seen_at=NOW).settle_at is None


def test_what_was_suggested_once_is_not_suggested_again_until_it_fires_again() -> None:
    suggested = incident(state=State.INVESTIGATING, settle_at=NOW).settle_suggested(NOW)
    assert (suggested.settle_at, suggested.settle_suggested_at) == (None, NOW)
    assert suggested.settle(last_end_seen_at=NOW).settle_at is None
    assert suggested.settle(last_end_seen_at=None).settle(last_end_seen_at=later(1)).settle_at == later(6)
    assert [state for state in State if incident(state=state).resolves_by_itself] == [
        State.DETECTED,
        State.ACKNOWLEDGED,
    ]


def test_editing_changes_what_is_given_and_nothing_else() -> None:
    edited = incident().edited(Edit(title="  New   title ", tags=("a",)), at=later(1))
    assert (edited.title, edited.tags, edited.severity, edited.version) == ("New title", ("a",), Severity.MEDIUM, 2)
    assert not edited.severity_overridden
    full = edited.edited(Edit(description="d", impact=Impact(affected_user_count=3)), at=NOW)
    assert (full.description, full.impact.affected_user_count, full.updated_at) == ("d", 3, later(1))


def test_assigning_counts_as_a_change() -> None:
    assigned = incident().assigned(UUID(int=4), at=later(1))
    assert (assigned.assigned_to, assigned.version) == (UUID(int=4), 2)
    assert assigned.assigned(None, at=later(1)).assigned_to is None


@pytest.mark.parametrize("title", ["", "   ", "x" * 501])
def test_a_title_needs_one_to_five_hundred_characters(title: str) -> None:
    with pytest.raises(InvalidInput):
        checked_title(title)
    assert checked_title("x" * 500)


def test_response_times_are_unknown_while_they_are() -> None:
    assert incident().mtta_seconds is None
    assert incident().mttr_seconds is None


def test_a_log_with_a_gap_is_refused() -> None:
    first = incident().opened(transition_id=uuid4(), actor=SYSTEM)
    second = moved(first.incident, Action.RESOLVE)
    assert replay([second.transition, first.transition]) is State.RESOLVED
    with pytest.raises(InvalidInput):
        replay([second.transition])


@pytest.mark.parametrize("blank", ["", " ", "\n\t "])
def test_what_is_blank_was_not_learnt(blank: str) -> None:
    resolved = moved(incident(), Action.RESOLVE).incident
    with pytest.raises(MissingConclusion) as refused:
        moved(resolved, Action.LEARN, root_cause=blank, resolution_summary=blank)
    assert refused.value.data["missing"] == ["resolution_summary", "root_cause"]
    concluded = moved(resolved, Action.REOPEN, root_cause=" a cable\n", resolution_summary=" replaced ").incident
    assert (concluded.root_cause, concluded.resolution_summary) == ("a cable", "replaced")
    again = moved(concluded, Action.RESOLVE, root_cause=blank, resolution_summary=blank).incident
    assert (again.root_cause, again.resolution_summary) == ("a cable", "replaced")


@pytest.mark.parametrize("state", list(State))
def test_only_an_open_incident_becomes_worse_by_a_late_signal(state: State) -> None:
    late = incident(state=state).absorb(occurred_at=NOW, received_at=later(9), severity=Severity.CRITICAL)
    assert late.severity is (Severity.CRITICAL if state.is_open else Severity.MEDIUM)
    assert late.last_signal_at == later(9)


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
@pytest.mark.parametrize(
    "edit",
    [
        lambda text: Edit(title=text),
        lambda text: Edit(description=text),
        lambda text: Edit(tags=("fine", text)),
        lambda text: Edit(impact=Impact(description=text)),
    ],
    ids=["title", "description", "tag", "impact"],
)
def test_an_edit_with_what_cannot_be_stored_is_refused(edit: Callable[[str], Edit], text: str) -> None:
    with pytest.raises(InvalidInput, match="surrogate"):
        incident().edited(edit(text), at=NOW)


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
@pytest.mark.parametrize("field", ["reason", "root_cause", "resolution_summary"])
def test_a_transition_with_what_cannot_be_stored_is_refused(field: str, text: str) -> None:
    details: dict[str, Any] = {field: text}
    with pytest.raises(InvalidInput, match="surrogate"):
        moved(incident(), Action.RESOLVE, **details)
