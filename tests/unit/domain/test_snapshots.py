"""Context snapshots: immutable, and hashed by what they say, not by which row they are."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.adapters.django_orm.documents import from_document, to_document
from sre_copilot.domain.precedents import SeenPrecedent
from sre_copilot.domain.recalibration import Recalibration
from sre_copilot.domain.service_graph import Call, Placement, ServiceGraph
from sre_copilot.domain.snapshots import (
    ADDED,
    FORMAT,
    ContextSnapshot,
    MetricKind,
    MetricSeries,
    ObservedChange,
    ObservedSignal,
)
from sre_copilot.domain.telemetry import Notice, Telemetry

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SIGNAL = ObservedSignal(
    id=UUID(int=10),
    service="shop",
    title="slow",
    severity="high",
    started_at=NOW,
    hosts=("h1",),
    labels={"a": "1", "b": "2"},
)
CHANGE = ObservedChange(id=UUID(int=11), service="shop", kind="deploy", summary="2.31", at=NOW, paths=("a.py",))
SERIES = MetricSeries(
    component="shop",
    name="p99",
    kind=MetricKind.LATENCY,
    unit="s",
    start=NOW,
    step_seconds=15.0,
    values=(0.1, None, 2.0),
)
CALLS = (Call(caller="shop", callee="pay"), Call(caller="shop", callee="mail"), Call(caller="pay", callee="db"))
PODS = (Placement(service="shop", host="h1", pod="1"), Placement(service="shop", host="h2", pod="2"))


def graph_of(calls: Iterable[Call] = CALLS, pods: Iterable[Placement] = PODS) -> ServiceGraph:
    return ServiceGraph(services=frozenset({"shop", "pay"}), calls=frozenset(calls), placements=frozenset(pods))


SNAPSHOT = ContextSnapshot(
    id=UUID(int=1),
    incident_id=UUID(int=2),
    as_of=NOW + timedelta(minutes=5),
    window_start=NOW - timedelta(minutes=30),
    onset=NOW,
    window_end=NOW + timedelta(minutes=4),
    alarm="shop",
    signals=(SIGNAL,),
    changes=(CHANGE,),
    graph=graph_of(),
    metrics=(SERIES,),
    missing=("logs",),
)
SEEN = SeenPrecedent(id=UUID(int=20), incident_id=UUID(int=21), title="slow", similarity=0.8)
NOTICE = Notice(source="Payments Ltd", at=NOW, text="Degraded.")
GOLDEN = "0d4078ca7b9d5ca023e9118374e7bbad7df2e505bb0cdefca4da1951e04ad43b"


def test_the_hash_of_a_known_snapshot_is_the_one_that_is_stored_out_there() -> None:
    assert FORMAT == 1
    assert SNAPSHOT.content_hash == GOLDEN


def test_the_same_content_has_the_same_hash_under_any_id() -> None:
    assert attrs.evolve(SNAPSHOT, id=UUID(int=99)).content_hash == SNAPSHOT.content_hash


OTHER: dict[str, Any] = {
    "incident_id": UUID(int=99),
    "as_of": NOW,
    "window_start": NOW,
    "onset": NOW + timedelta(seconds=1),
    "window_end": NOW,
    "alarm": "pay",
    "signals": (),
    "changes": (),
    "graph": ServiceGraph(),
    "metrics": (),
    "missing": (),
    "precedents": (SEEN,),
    "telemetry": Telemetry(notices=(NOTICE,)),
    "recalibration": Recalibration(slope=0.9, cases=30),
}
DEEPER: dict[str, Any] = {
    "a signal's end": {"signals": (attrs.evolve(SIGNAL, ended_at=NOW),)},
    "a signal's labels": {"signals": (attrs.evolve(SIGNAL, labels={"a": "1", "b": "3"}),)},
    "a change's text": {"changes": (attrs.evolve(CHANGE, text="-1\n+2"),)},
    "a sample": {"metrics": (attrs.evolve(SERIES, values=(0.1, 0.1, 2.0)),)},
    "a metric's unit": {"metrics": (attrs.evolve(SERIES, unit="ms"),)},
    "a metric's callee": {"metrics": (attrs.evolve(SERIES, callee="pay"),)},
    "a call": {"graph": graph_of(calls=CALLS[1:])},
    "a call's direction": {"graph": graph_of(calls=(Call(caller="pay", callee="shop"), *CALLS[1:]))},
    "a pod": {"graph": graph_of(pods=PODS[:1])},
    "a service": {"graph": attrs.evolve(graph_of(), services=frozenset({"shop"}))},
}


def test_the_table_above_is_about_every_field_but_the_id() -> None:
    assert {"id", *OTHER} == {field.name for field in attrs.fields(ContextSnapshot)}


@pytest.mark.parametrize("changes", [{name: value} for name, value in OTHER.items()] + list(DEEPER.values()))
def test_changing_anything_that_was_known_changes_the_hash(changes: dict[str, Any]) -> None:
    assert attrs.evolve(SNAPSHOT, **changes).content_hash != SNAPSHOT.content_hash


@given(st.permutations(CALLS), st.permutations(PODS), st.permutations([("a", "1"), ("b", "2")]))
def test_the_order_in_which_calls_pods_and_labels_became_known_is_irrelevant(
    calls: list[Call], pods: list[Placement], labels: list[tuple[str, str]]
) -> None:
    again = attrs.evolve(SNAPSHOT, graph=graph_of(calls, pods), signals=(attrs.evolve(SIGNAL, labels=dict(labels)),))
    assert again.content_hash == SNAPSHOT.content_hash


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(ContextSnapshot)])
def test_a_snapshot_never_changes(name: str) -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(SNAPSHOT, name, None)


def test_of_a_snapshot_that_names_nothing_more_nothing_is_known() -> None:
    bare = ContextSnapshot(
        id=UUID(int=1), incident_id=UUID(int=2), as_of=NOW, window_start=NOW, onset=NOW, window_end=NOW, alarm=""
    )
    assert (bare.signals, bare.changes, bare.metrics, bare.missing, bare.graph) == ((), (), (), (), ServiceGraph())


def test_a_snapshot_without_what_came_later_keeps_its_hash_when_it_is_read_again() -> None:
    old = to_document(SNAPSHOT)
    for name in ADDED:
        del old[name]
    assert from_document(old, ContextSnapshot).content_hash == GOLDEN
