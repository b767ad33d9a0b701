"""Recording what came of it: the recommendation is executed, its runbook's counts follow."""

from datetime import timedelta

import pytest

from sre_copilot.domain.errors import InvalidInput, NotFound, RecommendationDecided
from sre_copilot.domain.outcomes import OutcomeResult
from sre_copilot.domain.recommendations import RecommendationStatus
from sre_copilot.domain.runbooks import Runbook
from sre_copilot.testing.clock import BEGINNING
from tests.unit.application.scene import Scene, scene

LATER = BEGINNING + timedelta(minutes=20)


def the_runbook(on: Scene) -> Runbook:
    runbook_id = on.stage.tables.recommendations[on.accepted].runbook_id
    assert runbook_id is not None
    return on.stage.tables.runbooks[runbook_id]


@pytest.mark.parametrize(
    ("result", "counts"),
    [(OutcomeResult.WORKED, (1, 1, 0)), (OutcomeResult.FAILED, (1, 0, 1)), (OutcomeResult.UNCLEAR, (1, 0, 0))],
)
def test_the_outcome_is_kept_and_counted_at_its_runbook(result: OutcomeResult, counts: tuple[int, int, int]) -> None:
    on = scene()
    on.stage.clock.set(LATER)
    executed = on.stage.copilot.record_outcome(
        actor=on.stage.engineer, recommendation_id=on.accepted, result=result, notes="errors are gone"
    )
    assert (executed.status, executed.status_updated_at) == (RecommendationStatus.EXECUTED, LATER)
    assert on.stage.tables.recommendations[on.accepted] == executed
    (outcome,) = on.stage.tables.outcomes.values()
    assert (outcome.result, outcome.notes, outcome.at) == (result, "errors are gone", LATER)
    assert (outcome.recommendation_id, outcome.incident_id) == (on.accepted, on.incident)
    assert (outcome.runbook_id, outcome.recorded_by) == (executed.runbook_id, on.stage.engineer.id)
    runbook = the_runbook(on)
    assert (runbook.usage_count, runbook.success_count, runbook.failure_count) == counts
    assert runbook.updated_at == LATER
    entry = list(on.stage.tables.audit.values())[-1]
    assert (entry.resource_id, dict(entry.details)) == (on.accepted, {"result": result.value})


def test_what_came_from_no_runbook_counts_at_none() -> None:
    on = scene()
    on.stage.copilot.decide_recommendation(actor=on.stage.engineer, recommendation_id=on.pending, accept=True)
    before = the_runbook(on)
    on.stage.copilot.record_outcome(actor=on.stage.engineer, recommendation_id=on.pending, result=OutcomeResult.WORKED)
    (outcome,) = on.stage.tables.outcomes.values()
    assert outcome.runbook_id is None
    assert the_runbook(on) == before


def test_what_automation_saw_is_recorded_by_nobody() -> None:
    on = scene()
    on.stage.copilot.record_outcome(actor=on.stage.system, recommendation_id=on.accepted, result=OutcomeResult.WORKED)
    (outcome,) = on.stage.tables.outcomes.values()
    assert outcome.recorded_by is None


def test_only_what_was_accepted_has_an_outcome() -> None:
    on = scene()
    before = on.database()
    with pytest.raises(RecommendationDecided):
        on.stage.copilot.record_outcome(
            actor=on.stage.engineer, recommendation_id=on.pending, result=OutcomeResult.WORKED
        )
    assert on.database() == before


def test_an_outcome_is_recorded_once() -> None:
    on = scene()
    record = on.stage.copilot.record_outcome
    record(actor=on.stage.engineer, recommendation_id=on.accepted, result=OutcomeResult.FAILED)
    before = on.database()
    with pytest.raises(RecommendationDecided):
        record(actor=on.stage.engineer, recommendation_id=on.accepted, result=OutcomeResult.WORKED)
    assert on.database() == before


def test_an_unknown_recommendation_is_not_found() -> None:
    on = scene()
    with pytest.raises(NotFound):
        on.stage.copilot.record_outcome(
            actor=on.stage.engineer, recommendation_id=on.incident, result=OutcomeResult.WORKED
        )


@pytest.mark.parametrize("notes", ["a\0b", "a\ud800b"])
def test_notes_that_cannot_be_stored_are_refused(notes: str) -> None:
    on = scene()
    with pytest.raises(InvalidInput, match="The notes"):
        on.stage.copilot.record_outcome(
            actor=on.stage.engineer, recommendation_id=on.accepted, result=OutcomeResult.WORKED, notes=notes
        )
