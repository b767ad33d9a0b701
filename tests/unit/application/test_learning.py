"""From a person's word to the next diagnosis, and back."""

from datetime import timedelta
from uuid import UUID

import pytest

from sre_copilot.adapters.diagnosis.engine import OfflineEngine
from sre_copilot.domain.actors import Role
from sre_copilot.domain.hypotheses import Diagnosis, EvidenceKind, Feedback, Hypothesis
from sre_copilot.domain.precedents import Precedent
from sre_copilot.domain.recalibration import ENOUGH
from sre_copilot.testing.precedents import make_answer, make_precedent
from sre_copilot.testing.snapshots import make_graph
from sre_copilot.testing.stage import Stage, alert, stage


@pytest.fixture
def here() -> Stage:
    """shop calls two of which nothing is known but that they are there."""
    made = stage(engine=OfflineEngine())
    made.copilot.import_services(actor=made.engineer, graph=make_graph([("shop", "left"), ("shop", "right")]))
    return made


def opened(here: Stage, key: str) -> UUID:
    """Let the shop become slow once more, in an incident of its own."""
    (incident_id,) = here.send(alert("ShopIsSlow", "shop", identity={"run": key})).opened
    return incident_id


def diagnosed(here: Stage, incident_id: UUID) -> tuple[Diagnosis, dict[str, Hypothesis]]:
    diagnosis, rows = here.copilot.diagnose(actor=here.engineer, incident_id=incident_id)
    return diagnosis, {row.cause.subject: row for row in rows}


def judge(here: Stage, row: Hypothesis, feedback: Feedback, role: Role = Role.ENGINEER) -> None:
    here.copilot.give_feedback(actor=here.person(role), hypothesis_id=row.id, feedback=feedback)


def precedent(here: Stage) -> Precedent:
    (found,) = here.tables.precedents.values()
    return found


def over(here: Stage, incident_id: UUID, **given: str) -> None:
    here.copilot.resolve(actor=here.engineer, incident_id=incident_id, **given)  # type: ignore[arg-type]


def test_an_accepted_cause_comes_first_the_next_time_until_its_person_takes_the_word_back(here: Stage) -> None:
    first = opened(here, "one")
    _, rows = diagnosed(here, first)
    judge(here, rows["right"], Feedback.ACCEPTED)
    over(here, first)
    second = opened(here, "two")
    diagnosis, after = diagnosed(here, second)
    assert after["right"].rank < after["left"].rank
    (item,) = [item for item in after["right"].cause.supporting if item.kind is EvidenceKind.PRECEDENT]
    assert item.refers_to == str(precedent(here).id)
    assert after["right"].cause.similar_incidents == (first,)
    assert [one.incident_id for one in diagnosis.similar] == [first]
    assert here.tables.snapshots[diagnosis.snapshot_id].precedents[0].id == precedent(here).id
    judge(here, rows["right"], Feedback.UNCERTAIN)
    _, back = diagnosed(here, second)
    assert back["right"].cause.confidence.primary == back["left"].cause.confidence.primary
    assert back["right"].cause.similar_incidents == ()


def test_a_rejected_cause_comes_later_the_next_time(here: Stage) -> None:
    first = opened(here, "one")
    _, rows = diagnosed(here, first)
    judge(here, rows["left"], Feedback.REJECTED)
    over(here, first)
    _, after = diagnosed(here, opened(here, "two"))
    assert after["right"].rank < after["left"].rank
    assert [item.kind for item in after["left"].cause.contradicting] == [EvidenceKind.PRECEDENT]


def test_an_incident_does_not_learn_from_itself(here: Stage) -> None:
    incident_id = opened(here, "one")
    _, rows = diagnosed(here, incident_id)
    judge(here, rows["right"], Feedback.ACCEPTED)
    diagnosis, after = diagnosed(here, incident_id)
    assert diagnosis.similar == ()
    assert after["right"].cause.confidence == rows["right"].cause.confidence


