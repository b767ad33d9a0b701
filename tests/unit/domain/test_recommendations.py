"""Recommendations: what is proposed, in which order, and what people may do with it."""

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.actions import ACTIONS, ActionType, RiskLevel
from sre_copilot.domain.errors import RecommendationDecided
from sre_copilot.domain.hypotheses import CandidateKind, Confidence, RankedCause
from sre_copilot.domain.outcomes import HALF_LIFE, Outcome, OutcomeResult
from sre_copilot.domain.proposals import ProposedRecommendation, RunbookMatch
from sre_copilot.domain.recommendations import TEXT_MATCH, Recommendation, RecommendationStatus, recommend
from sre_copilot.domain.runbooks import Runbook, RunbookAction

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
CHANGE = UUID(int=77)
NOTHING_TRIED = 0.356
MEDIUM_MANUAL = 0.9 * 0.95


def cause(
    subject: str = "payments",
    *,
    primary: float = 0.6,
    kind: CandidateKind = CandidateKind.SERVICE,
    change: UUID | None = None,
    summary: str | None = None,
) -> RankedCause:
    return RankedCause(
        kind=kind,
        subject=subject,
        claim=f"{subject} is at fault.",
        description="",
        score=0.0,
        confidence=Confidence(lower=0.0, primary=primary, upper=1.0),
        components={},
        change_id=change,
        change_summary=summary,
    )


NONE_OF_THESE = cause("", kind=CandidateKind.NONE_OF_THESE)


def runbook(
    slug: str = "slow",
    *actions: ActionType,
    risk: RiskLevel = RiskLevel.LOW,
    worked: int = 0,
    failed: int = 0,
    age: timedelta = timedelta(0),
    active: bool = True,
) -> Runbook:
    return Runbook(
        id=UUID(int=int.from_bytes(slug.encode(), "big") % 2**128),
        slug=slug,
        title=slug.title(),
        description="What to do.",
        risk_level=risk,
        usage_count=worked + failed,
        success_count=worked,
        failure_count=failed,
        is_active=active,
        created_at=NOW - age,
        updated_at=NOW,
        actions=tuple(RunbookAction(action_type=one, description=f"Do {one.value}.") for one in actions),
    )


def match(book: Runbook, relevance: float = 1.0, *, on: int | None = 0) -> RunbookMatch:
    return RunbookMatch(runbook=book, relevance=relevance, hypothesis_index=on)


def of_book(proposals: tuple[ProposedRecommendation, ...], book: Runbook) -> ProposedRecommendation:
    return next(proposal for proposal in proposals if proposal.runbook_id == book.id)


action_types = st.sampled_from(ActionType)
relevances = st.floats(min_value=0.0, max_value=1.0)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[RankedCause], list[RunbookMatch], Mapping[UUID, str]]:
    kinds = [CandidateKind.SERVICE, CandidateKind.HOST, CandidateKind.NONE_OF_THESE, CandidateKind.OTHERS]
    hypotheses = [
        cause(
            draw(st.sampled_from(["payments", "cart", "node-b3", ""])),
            primary=draw(relevances),
            kind=draw(st.sampled_from(kinds)),
            change=draw(st.none() | st.just(CHANGE)),
        )
        for _ in range(draw(st.integers(0, 4)))
    ]
    places = st.none() | st.integers(0, len(hypotheses) - 1) if hypotheses else st.none()
    matches = [
        match(
            runbook(
                f"book-{number}",
                *draw(st.lists(action_types, max_size=4)),
                risk=draw(st.sampled_from(RiskLevel)),
                worked=draw(st.integers(0, 20)),
                failed=draw(st.integers(0, 20)),
                age=timedelta(days=draw(st.integers(0, 2_000))),
                active=draw(st.booleans()),
            ),
            draw(relevances),
            on=draw(places),
        )
        for number in range(draw(st.integers(0, 5)))
    ]
    return hypotheses, matches, {CHANGE: draw(st.sampled_from(["deploy", "config", "flag", "weather"]))}


