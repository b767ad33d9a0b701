"""Feedback on a hypothesis: each person's own, and the latest shown."""

from datetime import timedelta

import pytest

from sre_copilot.domain.actors import Role
from sre_copilot.domain.errors import InvalidInput, NotFound, NotPermitted
from sre_copilot.domain.hypotheses import Feedback
from sre_copilot.testing.clock import BEGINNING
from tests.unit.application.scene import scene


@pytest.mark.parametrize("feedback", Feedback)
def test_the_word_is_kept_with_its_person_reason_and_time(feedback: Feedback) -> None:
    on = scene()
    here = on.stage
    here.clock.advance(timedelta(minutes=3))
    judged = here.copilot.give_feedback(
        actor=here.engineer, hypothesis_id=on.hypothesis, feedback=feedback, notes="the graph says so"
    )
    assert (judged.feedback, judged.feedback_notes) == (feedback, "the graph says so")
    assert (judged.feedback_user_id, judged.feedback_at) == (here.engineer.id, BEGINNING + timedelta(minutes=3))
    assert here.tables.hypotheses[on.hypothesis] == judged
    entry = list(here.tables.audit.values())[-1]
    assert (entry.resource_id, dict(entry.details)) == (on.hypothesis, {"feedback": feedback.value})


def test_two_people_each_keep_their_own_word_and_the_later_one_is_shown() -> None:
    on = scene()
    here = on.stage
    here.copilot.give_feedback(actor=here.engineer, hypothesis_id=on.hypothesis, feedback=Feedback.ACCEPTED)
    here.copilot.give_feedback(actor=here.person(Role.ADMIN), hypothesis_id=on.hypothesis, feedback=Feedback.REJECTED)
    given = {row.user_id: row.feedback for row in here.tables.feedback.values()}
    assert given == {here.people[Role.ENGINEER].id: Feedback.ACCEPTED, here.people[Role.ADMIN].id: Feedback.REJECTED}
    assert here.tables.hypotheses[on.hypothesis].feedback is Feedback.REJECTED


def test_feedback_changes_neither_the_rank_nor_the_confidence() -> None:
    on = scene()
    before = on.stage.tables.hypotheses[on.hypothesis]
    after = on.stage.copilot.give_feedback(
        actor=on.stage.engineer, hypothesis_id=on.hypothesis, feedback=Feedback.REJECTED
    )
    assert (after.rank, after.cause) == (before.rank, before.cause)


def test_automation_has_no_opinion() -> None:
    on = scene()
    with pytest.raises(NotPermitted, match="Only a person"):
        on.stage.copilot.give_feedback(actor=on.stage.system, hypothesis_id=on.hypothesis, feedback=Feedback.ACCEPTED)
    assert not on.stage.tables.feedback


def test_an_unknown_hypothesis_is_not_found() -> None:
    on = scene()
    with pytest.raises(NotFound):
        on.stage.copilot.give_feedback(actor=on.stage.engineer, hypothesis_id=on.incident, feedback=Feedback.ACCEPTED)


@pytest.mark.parametrize("notes", ["a\0b", "a\ud800b"])
def test_notes_that_cannot_be_stored_are_refused(notes: str) -> None:
    on = scene()
    with pytest.raises(InvalidInput, match="The notes"):
        on.stage.copilot.give_feedback(
            actor=on.stage.engineer, hypothesis_id=on.hypothesis, feedback=Feedback.ACCEPTED, notes=notes
        )
