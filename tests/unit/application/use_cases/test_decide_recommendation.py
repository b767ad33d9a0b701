"""Deciding on a recommendation: accepted or rejected by people, executed by nobody."""

from datetime import timedelta

import pytest

from sre_copilot.domain.errors import InvalidInput, NotFound, RecommendationDecided
from sre_copilot.domain.recommendations import Recommendation, RecommendationStatus
from sre_copilot.testing.clock import BEGINNING
from tests.unit.application.scene import Scene, scene


def decide(on: Scene, *, accept: bool, notes: str = "") -> Recommendation:
    decide_it = on.stage.copilot.decide_recommendation
    return decide_it(actor=on.stage.engineer, recommendation_id=on.pending, accept=accept, notes=notes)


@pytest.mark.parametrize(
    ("accept", "status"), [(True, RecommendationStatus.ACCEPTED), (False, RecommendationStatus.REJECTED)]
)
def test_the_word_is_kept_with_its_reason_and_time(accept: bool, status: RecommendationStatus) -> None:
    on = scene()
    on.stage.clock.advance(timedelta(minutes=2))
    decided = decide(on, accept=accept, notes="as the lead said")
    assert (decided.status, decided.user_notes) == (status, "as the lead said")
    assert decided.status_updated_at == BEGINNING + timedelta(minutes=2)
    assert on.stage.tables.recommendations[on.pending] == decided
    entry = list(on.stage.tables.audit.values())[-1]
    assert (entry.event_type, entry.resource_id) == (f"recommendation.{status.value}", on.pending)


def test_what_was_accepted_can_still_be_rejected_and_keeps_its_notes() -> None:
    on = scene()
    decide(on, accept=True, notes="try this")
    after = decide(on, accept=False)
    assert (after.status, after.user_notes) == (RecommendationStatus.REJECTED, "try this")


@pytest.mark.parametrize("accept", [True, False])
def test_what_was_rejected_stays_rejected(accept: bool) -> None:
    on = scene()
    decide(on, accept=False)
    before = on.database()
    with pytest.raises(RecommendationDecided) as refused:
        decide(on, accept=accept)
    assert (refused.value.data["status"], refused.value.data["allowed"]) == ("rejected", [])
    assert on.database() == before


def test_accepting_executes_nothing_and_leaves_the_other_recommendations_alone() -> None:
    on = scene()
    before = on.stage.tables.copy()
    decide(on, accept=True)
    after = on.stage.tables
    changed = [id_ for id_, row in after.recommendations.items() if row != before.recommendations[id_]]
    assert changed == [on.pending]
    assert (after.runbooks, after.outcomes, after.incidents) == (before.runbooks, before.outcomes, before.incidents)


def test_an_unknown_recommendation_is_not_found() -> None:
    on = scene()
    with pytest.raises(NotFound):
        on.stage.copilot.decide_recommendation(actor=on.stage.engineer, recommendation_id=on.incident, accept=True)


@pytest.mark.parametrize("notes", ["a\0b", "a\ud800b"])
def test_notes_that_cannot_be_stored_are_refused(notes: str) -> None:
    with pytest.raises(InvalidInput, match="The notes"):
        decide(scene(), accept=True, notes=notes)
