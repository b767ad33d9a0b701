"""Which share of the incident's signals a candidate would explain."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.diagnosis.coverage import (
    Suffering,
    complaints,
    earliness,
    explained,
    first_mention,
    shared_host,
)
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.snapshots import ObservedSignal
from sre_copilot.testing.snapshots import ONSET, STEP, make_graph, make_observed_signal

CHAIN = [("shop", "pay"), ("pay", "db")]


def signal(service: str, title: str = "is slow", *hosts: str, after: int = 0) -> ObservedSignal:
    return make_observed_signal(service, title, hosts=hosts, started_at=ONSET + after * STEP)


def test_a_storm_of_equal_signals_is_one_complaint_told_by_its_earliest() -> None:
    storm = [signal("shop", "is slow", "h2", "h1", after=n) for n in (3, 1, 2)]
    other = signal("shop", "is slow", "h1")
    found = complaints([*storm, signal("shop", "is slow", "h1", "h2", "h1", after=9), other])
    assert [(each.hosts, each.first) for each in found] == [(("h1",), other), (("h1", "h2"), storm[1])]
    assert complaints([]) == ()


@given(st.permutations([signal("a"), signal("b"), signal("a", "is down"), signal("a", after=2), signal("b", "x", "h")]))
def test_complaints_do_not_depend_on_the_order_of_the_signals(signals: list[ObservedSignal]) -> None:
    assert complaints(signals) == complaints(sorted(signals, key=lambda each: str(each.id)))


def test_callers_suffer_less_the_farther_they_are_and_callees_not_at_all() -> None:
    suffering = Suffering(graph=make_graph(CHAIN))
    assert suffering.of("db") == {"db": 1.0, "pay": 0.75, "shop": 0.5625}
    assert suffering.of("shop") == {"shop": 1.0}
    assert suffering.of("stranger") == {"stranger": 1.0}


def test_a_host_takes_along_the_share_of_the_pods_on_it_and_their_callers() -> None:
    placed = [("db", "host-1"), ("db", "host-1"), ("db", "host-2"), ("db", "host-3"), ("mail", "host-1")]
    found = Suffering(graph=make_graph(CHAIN, placed)).of("host-1")
    assert found == {"host-1": 1.0, "db": 0.5, "pay": 0.375, "shop": 0.28125, "mail": 1.0}


@pytest.mark.parametrize(
    ("graph", "known"),
    [
        (make_graph(), False),
        (make_graph(CHAIN), True),
        (make_graph((), [("db", "host-1")]), True),
        (ServiceGraph(services=frozenset({"db"})), False),
    ],
)
def test_a_graph_without_calls_and_placements_says_nothing_of_who_suffers(graph: ServiceGraph, known: bool) -> None:
    assert Suffering(graph=graph).known is known


def test_a_candidate_explains_the_mean_of_what_it_explains_of_each_complaint() -> None:
    found = complaints([signal("shop"), signal("pay", after=1), signal("mail", after=2), signal("mail", "m", "db")])
    share, best = explained(found, "db", {"db": 1.0, "pay": 0.75, "shop": 0.5})
    assert share == pytest.approx((0.5 + 0.75 + 0.0 + 1.0) / 4)
    assert best is not None
    assert (best.service, best.hosts) == ("mail", ("db",))


def test_of_equally_explained_complaints_the_earliest_is_told() -> None:
    found = complaints([signal("pay", "late", after=2), signal("pay", "early", after=1)])
    best = explained(found, "pay", {})[1]
    assert best is not None
    assert best.title == "early"


def test_what_explains_nothing_tells_of_no_complaint() -> None:
    assert explained((), "db", {"db": 1.0}) == (0.0, None)
    assert explained(complaints([signal("shop")]), "db", {"db": 1.0}) == (0.0, None)


@pytest.mark.parametrize(
    ("named", "elsewhere", "expected"),
    [
        ([], 0, 0.0),
        (["a"], 0, 0.0),
        (["a", "a"], 0, 0.0),
        (["a", "b"], 0, 1 / 3),
        (["a", "b", "c"], 0, 2 / 3),
        (["a", "b", "c", "d"], 0, 1.0),
        (["a", "b", "c", "d", "e"], 0, 1.0),
        (["a", "b", "c", "d"], 4, 0.5),
    ],
)
def test_a_host_is_shared_by_different_services_not_by_many_signals_of_one(
    named: list[str], elsewhere: int, expected: float
) -> None:
    signals = [signal(service, f"title {number}", "h1") for number, service in enumerate(named)]
    signals += [signal(f"x{number}", "is slow", "h2") for number in range(elsewhere)]
    signals += [signal("nowhere")]
    assert shared_host(complaints(signals), "h1") == pytest.approx(expected)


def test_the_first_mention_is_the_earliest_signal_of_a_service_or_on_a_host() -> None:
    late, early, hosted = signal("pay", "a", after=5), signal("pay", "b", after=3), signal("shop", "c", "h1", after=4)
    found = complaints([late, early, hosted])
    assert first_mention(found, "pay") == early
    assert first_mention(found, "h1") == hosted
    assert first_mention(found, "db") is None


@pytest.mark.parametrize(("seconds", "expected"), [(-60, 1.0), (0, 1.0), (60, 0.5), (120, 0.25)])
def test_each_minute_after_the_first_signal_halves_how_early_one_was(seconds: int, expected: float) -> None:
    assert earliness(ONSET + timedelta(seconds=seconds), ONSET) == expected


services = st.sampled_from(["shop", "pay", "db", "mail"])
hosts = st.sampled_from(["h1", "h2"])


@given(
    st.lists(st.builds(signal, services, st.sampled_from("ab"), hosts), max_size=6),
    st.lists(st.tuples(services, services), max_size=6),
    st.lists(st.tuples(services, hosts), max_size=4),
    services | hosts,
)
def test_shares_lie_between_nought_and_one_on_any_graph(
    signals: list[ObservedSignal], calls: list[tuple[str, str]], placed: list[tuple[str, str]], name: str
) -> None:
    found, suffering = complaints(signals), Suffering(graph=make_graph(calls, placed)).of(name)
    assert suffering[name] == 1.0
    assert all(0.0 < share <= 1.0 for share in suffering.values())
    assert 0.0 <= explained(found, name, suffering)[0] <= 1.0
    assert 0.0 <= shared_host(found, name) <= 1.0
