"""Recommendations: what is proposed, and what people may do with it."""

from datetime import timedelta
from uuid import UUID

import attrs
import pytest

from sre_copilot.domain.actions import ACTIONS, ActionType, RiskLevel
from sre_copilot.domain.errors import RecommendationDecided
from sre_copilot.domain.hypotheses import CandidateKind
from sre_copilot.domain.outcomes import HALF_LIFE, Outcome, OutcomeResult
from sre_copilot.domain.proposals import ProposedRecommendation, RunbookMatch
from sre_copilot.domain.recommendations import TEXT_MATCH, Recommendation, RecommendationStatus, recommend
from sre_copilot.domain.runbooks import Runbook
from tests.unit.domain.proposing import CHANGE, NOW, cause, match, runbook

NOTHING_TRIED = 0.356
MEDIUM_MANUAL = 0.9 * 0.95
NONE_OF_THESE = cause("", kind=CandidateKind.NONE_OF_THESE)


def of_book(proposals: tuple[ProposedRecommendation, ...], book: Runbook) -> ProposedRecommendation:
    return next(proposal for proposal in proposals if proposal.runbook_id == book.id)


@pytest.mark.parametrize(
    ("kind", "action_type"),
    [
        ("deploy", ActionType.ROLLBACK),
        ("config", ActionType.REVERT_CONFIG),
        ("flag", ActionType.DISABLE_FLAG),
        ("Feature_Flag", ActionType.DISABLE_FLAG),
        ("configuration change", ActionType.REVERT_CONFIG),
        ("never heard of", ActionType.ROLLBACK),
    ],
)
def test_a_named_change_is_undone_in_the_way_of_its_kind_and_before_all_else(
    kind: str, action_type: ActionType
) -> None:
    suspect = cause(change=CHANGE, summary="Deploy payments 2.31.0")
    rival = match(runbook("scale", ActionType.RESTART))
    first, *_ = recommend([suspect], [rival], now=NOW, change_kinds={CHANGE: kind})
    assert first.action_type is action_type
    assert first.relevance_score == 1.0
    assert "payments" in first.description.split("\n")[0]
    assert "Deploy payments 2.31.0" in first.description
    assert first.rationale.startswith("payments is at fault (60%, between 0% and 100%).")


def test_a_change_of_unknown_kind_and_summary_is_named_by_its_id() -> None:
    (only,) = recommend([cause(change=CHANGE)], [], now=NOW)
    assert only.action_type is ActionType.ROLLBACK
    assert str(CHANGE) in only.description
    assert only.score == pytest.approx(NOTHING_TRIED * MEDIUM_MANUAL, abs=0.001)


def test_undoing_a_change_is_backed_by_the_runbook_that_says_how() -> None:
    proven = runbook("bad-deploy", ActionType.ROLLBACK, worked=8, failed=1)
    weaker = runbook("other-deploy", ActionType.ROLLBACK)
    (only,) = recommend([cause(change=CHANGE)], [match(weaker, 0.2), match(proven, 0.5, on=None)], now=NOW)
    assert only.runbook_id == proven.id
    assert only.score > NOTHING_TRIED
    assert 'Runbook "Bad-Deploy": it worked 8 of 9 times.' in only.rationale


def test_a_runbook_that_warns_of_its_rollback_raises_the_risk_of_the_proposal() -> None:
    book = runbook("bad-deploy", ActionType.ROLLBACK, risk=RiskLevel.HIGH)
    (only,) = recommend([cause(change=CHANGE)], [match(book)], now=NOW)
    assert only.risk_level is RiskLevel.HIGH


def test_a_rollback_is_never_proposed_just_because_a_runbook_mentions_one() -> None:
    book = runbook("errors", ActionType.ROLLBACK, ActionType.SHED_LOAD)
    (only,) = recommend([cause()], [match(book)], now=NOW)
    assert only.action_type is ActionType.SHED_LOAD
    assert only.relevance_score == TEXT_MATCH