def test_a_root_cause_that_names_a_hypothesis_confirms_it_and_reopening_takes_it_back(here: Stage) -> None:
    incident_id = opened(here, "one")
    _, rows = diagnosed(here, incident_id)
    over(here, incident_id, root_cause="A full disk in left")
    confirmed = precedent(here).confirmed
    assert confirmed is not None
    assert (confirmed.hypothesis_id, confirmed.user_id) == (rows["left"].id, here.engineer.id)
    here.copilot.reopen(actor=here.engineer, incident_id=incident_id)
    assert precedent(here).confirmed is None
    over(here, incident_id)
    details = {"root_cause": "It was right after all", "resolution_summary": "Restarted it"}
    here.copilot.learn(actor=here.engineer, incident_id=incident_id, **details)  # type: ignore[arg-type]
    confirmed = precedent(here).confirmed
    assert confirmed is not None
    assert confirmed.cause.subject == "right"


def test_what_resolves_by_itself_or_names_nothing_teaches_nothing(here: Stage) -> None:
    incident_id = opened(here, "one")
    diagnosed(here, incident_id)
    over(here, incident_id, root_cause="A comet")
    assert not here.tables.precedents
    undiagnosed = opened(here, "two")
    over(here, undiagnosed, root_cause="left")
    assert not here.tables.precedents


def test_what_was_forgotten_stays_so_when_its_incident_is_judged_again(here: Stage) -> None:
    first = opened(here, "one")
    _, rows = diagnosed(here, first)
    judge(here, rows["right"], Feedback.ACCEPTED)
    with here.units(here.tenant.id) as uow:
        uow.precedents.save(precedent(here).forgotten(here.engineer.id, here.clock.now()))
        uow.commit()
    judge(here, rows["right"], Feedback.ACCEPTED, Role.ADMIN)
    assert precedent(here).forgotten_by == here.engineer.id
    over(here, first)
    diagnosis, _ = diagnosed(here, opened(here, "two"))
    assert diagnosis.similar == ()


def test_the_first_answer_is_kept_with_what_came_of_it(here: Stage) -> None:
    incident_id = opened(here, "one")
    first, rows = diagnosed(here, incident_id)
    diagnosed(here, incident_id)
    top = next(row for row in rows.values() if row.rank == 1)
    judge(here, rows["right"], Feedback.ACCEPTED)
    answer = precedent(here).answer
    assert answer is not None
    assert (answer.diagnosis_id, answer.primary) == (first.id, top.cause.confidence.primary)
    assert answer.right is (top.cause.subject == "right")


def test_a_diagnosis_says_by_whose_cases_it_is_calibrated_and_the_same_snapshot_gives_the_same(here: Stage) -> None:
    incident_id = opened(here, "one")
    shipped, before = diagnosed(here, incident_id)
    assert shipped.calibration.startswith("shipped 2026-")
    with here.units(here.tenant.id) as uow:
        for number in range(ENOUGH):
            answer = make_answer(0.9, right=number % 2 == 0, at=here.clock.now())
            uow.precedents.save(make_precedent(confirmed=None, answer=answer))
        uow.commit()
    here.clock.advance(timedelta(minutes=1))
    own, after = diagnosed(here, incident_id)
    assert own.slope < 1.0
    assert f"from {ENOUGH} incidents of this tenant" in own.calibration
    assert [row.rank for row in after.values()] == [row.rank for row in before.values()]
    snapshot = here.tables.snapshots[own.snapshot_id]
    assert [row.cause for row in after.values()] == list(OfflineEngine().diagnose(snapshot).causes)


def test_forgetting_or_restoring_a_precedent_twice_is_written_down_once(here: Stage) -> None:
    first = opened(here, "one")
    _, rows = diagnosed(here, first)
    judge(here, rows["right"], Feedback.ACCEPTED)
    over(here, first)
    known = precedent(here).id
    for _ in range(2):
        here.copilot.forget_precedent(actor=here.engineer, precedent_id=known)
    for _ in range(2):
        here.copilot.restore_precedent(actor=here.engineer, precedent_id=known)
    words = [row.event_type for row in here.tables.audit.values() if row.resource_id == known]
    assert [word for word in words if word in ("precedent.forgotten", "precedent.restored")] == [
        "precedent.forgotten",
        "precedent.restored",
    ]
