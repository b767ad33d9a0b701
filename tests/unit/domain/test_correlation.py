"""Correlation: which incident an episode belongs to, and why."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.correlation import THRESHOLD, WEIGHTS, Candidate, correlate, score
from sre_copilot.domain.decisions import CorrelationOutcome
from sre_copilot.domain.service_graph import Call, Placement, ServiceGraph
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Environment, Severity
from sre_copilot.domain.snapshots import ObservedChange
from sre_copilot.domain.subjects import Subject

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
GRAPH = ServiceGraph(
    services=frozenset({"front", "shop", "pay", "db", "stock", "mail"}),
    calls=frozenset(
        Call(caller=a, callee=b) for a, b in [("front", "shop"), ("shop", "pay"), ("pay", "db"), ("shop", "stock")]
    ),
    placements=frozenset({Placement(service="pay", host="host-1"), Placement(service="mail", host="host-2")}),
)
EMPTY = ServiceGraph()


def subject(
    service: str, *, minutes: float = 0, text: str = "", severity: Severity = Severity.HIGH, **labels: str
) -> Subject:
    return Subject(
        service=service, started_at=NOW + timedelta(minutes=minutes), severity=severity, labels=labels, text=text
    )


def candidate(
    *members: Subject, number: int = 1, opened: float = 0, last: float = 0, is_open: bool = True
) -> Candidate:
    return Candidate(
        incident_id=UUID(int=number),
        opened_at=NOW + timedelta(minutes=opened),
        detected_at=NOW + timedelta(minutes=opened),
        last_signal_at=NOW + timedelta(minutes=last),
        has_open_episode=is_open,
        members=members,
    )


def factors(
    one: Subject, other: Candidate, graph: ServiceGraph = GRAPH, changes: tuple[ObservedChange, ...] = ()
) -> dict[str, float | None]:
    return {factor.name: factor.value for factor in score(one, other, graph=graph, changes=changes).factors}


@pytest.mark.parametrize(
    ("service", "member", "expected"),
    [
        ("pay", "pay", 1.0),
        ("shop", "pay", 1.0),
        ("front", "pay", 0.9),
        ("front", "db", 0.8),
        ("pay", "shop", 0.95),
        ("db", "shop", 0.85),
        ("stock", "pay", 0.35),
        ("mail", "pay", 0.0),
        ("host-1", "pay", 0.9),
        ("pay", "host-1", 0.9),
        ("mail", "host-1", 0.0),
        ("host-1", "host-2", 0.0),
        ("stranger", "pay", None),
        (UNKNOWN_SERVICE, UNKNOWN_SERVICE, None),
    ],
)
def test_topology_knows_distance_and_direction_and_says_when_it_does_not(
    service: str, member: str, expected: float | None
) -> None:
    assert factors(subject(service), candidate(subject(member)))["topology"] == expected


def test_a_signal_of_no_known_service_is_about_the_host_that_its_labels_name() -> None:
    exporter = subject("exporter", node="host-1")
    assert factors(exporter, candidate(subject("pay")))["topology"] == 0.9
    assert factors(exporter, candidate(subject("mail")))["topology"] == 0.0
    assert factors(subject("elsewhere"), candidate(exporter))["topology"] is None


def test_labels_count_matches_and_a_place_that_differs_says_nothing() -> None:
    one = subject("pay", region="eu", pod="pay-1", alertname="X")
    assert factors(one, candidate(subject("db", region="eu", pod="pay-1", alertname="Y")))["labels"] == 1.0
    assert factors(one, candidate(subject("db", region="eu", pod="pay-2")))["labels"] == 1.0
    assert factors(one, candidate(subject("db", region="us", pod="pay-1")))["labels"] == 0.75
    assert factors(one, candidate(subject("db", zone="a")))["labels"] is None


def in_environment(one: Subject, environment: Environment | None) -> Subject:
    return attrs.evolve(one, environment=environment)


@pytest.mark.parametrize("environment", [Environment.PRODUCTION, None])
def test_the_same_environment_says_nothing_nor_does_one_that_nobody_named(environment: Environment | None) -> None:
    other = candidate(in_environment(subject("pay"), Environment.PRODUCTION))
    assert factors(in_environment(subject("pay"), environment), other)["environment"] is None


def test_another_environment_keeps_apart_whatever_else_agrees() -> None:
    member = subject("pay", text="queue is long", cluster="eu1")
    change = ObservedChange(id=UUID(int=1), service="pay", kind="deploy", summary="", at=NOW - timedelta(minutes=5))
    other = candidate(in_environment(member, Environment.PRODUCTION))
    found = score(in_environment(member, Environment.STAGING), other, graph=GRAPH, changes=(change,))
    assert found.score < THRESHOLD


@pytest.mark.parametrize(
    ("service", "expected"), [("pay", 1.0), ("shop", None), ("stock", None), ("mail", 0.0), ("stranger", 0.0)]
)
def test_that_two_services_are_not_the_same_counts_only_where_no_call_connects_them(
    service: str, expected: float | None
) -> None:
    assert factors(subject(service), candidate(subject("pay")))["same_service"] == expected


@pytest.mark.parametrize(("caller", "callee"), [("shop", "pay"), ("pay", "shop"), ("front", "db"), ("db", "front")])
def test_a_path_of_calls_brings_together_whatever_the_words_are(caller: str, callee: str) -> None:
    one, other = subject(caller, text="cannot log in"), candidate(subject(callee, text="queue is long"))
    assert score(one, other, graph=GRAPH, changes=()).score >= THRESHOLD


def test_the_same_words_at_the_same_time_do_not_bring_unconnected_services_together() -> None:
    one = subject("mail", text="queue is long", cluster="eu1", namespace="all")
    other = candidate(subject("pay", text="queue is long", cluster="eu1", namespace="all"))
    assert score(one, other, graph=GRAPH, changes=()).score < THRESHOLD


def test_unknown_factors_are_left_out_and_the_rest_is_weighed_anew() -> None:
    one, other = subject("a", text="QueueBacklog"), candidate(subject("a", text="QueueBacklog"))
    found = score(one, other, graph=EMPTY, changes=())
    known = {f.name: f.value for f in found.factors if f.value is not None}
    assert set(known) == {"same_service", "topology", "time", "text"}
    weights = sum(WEIGHTS[name] for name in known)
    assert found.score == pytest.approx(sum(WEIGHTS[name] * value for name, value in known.items()) / weights, abs=1e-6)


def test_time_fades_by_the_nearest_start() -> None:
    value = factors(subject("a", minutes=30), candidate(subject("b", minutes=-50), subject("b", minutes=0)))["time"]
    assert value == pytest.approx(0.36788, abs=1e-4)


def test_text_ignores_the_names_of_services() -> None:
    assert factors(subject("pay", text="pay is down"), candidate(subject("db", text="db is down")))["text"] == 1.0
    assert factors(subject("pay", text="pay"), candidate(subject("db", text="db is down")))["text"] is None


def test_a_change_before_both_in_what_both_reach_speaks_for_belonging_together() -> None:
    change = ObservedChange(id=UUID(int=9), service="pay", kind="deploy", summary="s", at=NOW - timedelta(minutes=5))
    other = candidate(subject("shop"))
    assert factors(subject("front"), other, changes=(change,))["common_change"] == 1.0
    assert factors(subject("mail"), other, changes=(change,))["common_change"] is None
    late = ObservedChange(id=UUID(int=9), service="pay", kind="deploy", summary="s", at=NOW + timedelta(minutes=5))
    assert factors(subject("front"), other, changes=(late,))["common_change"] is None


def decide(one: Subject, *others: Candidate, minutes: float = 0) -> tuple[CorrelationOutcome, UUID | None]:
    decision = correlate(one, others, graph=GRAPH, changes=(), now=NOW + timedelta(minutes=minutes))
    assert decision.threshold == THRESHOLD
    return decision.outcome, decision.incident_id


def test_the_best_over_the_threshold_wins_and_all_candidates_are_kept() -> None:
    pay, mail = candidate(subject("pay"), number=1), candidate(subject("mail"), number=2)
    decision = correlate(subject("pay"), [mail, pay], graph=GRAPH, changes=(), now=NOW)
    assert (decision.outcome, decision.incident_id) == (CorrelationOutcome.JOINED, UUID(int=1))
    assert [item.incident_id.int for item in decision.scores] == [1, 2]


def test_without_one_a_new_incident_opens_unless_it_is_only_information() -> None:
    other = candidate(subject("mail"))
    assert decide(subject("pay"), other) == (CorrelationOutcome.OPENED, None)
    assert decide(subject("pay", severity=Severity.INFO), other) == (CorrelationOutcome.CONTEXT_ONLY, None)
    assert decide(subject("mail", severity=Severity.INFO), other) == (CorrelationOutcome.JOINED, UUID(int=1))


def test_ties_go_to_the_oldest_and_then_to_the_smaller_id() -> None:
    same = subject("pay")
    assert decide(same, candidate(same, number=2, opened=-1), candidate(same, number=1))[1] == UUID(int=2)
    assert decide(same, candidate(same, number=2), candidate(same, number=1))[1] == UUID(int=1)


@pytest.mark.parametrize(
    ("is_open", "last", "opened", "minutes", "active"),
    [
        (True, 0, 0, 600, True),
        (False, 0, 0, 30, True),
        (False, 0, 0, 30.1, False),
        (True, 1440, 0, 1440, True),
        (True, 1440, 0, 1440.1, False),
        (True, 0, 0, -1440, True),
        (True, 0, 0, -1440.1, False),
    ],
)
def test_only_active_incidents_take_in_newcomers(
    is_open: bool, last: float, opened: float, minutes: float, active: bool
) -> None:
    other = candidate(subject("pay"), is_open=is_open, last=last, opened=opened)
    assert other.is_active(NOW + timedelta(minutes=minutes)) is active


names = st.sampled_from(["front", "shop", "pay", "db", "stock", "mail", "host-1", "stranger", UNKNOWN_SERVICE])
subjects = st.builds(
    subject,
    names,
    minutes=st.integers(-60, 60),
    text=st.text(alphabet="abc XY", max_size=12),
    region=st.sampled_from(["eu", "us"]),
    node=st.sampled_from(["host-1", "host-2", "host-9"]),
)


@given(subjects, st.lists(subjects, max_size=4), st.sampled_from([GRAPH, EMPTY]))
def test_every_score_and_factor_lies_between_zero_and_one(
    one: Subject, members: list[Subject], graph: ServiceGraph
) -> None:
    found = score(one, candidate(*members), graph=graph, changes=())
    assert 0 <= found.score <= 1
    assert all(factor.value is None or 0 <= factor.value <= 1 for factor in found.factors)


@given(subjects, st.permutations([subject("pay"), subject("mail"), subject("stranger")]))
def test_the_order_of_an_incidents_members_is_irrelevant(one: Subject, members: list[Subject]) -> None:
    straight = candidate(subject("pay"), subject("mail"), subject("stranger"))
    assert score(one, candidate(*members), graph=GRAPH, changes=()) == score(one, straight, graph=GRAPH, changes=())