def test_later_actions_of_a_runbook_are_worth_less_than_earlier_ones() -> None:
    book = runbook("slow", ActionType.SCALE_OUT, ActionType.WARM_CACHE)
    first, second = recommend([cause()], [match(book)], now=NOW)
    assert (first.action_type, second.action_type) == (ActionType.SCALE_OUT, ActionType.WARM_CACHE)
    assert second.relevance_score == pytest.approx(0.8 * first.relevance_score)


def test_when_nothing_explains_it_the_provider_is_asked_and_the_evidence_gathered() -> None:
    first, second = recommend([NONE_OF_THESE], [], now=NOW)
    assert (first.action_type, second.action_type) == (ActionType.CONTACT_PROVIDER, ActionType.OBSERVE)
    assert first.hypothesis_index == 0


def test_a_hypothesis_far_behind_the_best_one_is_not_acted_upon() -> None:
    decoy = cause("catalogue", primary=0.1, change=CHANGE)
    book = runbook("slow", ActionType.SCALE_OUT)
    assert recommend([cause(primary=0.8), decoy], [match(book, on=1)], now=NOW) == ()


def test_a_less_plausible_hypothesis_makes_its_actions_less_relevant() -> None:
    book = runbook("slow", ActionType.SCALE_OUT)
    (only,) = recommend([cause(primary=0.5), cause("cart", primary=0.25)], [match(book, on=1)], now=NOW)
    assert only.relevance_score == pytest.approx(TEXT_MATCH / 2)


def test_nothing_is_proposed_for_the_rest_of_the_candidates() -> None:
    others = cause("", kind=CandidateKind.OTHERS, change=CHANGE)
    assert recommend([others], [match(runbook("slow", ActionType.SCALE_OUT))], now=NOW) == ()


def test_nothing_is_proposed_when_no_hypothesis_has_any_confidence() -> None:
    assert recommend([cause(primary=0.0, change=CHANGE)], [], now=NOW) == ()


def test_hosts_are_drained_and_services_are_not() -> None:
    book = runbook("node-lost", ActionType.DRAIN_NODE, ActionType.FAILOVER)
    (on_host,) = recommend([cause("node-b3", kind=CandidateKind.HOST)], [match(book)], now=NOW)
    (on_service,) = recommend([cause()], [match(book)], now=NOW)
    assert on_host.description.startswith("Drain node-b3\n")
    assert on_service.action_type is ActionType.FAILOVER


def test_a_retired_runbook_is_not_proposed() -> None:
    book = runbook("bad-deploy", ActionType.ROLLBACK, ActionType.RESTART, active=False)
    (only,) = recommend([cause(change=CHANGE)], [match(book)], now=NOW)
    assert only.runbook_id is None


def test_a_runbook_without_actions_is_proposed_as_a_whole() -> None:
    (only,) = recommend([cause()], [match(runbook("odd", risk=RiskLevel.HIGH))], now=NOW)
    assert only.action_type is ActionType.FOLLOW_RUNBOOK
    assert only.risk_level is RiskLevel.HIGH
    assert only.rationale.endswith('Runbook "Odd": it has not been tried yet.')


def test_advice_on_a_named_service_takes_the_place_of_the_same_advice_on_the_symptoms() -> None:
    book = runbook("slow", ActionType.SCALE_OUT)
    (only,) = recommend([cause()], [match(book, on=None), match(book, on=0)], now=NOW)
    assert only.description.startswith("Add capacity for payments")


def test_a_match_on_the_symptoms_says_so() -> None:
    (only,) = recommend([], [match(runbook("slow", ActionType.SCALE_OUT), on=None)], now=NOW)
    assert only.hypothesis_index is None
    assert only.rationale.startswith("It answers the symptoms of this incident.")


def test_the_same_action_on_two_services_is_two_proposals() -> None:
    book = runbook("slow", ActionType.SCALE_OUT)
    both = recommend([cause(), cause("cart")], [match(book, on=0), match(book, on=1)], now=NOW)
    assert [one.hypothesis_index for one in both] == [0, 1]


