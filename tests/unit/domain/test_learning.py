"""What people's words on hypotheses amount to."""

from datetime import timedelta
from uuid import UUID

import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.hypotheses import CandidateKind, Confidence, Feedback, Hypothesis
from sre_copilot.domain.incidents import Incident, Resolution
from sre_copilot.domain.learning import Blamed, Lesson, Said, first_answer, is_right, lesson_of, named_by
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.timeline import Transition
from sre_copilot.testing.builders import make_cause, make_diagnosis, make_hypothesis, make_incident, make_snapshot
from sre_copilot.testing.clock import BEGINNING

INCIDENT = make_incident(new_id())
DIAGNOSIS = make_diagnosis(make_snapshot(INCIDENT), slope=0.9)
ADA, BOB = new_id(), new_id()
ACCEPTED, REJECTED, UNCERTAIN = Feedback.ACCEPTED, Feedback.REJECTED, Feedback.UNCERTAIN


def blaming(subject: str, rank: int = 1, primary: float = 0.5, **given: object) -> Hypothesis:
    sure = Confidence(lower=0.0, primary=primary, upper=1.0)
    defaults = {"subject": subject, "claim": f"The trouble begins in {subject} itself.", "confidence": sure}
    return make_hypothesis(DIAGNOSIS, rank=rank, cause=make_cause(**{**defaults, **given}))


WEB, DB = blaming("web", primary=0.75), blaming("db", 2, 0.25)
CHANGE = blaming("db", 3, kind=CandidateKind.CHANGE, change_id=new_id(), change_summary="Pool of 5", claim="A change.")
NONE = blaming("", 4, kind=CandidateKind.NONE_OF_THESE, claim="None of these: the cause lies outside.")
ALL = (WEB, DB, CHANGE, NONE)


def said(hypothesis: Hypothesis, feedback: Feedback, who: UUID = ADA, minutes: int = 0) -> Said:
    return Said(hypothesis=hypothesis, user_id=who, feedback=feedback, at=BEGINNING + timedelta(minutes=minutes))


def learned(*words: Said, incident: Incident = INCIDENT, log: tuple[Transition, ...] = ()) -> tuple[str, set[str]]:
    lesson = lesson_of(incident, words, log, ALL)
    confirmed = lesson.confirmed.hypothesis.cause.subject if lesson.confirmed else "-"
    return confirmed, {one.hypothesis.cause.subject for one in lesson.rejected}


def closed(root_cause: str, state: State = State.RESOLVED, **given: object) -> tuple[Incident, tuple[Transition, ...]]:
    incident = make_incident(INCIDENT.tenant_id, root_cause=root_cause, state=state, **given)
    row = Transition(
        id=new_id(),
        incident_id=incident.id,
        sequence=2,
        from_state="detected",
        to_state=state.value,
        actor="person",
        user_id=BOB,
        reason="",
        automated=False,
        timestamp=BEGINNING,
    )
    return incident, (row,)


def test_the_cause_accepted_last_is_the_confirmed_one() -> None:
    assert learned() == ("-", set())
    assert learned(said(WEB, ACCEPTED), said(DB, ACCEPTED, minutes=1)) == ("db", set())


def test_who_takes_a_word_back_takes_back_what_was_learned_from_it() -> None:
    assert learned(said(WEB, ACCEPTED), said(WEB, UNCERTAIN, minutes=1)) == ("-", set())
    assert learned(said(WEB, ACCEPTED), said(WEB, REJECTED, minutes=1)) == ("-", {"web"})
    assert learned(said(WEB, REJECTED, minutes=2), said(WEB, ACCEPTED, minutes=3)) == ("web", set())


def test_a_cause_that_as_many_reject_as_accept_is_neither() -> None:
    assert learned(said(WEB, ACCEPTED), said(WEB, REJECTED, BOB)) == ("-", set())


def test_the_same_cause_of_another_diagnosis_is_the_same_cause() -> None:
    again = make_hypothesis(make_diagnosis(make_snapshot(INCIDENT)), cause=WEB.cause)
    assert learned(said(WEB, ACCEPTED), said(again, REJECTED, minutes=1)) == ("-", {"web"})


def test_a_root_cause_that_names_a_hypothesis_confirms_it_before_what_was_accepted() -> None:
    incident, log = closed("The pool of db was too small")
    assert learned(said(WEB, ACCEPTED), incident=incident, log=log) == ("db", set())
    lesson = lesson_of(incident, (), log, ALL)
    assert lesson.confirmed == Blamed(hypothesis=DB, user_id=BOB, at=BEGINNING)


def test_an_incident_that_is_open_again_no_longer_confirms_its_root_cause() -> None:
    incident, log = closed("db", State.INVESTIGATING)
    assert learned(incident=incident, log=log) == ("-", set())
    incident, log = closed("db", State.INCONCLUSIVE)
    assert learned(said(WEB, ACCEPTED), incident=incident, log=log) == ("web", set())


@pytest.mark.parametrize("resolution", [Resolution.FALSE_ALARM, Resolution.DUPLICATE])
def test_a_false_alarm_and_a_duplicate_teach_nothing(resolution: Resolution) -> None:
    incident, log = closed("db", resolution=resolution)
    assert learned(said(WEB, ACCEPTED), incident=incident, log=log) == ("-", set())


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("DB ran out of connections", DB),
        ("the trouble begins in web itself, we think", WEB),
        ("db: pool of 5 was deployed", CHANGE),
        ("none of these: the cause lies outside", NONE),
        ("web suffered from db", None),
        ("mongodb, or web-1", None),
        ("", None),
    ],
)
def test_a_root_cause_names_a_hypothesis_where_it_is_unmistakable(text: str, row: Hypothesis | None) -> None:
    assert named_by(text, ALL) == row


def test_a_root_cause_may_name_a_hypothesis_by_its_id() -> None:
    assert named_by(f"see {NONE.id}", ALL) == NONE


def test_a_component_was_right_where_a_change_of_it_is_confirmed_but_not_the_other_way_round() -> None:
    assert is_right(DB.cause, CHANGE.cause)
    assert not is_right(CHANGE.cause, DB.cause)
    assert is_right(NONE.cause, NONE.cause)
    assert not is_right(NONE.cause, CHANGE.cause)


def test_the_first_answer_is_right_wrong_or_not_known() -> None:
    def right(lesson: Lesson) -> bool | None:
        answer = first_answer(DIAGNOSIS, [DB, WEB], lesson)
        assert answer is not None
        assert (answer.primary, answer.chances, answer.slope) == (0.75, (0.75, 0.25), 0.9)
        return answer.right

    blamed = {row.cause.subject: Blamed(hypothesis=row, user_id=ADA, at=BEGINNING) for row in (WEB, DB)}
    assert right(Lesson(confirmed=blamed["web"])) is True
    assert right(Lesson(confirmed=blamed["db"])) is False
    assert right(Lesson(rejected=(blamed["web"],))) is False
    assert right(Lesson(rejected=(blamed["db"],))) is None
    assert right(Lesson()) is None
    assert first_answer(DIAGNOSIS, [], Lesson()) is None
