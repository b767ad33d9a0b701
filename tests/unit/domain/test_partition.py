"""Correlation splits signals into incidents: in any order, with or without a known topology, and says all that it weighed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.correlation import THRESHOLD, WEIGHTS, Candidate, correlate
from sre_copilot.domain.decisions import CorrelationOutcome
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.signals import Severity
from sre_copilot.domain.subjects import Subject

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
GROUPS = {
    "shop": ("CheckoutTimeout", {"region": "eu"}),
    "mail": ("SmtpQueueBacklog", {"region": "us"}),
    "search": ("ShardUnassigned", {"region": "ap"}),
}

Named = tuple[str, datetime]


def subject(service: str, number: int, severity: Severity = Severity.HIGH) -> Subject:
    text, labels = GROUPS[service]
    started = NOW + timedelta(seconds=20 * number)
    return Subject(service=service, started_at=started, severity=severity, labels=labels, text=text)


def candidate(number: int, *members: Subject) -> Candidate:
    return Candidate(
        incident_id=UUID(int=number),
        opened_at=NOW,
        detected_at=min(member.started_at for member in members),
        last_signal_at=max(member.started_at for member in members),
        has_open_episode=True,
        members=members,
    )


def partition(subjects: Sequence[Subject], graph: ServiceGraph) -> set[frozenset[Named]]:
    """Correlate one after the other, as they arrive."""
    incidents: dict[UUID, tuple[Subject, ...]] = {}
    for one in subjects:
        candidates = [candidate(incident.int, *members) for incident, members in incidents.items()]
        decision = correlate(one, candidates, graph=graph, changes=(), now=NOW + timedelta(minutes=10))
        incident = decision.incident_id or UUID(int=len(incidents) + 1)
        incidents[incident] = (*incidents.get(incident, ()), one)
    return {frozenset(map(_named, members)) for members in incidents.values()}


def _named(one: Subject) -> Named:
    return one.service, one.started_at


arrivals = st.lists(st.sampled_from(sorted(GROUPS)), min_size=1, max_size=9).flatmap(
    lambda services: st.permutations([subject(service, number) for number, service in enumerate(services)])
)
graphs = st.sampled_from([ServiceGraph(), ServiceGraph(services=frozenset(GROUPS))])


@given(arrivals, graphs)
def test_signals_that_belong_together_or_apart_are_split_into_the_same_incidents_in_any_order(
    subjects: list[Subject], graph: ServiceGraph
) -> None:
    wanted = {
        frozenset(_named(one) for one in subjects if one.service == service)
        for service in {one.service for one in subjects}
    }
    assert partition(subjects, graph) == wanted


@given(arrivals, graphs, st.randoms(use_true_random=False))
def test_a_decision_keeps_every_active_candidate_with_all_factors_best_first(
    subjects: list[Subject], graph: ServiceGraph, random: object
) -> None:
    one, *others = subjects
    candidates = [candidate(number, other) for number, other in enumerate(others, 1)]
    decision = correlate(one, candidates, graph=graph, changes=(), now=NOW + timedelta(minutes=10))
    random.shuffle(candidates)  # type: ignore[attr-defined]
    assert correlate(one, candidates, graph=graph, changes=(), now=NOW + timedelta(minutes=10)) == decision
    assert {each.incident_id for each in decision.scores} == {each.incident_id for each in candidates}
    assert [each.score for each in decision.scores] == sorted((each.score for each in decision.scores), reverse=True)
    for each in decision.scores:
        assert {factor.name: factor.weight for factor in each.factors} == dict(WEIGHTS)
        known = [(factor.weight, factor.value) for factor in each.factors if factor.value is not None]
        mean = sum(weight * value for weight, value in known) / sum(weight for weight, _ in known)
        assert each.score == pytest.approx(mean, abs=1e-6)


@given(st.sampled_from(Severity), st.sampled_from(sorted(GROUPS)), st.sampled_from(sorted(GROUPS)))
def test_information_joins_an_incident_but_never_opens_one(severity: Severity, service: str, other: str) -> None:
    decision = correlate(
        subject(service, 1, severity), [candidate(1, subject(other, 0))], graph=ServiceGraph(), changes=(), now=NOW
    )
    if service == other:
        assert (decision.outcome, decision.incident_id) == (CorrelationOutcome.JOINED, UUID(int=1))
        assert decision.scores[0].score >= THRESHOLD
    else:
        opens = CorrelationOutcome.CONTEXT_ONLY if severity is Severity.INFO else CorrelationOutcome.OPENED
        assert (decision.outcome, decision.incident_id) == (opens, None)


def test_without_a_known_topology_words_and_labels_bring_two_services_together() -> None:
    shared = {"cluster": "eu-1", "tenant": "acme"}
    one, other = (
        Subject(service=name, started_at=NOW, severity=Severity.HIGH, labels=shared, text="RequestTimeout")
        for name in ("shop", "pay")
    )
    decision = correlate(one, [candidate(1, other)], graph=ServiceGraph(), changes=(), now=NOW)
    assert decision.incident_id == UUID(int=1)
    factors = {factor.name: factor.value for factor in decision.scores[0].factors}
    assert (factors["topology"], factors["text"], factors["labels"]) == (None, 1.0, 1.0)