def test_old_outcomes_weigh_less_than_new_ones() -> None:
    def score(age: timedelta) -> float:
        book = runbook("slow", ActionType.SCALE_OUT, failed=3, age=age)
        return of_book(recommend([cause()], [match(book)], now=NOW), book).score

    assert score(timedelta(0)) < score(HALF_LIFE) < score(10 * HALF_LIFE)


def test_dated_outcomes_are_weighed_by_their_own_age_and_not_counted_twice() -> None:
    book = runbook("slow", worked=2, failed=1, age=2 * HALF_LIFE)
    outcome = Outcome(
        id=UUID(int=1),
        recommendation_id=UUID(int=2),
        incident_id=UUID(int=3),
        runbook_id=book.id,
        result=OutcomeResult.WORKED,
        at=NOW,
    )
    record = RunbookMatch(runbook=book, relevance=1.0, outcomes=(outcome,)).track_record(NOW)
    assert record.worked == pytest.approx(1 + 0.25)
    assert record.failed == pytest.approx(0.25)


@pytest.mark.parametrize("relevance", [-0.1, 1.1])
def test_a_relevance_outside_its_range_is_refused(relevance: float) -> None:
    with pytest.raises(ValueError, match="relevance"):
        match(runbook(), relevance)


def test_a_match_of_a_hypothesis_that_is_not_there_is_refused() -> None:
    with pytest.raises(IndexError):
        recommend([], [match(runbook(), on=3)], now=NOW)
    with pytest.raises(ValueError, match="hypothesis_index"):
        match(runbook(), on=-1)


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="limit"):
        recommend([], [], now=NOW, limit=-1)


PENDING = Recommendation(
    id=UUID(int=1),
    incident_id=UUID(int=2),
    action_type=ActionType.ROLLBACK,
    description="Roll back payments\n\nUndo this change: 2.31.0",
    rationale="",
    risk_level=RiskLevel.MEDIUM,
    estimated_impact="",
    reversibility=ACTIONS[ActionType.ROLLBACK].reversibility,
    relevance_score=1.0,
    rank=1,
    created_at=NOW,
)
LATER = NOW + timedelta(minutes=4)
STEPS = {
    RecommendationStatus.ACCEPTED: Recommendation.accept,
    RecommendationStatus.REJECTED: Recommendation.reject,
    RecommendationStatus.EXECUTED: Recommendation.execute,
}
LEGAL = {
    (RecommendationStatus.PENDING, RecommendationStatus.ACCEPTED),
    (RecommendationStatus.PENDING, RecommendationStatus.REJECTED),
    (RecommendationStatus.ACCEPTED, RecommendationStatus.EXECUTED),
    (RecommendationStatus.ACCEPTED, RecommendationStatus.REJECTED),
}


@pytest.mark.parametrize("wanted", STEPS)
@pytest.mark.parametrize("status", RecommendationStatus)
def test_a_recommendation_takes_exactly_the_steps_that_its_status_allows(
    status: RecommendationStatus, wanted: RecommendationStatus
) -> None:
    recommendation = attrs.evolve(PENDING, status=status)
    if (status, wanted) in LEGAL:
        decided = STEPS[wanted](recommendation, at=LATER)
        assert (decided.status, decided.status_updated_at) == (wanted, LATER)
    else:
        with pytest.raises(RecommendationDecided) as refused:
            STEPS[wanted](recommendation, at=LATER)
        assert refused.value.data["status"] == status.value
        assert refused.value.data["wanted"] == wanted.value


def test_a_later_step_without_notes_keeps_the_earlier_ones() -> None:
    accepted = PENDING.accept(at=NOW, notes="Ada is on it")
    assert accepted.execute(at=LATER).user_notes == "Ada is on it"
    assert accepted.execute(at=LATER, notes="done").user_notes == "done"


def test_the_title_is_the_first_line_of_the_description() -> None:
    assert PENDING.title == "Roll back payments"
