"""What holds of the verdict on any snapshot, however odd its samples are."""

import math
import random
from typing import TypeVar

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from sre_copilot.adapters.diagnosis.training import load_calibration, load_weights
from sre_copilot.domain.diagnosis.engine import diagnose
from sre_copilot.domain.hypotheses import CandidateKind, Verdict
from sre_copilot.domain.snapshots import ContextSnapshot, MetricKind
from sre_copilot.testing.snapshots import (
    SAMPLES,
    START,
    STEP,
    make_context,
    make_graph,
    make_observed_change,
    make_observed_signal,
    make_series,
    make_values,
)

WEIGHTS, CALIBRATION = load_weights(), load_calibration()
T = TypeVar("T")
NAMES = ("shop", "orders", "stock", "search", "host-1")


def verdict_of(snapshot: ContextSnapshot) -> Verdict:
    return diagnose(snapshot, weights=WEIGHTS, calibration=CALIBRATION)


awkward = st.one_of(
    st.none(), st.floats(), st.sampled_from([0.0, math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324])
)
samples = st.one_of(
    st.lists(awkward, max_size=SAMPLES),
    st.builds(lambda value, size: [value] * size, awkward, st.integers(0, SAMPLES)),
    st.builds(make_values, st.floats(0, 1e6), st.floats(0, 1e6)),
)
moments = st.integers(0, SAMPLES).map(lambda index: START + index * STEP)
series = st.builds(
    make_series,
    st.sampled_from(NAMES),
    samples,
    kind=st.sampled_from(list(MetricKind)),
    unit=st.sampled_from(["s", "ms", "ratio", "percent", "bytes", "requests/s", "count", "furlongs", ""]),
    callee=st.one_of(st.none(), st.sampled_from(NAMES)),
    step_seconds=st.sampled_from([15.0, 60.0, 0.0]),
)
signals = st.builds(
    make_observed_signal,
    st.sampled_from([*NAMES, "unknown"]),
    st.sampled_from(["is slow", "answers with errors", "is down", "dns lookup of the provider fails", ""]),
    started_at=moments,
    ended_at=st.one_of(st.none(), moments),
    hosts=st.lists(st.sampled_from(["host-1", "host-2"]), max_size=2).map(tuple),
)
changes = st.builds(
    make_observed_change,
    st.sampled_from([*NAMES, "unknown"]),
    st.sampled_from(["Deploy", "tune the connection pool", "docs", ""]),
    at=moments,
    text=st.sampled_from(["", "-timeout = 5\n+timeout = 1", "- return nil"]),
    paths=st.sampled_from([(), ("docs/a.md",), ("src/shop/pool.py",)]),
)
pairs = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=6)
snapshots = st.builds(
    make_context,
    st.sampled_from([*NAMES, "unknown", ""]),
    metrics=st.lists(series, max_size=8).map(tuple),
    signals=st.lists(signals, max_size=5).map(tuple),
    changes=st.lists(changes, max_size=4).map(tuple),
    graph=st.builds(make_graph, pairs, st.lists(st.tuples(st.sampled_from(NAMES), st.just("host-1")), max_size=3)),
    onset=moments,
    missing=st.sampled_from([(), ("metrics",), ("metrics", "changes")]),
)


@settings(max_examples=150, deadline=None)
@given(snapshots)
def test_confidences_are_ordered_and_sum_to_one_whatever_the_samples_are(snapshot: ContextSnapshot) -> None:
    found = verdict_of(snapshot)
    for cause in found.causes:
        sure = cause.confidence
        assert 0.0 <= sure.lower <= sure.primary <= sure.upper <= 1.0
        assert math.isfinite(cause.score)
    assert math.isclose(math.fsum(cause.confidence.primary for cause in found.causes), 1.0, abs_tol=1e-9)


@settings(max_examples=100, deadline=None)
@given(snapshots)
def test_contributions_of_every_hypothesis_add_up_to_its_score(snapshot: ContextSnapshot) -> None:
    for cause in verdict_of(snapshot).causes:
        assert math.fsum(part.contribution for part in cause.components.values()) == cause.score


@settings(max_examples=100, deadline=None)
@given(snapshots)
def test_none_of_these_is_always_a_row_and_others_at_most_one(snapshot: ContextSnapshot) -> None:
    kinds = [cause.kind for cause in verdict_of(snapshot).causes]
    assert kinds.count(CandidateKind.NONE_OF_THESE) == 1
    assert kinds.count(CandidateKind.OTHERS) <= 1


@settings(max_examples=100, deadline=None)
@given(snapshots)
def test_all_evidence_refers_to_something_that_the_snapshot_holds(snapshot: ContextSnapshot) -> None:
    stored = {str(signal.id) for signal in snapshot.signals} | {str(change.id) for change in snapshot.changes}
    stored |= {str(snapshot.id)}
    for each in snapshot.metrics:
        edge = f">{each.callee}" if each.callee else ""
        stored.add(f"{each.component}{edge}/{each.name}")
    for cause in verdict_of(snapshot).causes:
        assert {item.refers_to for item in (*cause.supporting, *cause.contradicting)} <= stored


@settings(max_examples=60, deadline=None)
@given(snapshots, st.randoms(use_true_random=False))
def test_the_order_of_what_a_snapshot_holds_is_irrelevant(snapshot: ContextSnapshot, rng: random.Random) -> None:
    def mixed(items: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(rng.sample(items, len(items)))

    once = {(each.component, each.callee, each.name, each.unit): each for each in snapshot.metrics}
    snapshot = attrs.evolve(snapshot, metrics=tuple(once.values()))
    other = attrs.evolve(
        snapshot,
        metrics=mixed(snapshot.metrics),
        signals=mixed(snapshot.signals),
        changes=mixed(snapshot.changes),
    )
    assert verdict_of(other) == verdict_of(snapshot)
