"""Who calls whom, and what runs where."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.service_graph import MAX_DISTANCE, Call, Placement, ServiceGraph

NAMES = tuple("abcdefghij")
pairs = st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=25)
pods = st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(["h1", "h2", "h3"])), max_size=8)


def graph_of(calls: Iterable[tuple[str, str]] = (), placed: Iterable[tuple[str, str]] = ()) -> ServiceGraph:
    return ServiceGraph(
        calls=frozenset(Call(caller=one, callee=other) for one, other in calls),
        placements=frozenset(Placement(service=service, host=host) for service, host in placed),
    )


def distances(calls: set[tuple[str, str]], start: str) -> dict[str, int]:
    """The length of the shortest path to everything, by widening the known ground one call at a time."""
    found = {start: 0}
    for depth in range(1, len(NAMES) + 1):
        reached = {other for one, other in calls if one in found} - found.keys()
        found |= dict.fromkeys(reached, depth)
    return found


@given(pairs, st.sampled_from(NAMES))
def test_everything_at_most_six_calls_downstream_is_found_once_and_nearest_first(
    calls: set[tuple[str, str]], start: str
) -> None:
    walked = list(graph_of(calls).downstream(start))
    near = {name: away for name, away in distances(calls, start).items() if away <= MAX_DISTANCE}
    assert dict(walked) == near
    assert len(walked) == len(near)
    assert [away for _, away in walked] == sorted(near.values())


@given(pairs, st.sampled_from(NAMES))
def test_upstream_is_downstream_of_the_calls_turned_round(calls: set[tuple[str, str]], start: str) -> None:
    turned = graph_of((other, one) for one, other in calls)
    assert list(graph_of(calls).upstream(start)) == list(turned.downstream(start))


@given(pairs, st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_calls_between_are_the_shortest_path_down_or_unknown(
    calls: set[tuple[str, str]], caller: str, callee: str
) -> None:
    away = distances(calls, caller).get(callee)
    expected = away if away is not None and away <= MAX_DISTANCE else None
    assert graph_of(calls).calls_between(caller, callee) == expected


@given(pairs, st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_whoever_reaches_is_reached_over_the_same_distance(calls: set[tuple[str, str]], one: str, other: str) -> None:
    graph = graph_of(calls)
    assert dict(graph.downstream(one)).get(other) == dict(graph.upstream(other)).get(one)


@given(pairs, pods)
def test_callers_and_callees_are_the_two_ends_of_the_calls_sorted(
    calls: set[tuple[str, str]], placed: set[tuple[str, str]]
) -> None:
    graph = graph_of(calls, placed)
    for name in NAMES:
        assert graph.callees(name) == tuple(sorted({other for one, other in calls if one == name}))
        assert graph.callers(name) == tuple(sorted({one for one, other in calls if other == name}))


@given(pods)
def test_hosts_and_services_are_the_two_ends_of_the_placements(placed: set[tuple[str, str]]) -> None:
    graph = graph_of((), placed)
    assert graph.hosts == {host for _, host in placed}
    for name in NAMES:
        assert graph.hosts_of(name) == {host for service, host in placed if service == name}
    for host in ("h1", "h2", "h3"):
        assert graph.is_host(host) is (host in graph.hosts)


def test_a_graph_knows_its_services_hosts_and_both_ends_of_its_calls_and_nothing_else() -> None:
    graph = ServiceGraph(
        services=frozenset({"lonely"}),
        calls=frozenset({Call(caller="shop", callee="pay")}),
        placements=frozenset({Placement(service="lonely", host="h1")}),
    )
    assert [name for name in ("lonely", "shop", "pay", "h1", "stranger", "") if graph.knows(name)] == [
        "lonely",
        "shop",
        "pay",
        "h1",
    ]
    assert [name for name in ("lonely", "shop", "h1", "stranger") if graph.is_host(name)] == ["h1"]


def test_of_an_empty_graph_nothing_is_known_but_a_service_reaches_itself() -> None:
    graph = ServiceGraph()
    assert not graph.knows("shop")
    assert (graph.callees("shop"), graph.callers("shop"), graph.hosts_of("shop")) == ((), (), frozenset())
    assert list(graph.downstream("shop")) == [("shop", 0)]
    assert graph.calls_between("shop", "shop") == 0
    assert graph.calls_between("shop", "pay") is None


@pytest.mark.parametrize(("steps", "expected"), [(6, 6), (7, None)])
def test_a_path_longer_than_six_calls_counts_as_none(steps: int, expected: int | None) -> None:
    chain = graph_of(pairwise(NAMES))
    assert chain.calls_between(NAMES[0], NAMES[steps]) == expected


@given(pairs, pods)
def test_graphs_of_the_same_calls_and_pods_are_equal(calls: set[tuple[str, str]], placed: set[tuple[str, str]]) -> None:
    assert graph_of(sorted(calls), sorted(placed)) == graph_of(sorted(calls)[::-1], sorted(placed)[::-1])
