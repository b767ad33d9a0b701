"""What holds of the order of recommendations whatever they are made from."""

import itertools
from collections.abc import Mapping
from datetime import timedelta
from random import Random
from uuid import UUID

import attrs
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.actions import ACTIONS, ActionType, RiskLevel
from sre_copilot.domain.hypotheses import CandidateKind, RankedCause
from sre_copilot.domain.proposals import ProposedRecommendation, RunbookMatch
from sre_copilot.domain.recommendations import recommend
from sre_copilot.domain.runbooks import Runbook
from tests.unit.domain.proposing import CHANGE, NOW, cause, match, runbook

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
