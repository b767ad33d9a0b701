"""The index of open incidents decides what scoring every one of them by all its members decides."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import attrs
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.correlation import OPEN_TO_NEWCOMERS, Candidate
from sre_copilot.domain.correlation_needs import needs
from sre_copilot.domain.decisions import CorrelationOutcome
from sre_copilot.domain.open_incidents import SWEEP_AFTER, OpenIncidents
from sre_copilot.domain.service_graph import Call, Placement, ServiceGraph
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Environment, Severity
from sre_copilot.domain.snapshots import ObservedChange
from sre_copilot.domain.subjects import Subject
from tests.unit.domain.indexing import NOW, about, assert_same, indexed, lone_one, see

SERVICES = ("front", "shop", "pay", "db", "stock", "mail", "lonely")
NAMES = (*SERVICES, "host-1", "host-2", "stranger", "other", UNKNOWN_SERVICE)
PATHS = [("front", "shop"), ("shop", "pay"), ("pay", "db"), ("shop", "stock"), ("mail", "db")]

moments = st.one_of(
    st.sampled_from([0.0, 1.0, 30.0, 60.0, -42.0, 720.0]), st.floats(-1500, 1500), st.floats(-50, 50)
).map(lambda minutes: NOW + timedelta(minutes=minutes))
words = st.lists(
    st.sampled_from(["queue", "long", "Memory", "DiskFull", "pay", "slow", "crash", "abc", "xyz"]), max_size=6
)
subjects = st.builds(
    Subject,
    service=st.sampled_from(NAMES),
    started_at=moments,
    severity=st.sampled_from([Severity.HIGH, Severity.INFO]),
    environment=st.sampled_from([None, None, Environment.PRODUCTION, Environment.STAGING]),
    labels=st.fixed_dictionaries(
        {},
        optional={
            "alertname": st.sampled_from("AB"),
            "cluster": st.sampled_from(["eu", "us"]),
            "namespace": st.sampled_from(["a", "b", "c"]),
            "team": st.sampled_from(["x", "y"]),
            "node": st.sampled_from(["host-1", "host-2:9100", "host-9"]),
            "instance": st.sampled_from(["host-1:80", "10.0.0.1:80", "host-2"]),
            "pod": st.sampled_from(["pay-1", "pay-2", "db-0"]),
        },
    ),
    text=words.map(" ".join),
)
graphs = st.builds(
    ServiceGraph,
    services=st.frozensets(st.sampled_from(SERVICES)),
    calls=st.frozensets(st.sampled_from(PATHS).map(lambda path: Call(caller=path[0], callee=path[1]))),
    placements=st.frozensets(
        st.builds(Placement, service=st.sampled_from(SERVICES), host=st.sampled_from(["host-1", "host-2", "pay-1"])),
        max_size=3,
    ),
)
changes = st.lists(
    st.builds(
        ObservedChange,
        id=st.just(UUID(int=9)),
        service=st.sampled_from(["db", "pay", "shop", "stranger", UNKNOWN_SERVICE]),
        kind=st.just("deploy"),
        summary=st.just(""),
        at=moments,
    ),
    max_size=3,
)
lone = st.builds(
    Candidate,
    incident_id=st.integers(1, 10_000).map(lambda number: UUID(int=number)),
    opened_at=moments,
    detected_at=moments,
    last_signal_at=moments,
    has_open_episode=st.booleans(),
    members=st.lists(subjects, max_size=5).map(tuple),
)
candidates = st.lists(lone, max_size=7, unique_by=lambda each: each.incident_id)


@given(subjects, candidates, graphs, changes, moments)
def test_it_decides_what_scoring_all_incidents_by_all_members_decides(
    subject: Subject,
    candidates: list[Candidate],
    graph: ServiceGraph,
    changes: list[ObservedChange],
    now: datetime,
) -> None:
    assert_same(indexed(candidates), subject, candidates, graph, changes, now)


@given(
    st.lists(st.tuples(subjects, moments), min_size=1, max_size=4),
    candidates,
    st.lists(graphs, min_size=1, max_size=2),
    changes,
    st.lists(st.tuples(st.integers(0, 6), subjects), max_size=6),
    st.randoms(use_true_random=False),
)
def test_it_keeps_up_with_members_that_join_and_incidents_that_close_come_back_and_age(
    newcomers: list[tuple[Subject, datetime]],
    candidates: list[Candidate],
    graphs: list[ServiceGraph],
    changes: list[ObservedChange],
    joining: list[tuple[int, Subject]],
    random: object,
) -> None:
    index, now_open = indexed(candidates), list(candidates)
    for number, (subject, now) in enumerate(newcomers):
        graph = graphs[number % len(graphs)]
        assert_same(index, subject, now_open, graph, changes, now)
        for place, member in joining[number::2]:
            if place < len(now_open):
                moved = attrs.evolve(
                    now_open[place],
                    members=(*now_open[place].members, member),
                    detected_at=min(now_open[place].detected_at, member.started_at),
                    has_open_episode=not now_open[place].has_open_episode,
                )
                now_open[place] = moved
                index.join(moved.incident_id, member)
                see(index, moved)
        assert_same(index, subject, now_open, graph, changes, now)
        if now_open:
            closed = now_open.pop(random.randrange(len(now_open)))  # type: ignore[attr-defined]
            index.forget(closed.incident_id)
            assert_same(index, subject, now_open, graph, changes, now)
            if number % 2:
                back = attrs.evolve(closed, members=closed.members[:1])
                now_open.append(back)
                see(index, back)
                for member in back.members:
                    index.join(back.incident_id, member)
                assert_same(index, subject, now_open, graph, changes, now)
        assert len(index) == len(now_open)


@given(st.lists(subjects, min_size=1, max_size=6), candidates, graphs)
def test_it_still_does_when_many_incidents_have_come_and_gone(
    newcomers: list[Subject], candidates: list[Candidate], graph: ServiceGraph
) -> None:
    index = indexed(candidates)
    for number in range(SWEEP_AFTER + 3):
        passing = attrs.evolve(
            candidates[number % len(candidates)] if candidates else lone_one(newcomers[0]),
            incident_id=UUID(int=20_000 + number),
        )
        see(index, passing)
        index.join(passing.incident_id, newcomers[number % len(newcomers)])
        index.forget(passing.incident_id)
    fresh = lone_one(newcomers[-1])
    see(index, fresh)
    index.join(fresh.incident_id, newcomers[-1])
    for subject in newcomers:
        assert_same(index, subject, [*candidates, fresh], graph, [], NOW)


def test_who_gets_the_bits_of_a_forgotten_incident_is_no_neighbour_of_its_neighbours() -> None:
    graph = ServiceGraph(services=frozenset({"shop", "mail"}), calls=frozenset({Call(caller="shop", callee="mail")}))
    index, subject = OpenIncidents(), about("shop", "queue long", cluster="eu")
    for number in range(SWEEP_AFTER):
        passing = lone_one(about("mail", "queue long", cluster="eu"), number + 1)
        see(index, passing)
        index.join(passing.incident_id, passing.members[0])
        index.decide(subject, graph=graph, changes=(), now=NOW)
    for number in range(SWEEP_AFTER):
        index.forget(UUID(int=number + 1))
    fresh = lone_one(about("lonely", "queue long", cluster="eu"))
    see(index, fresh)
    index.join(fresh.incident_id, fresh.members[0])
    assert_same(index, subject, [fresh], graph, [], NOW)


def test_an_incident_is_open_to_newcomers_to_the_very_end_and_not_for_a_moment_longer() -> None:
    lone, graph = lone_one(about("shop")), ServiceGraph(services=frozenset({"shop"}))
    index, end = indexed([lone]), NOW + OPEN_TO_NEWCOMERS
    subject = attrs.evolve(about("shop"), started_at=end)
    for now, ruled in ((end, 1), (end + timedelta(microseconds=1), 0)):
        assert_same(index, subject, [lone], graph, [], now)
        found = index.decide(subject, graph=graph, changes=(), now=now)
        assert len(found.scores) + found.ruled_out == ruled


def test_an_incident_that_has_nothing_to_do_with_it_is_counted_and_not_scored() -> None:
    graph = ServiceGraph(services=frozenset({"pay", "mail"}))
    index = indexed([lone_one(about("mail", "queue long", cluster="eu"), 1), lone_one(about("pay"), 2)])
    found = index.decide(about("pay", "queue long", cluster="eu"), graph=graph, changes=(), now=NOW)
    assert (found.outcome, found.incident_id, found.ruled_out) == (CorrelationOutcome.JOINED, UUID(int=2), 1)
    assert [item.incident_id for item in found.scores] == [UUID(int=2)]


def test_where_no_topology_is_known_words_labels_and_time_each_rule_out_strangers() -> None:
    same: dict[str, Any] = {"cluster": "eu", "namespace": "shop"}
    index = indexed(
        [
            lone_one(about("a", "disk is full", minutes=0, **same), 1),
            lone_one(about("b", "queue long", minutes=0, **same), 2),
            lone_one(about("c", "disk is full", minutes=0, cluster="us", namespace="none"), 3),
            lone_one(about("d", "disk is full", minutes=-60, **same), 4),
        ]
    )
    found = index.decide(about("e", "disk is full", **same), graph=ServiceGraph(), changes=(), now=NOW)
    assert [item.incident_id.int for item in found.scores] == [1]
    assert found.ruled_out == 3


def test_closed_incidents_are_no_candidates_and_forgetting_strangers_is_nothing() -> None:
    index = indexed([lone_one(about("pay"), 1)])
    assert UUID(int=1) in index
    index.forget(UUID(int=1))
    index.forget(UUID(int=1))
    found = index.decide(about("pay"), graph=ServiceGraph(), changes=(), now=NOW)
    assert (found.outcome, found.scores, found.ruled_out) == (CorrelationOutcome.OPENED, (), 0)
    assert UUID(int=1) not in index


def test_members_may_come_before_what_else_is_known_of_their_incident() -> None:
    index = OpenIncidents()
    index.join(UUID(int=1), about("pay"))
    assert index.decide(about("pay"), graph=ServiceGraph(), changes=(), now=NOW).scores == ()
    see(index, lone_one(about("pay"), 1))
    assert index.decide(about("pay"), graph=ServiceGraph(), changes=(), now=NOW).incident_id == UUID(int=1)


def test_a_service_of_which_only_the_host_is_known_belongs_to_it() -> None:
    graph = ServiceGraph(placements=frozenset({Placement(service="shop", host="host-1")}))
    there = lone_one(about("host-1"))
    assert_same(indexed([there]), about("shop"), [there], graph, (), NOW)


def test_nothing_is_enough_for_an_incident_of_another_environment() -> None:
    assert needs(1.0, 1.0, 1.0, 0.0) is None