@given(cases(), st.integers(0, 8))
def test_ranks_count_from_one_in_the_order_of_falling_scores_and_never_beyond_the_limit(
    case: tuple[list[RankedCause], list[RunbookMatch], Mapping[UUID, str]], limit: int
) -> None:
    hypotheses, matches, kinds = case
    proposals = recommend(hypotheses, matches, now=NOW, limit=limit, change_kinds=kinds)
    assert len(proposals) <= limit
    assert [proposal.rank for proposal in proposals] == list(range(1, len(proposals) + 1))
    assert all(one.score >= other.score for one, other in itertools.pairwise(proposals))
    assert all(0 < proposal.relevance_score <= 1 and 0 < proposal.score < 1 for proposal in proposals)


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_in_which_the_search_found_the_runbooks_is_irrelevant(
    case: tuple[list[RankedCause], list[RunbookMatch], Mapping[UUID, str]], shuffler: Random
) -> None:
    hypotheses, matches, kinds = case
    shuffled = list(matches)
    shuffler.shuffle(shuffled)
    here = recommend(hypotheses, matches, now=NOW, change_kinds=kinds)
    assert here == recommend(hypotheses, shuffled, now=NOW, change_kinds=kinds)


@given(cases())
def test_the_same_action_is_proposed_once_per_subject(
    case: tuple[list[RankedCause], list[RunbookMatch], Mapping[UUID, str]],
) -> None:
    hypotheses, matches, kinds = case
    proposals = recommend(hypotheses, matches, now=NOW, limit=100, change_kinds=kinds)
    titles = [proposal.description.split("\n")[0] for proposal in proposals]
    assert len(titles) == len(set(titles))


@given(cases())
def test_a_smaller_limit_is_a_prefix_of_a_larger_one(
    case: tuple[list[RankedCause], list[RunbookMatch], Mapping[UUID, str]],
) -> None:
    hypotheses, matches, kinds = case
    five = recommend(hypotheses, matches, now=NOW, limit=5, change_kinds=kinds)
    assert recommend(hypotheses, matches, now=NOW, limit=3, change_kinds=kinds) == five[:3]


@given(st.sampled_from(RiskLevel), st.sampled_from(RiskLevel))
def test_the_greater_risk_never_ranks_higher_when_all_else_is_equal(one: RiskLevel, other: RiskLevel) -> None:
    # Two types that the table holds to be equal, so that only the runbooks' own warning differs.
    books = runbook("a", ActionType.REROUTE_TRAFFIC, risk=one), runbook("b", ActionType.RAISE_LIMIT, risk=other)
    assert ACTIONS[ActionType.REROUTE_TRAFFIC].reversibility is ACTIONS[ActionType.RAISE_LIMIT].reversibility
    proposals = recommend([cause()], [match(book) for book in books], now=NOW)
    levels = [proposal.risk_level.severity for proposal in proposals]
    assert levels == sorted(levels)


@given(action_types, action_types)
def test_an_action_that_is_worse_on_both_counts_never_ranks_higher(one: ActionType, other: ActionType) -> None:
    proposals = recommend([], [match(runbook("a", one), on=None), match(runbook("b", other), on=None)], now=NOW)
    for earlier, later in itertools.pairwise(proposals):
        worse_risk = earlier.risk_level.severity > later.risk_level.severity
        worse_way_back = earlier.reversibility.severity > later.reversibility.severity
        assert not (worse_risk and worse_way_back)


@given(cases(), st.data())
def test_a_runbook_that_fits_better_never_ranks_lower(
    case: tuple[list[RankedCause], list[RunbookMatch], Mapping[UUID, str]], data: st.DataObject
) -> None:
    hypotheses, matches, _ = case
    plain = [attrs.evolve(one, change_id=None) for one in hypotheses]
    book = runbook("mine", ActionType.SCALE_OUT)
    low, high = sorted((data.draw(relevances), data.draw(relevances)))
    ranks = [
        _rank(recommend(plain, [*matches, match(book, fit, on=None)], now=NOW, limit=100), book) for fit in (low, high)
    ]
    assert ranks[1] <= ranks[0]


@given(cases(), st.integers(0, 10), st.integers(0, 10))
def test_a_runbook_that_worked_more_often_never_ranks_lower(
    case: tuple[list[RankedCause], list[RunbookMatch], Mapping[UUID, str]], failed: int, more: int
) -> None:
    hypotheses, matches, kinds = case
    ranks = []
    for worked in (2, 2 + more):
        book = runbook("mine", ActionType.SCALE_OUT, worked=worked, failed=failed)
        found = [*matches, match(book, 0.9, on=None)]
        ranks.append(_rank(recommend(hypotheses, found, now=NOW, limit=100, change_kinds=kinds), book))
    assert ranks[1] <= ranks[0]


def _rank(proposals: tuple[ProposedRecommendation, ...], book: Runbook) -> int:
    return next((proposal.rank for proposal in proposals if proposal.runbook_id == book.id), 1_000)


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
