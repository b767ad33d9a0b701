"""Which kinds of evidence a snapshot has, and which it lacks."""

import attrs
import pytest

from sre_copilot.domain.diagnosis.kinds import known_of
from sre_copilot.domain.telemetry import Telemetry
from sre_copilot.testing.snapshots import (
    SAMPLES,
    make_context,
    make_graph,
    make_log,
    make_observed_change,
    make_operation,
    make_series,
    make_slow_dependency,
)

CALLS = make_graph([("shop", "orders")])
METRICS = (make_series("shop", [1.0] * SAMPLES),)


def test_what_is_there_is_named() -> None:
    told = Telemetry(logs=(make_log("shop", 1, 1),), operations=(make_operation("stock", 0.1, 0.1),))
    whole = make_context(metrics=METRICS, graph=CALLS, telemetry=told, changes=(make_observed_change("shop"),))
    assert known_of(whole).kinds == {"metrics", "graph", "logs", "traces", "changes"}
    assert (known_of(whole).lacking, known_of(whole).missing) == (0, 0.0)
    assert known_of(make_context()).kinds == frozenset()


def test_what_is_named_as_missing_or_is_not_there_is_lacking() -> None:
    assert known_of(make_slow_dependency()).lacking == 0
    assert known_of(attrs.evolve(make_slow_dependency(), missing=("logs",))).lacking == 1
    assert known_of(make_context(missing=("metrics",))).lacking == 2
    assert known_of(make_context(signals=())).lacking == 3


def test_logs_and_traces_are_lacking_only_where_somebody_was_asked_for_them() -> None:
    nobody, nothing = (known_of(make_context(metrics=METRICS, telemetry=told)) for told in (None, Telemetry()))
    assert nothing.lacking == nobody.lacking + 2
    assert nothing.kinds == nobody.kinds


def test_holes_count_as_the_share_of_samples_that_they_are_and_are_no_kind() -> None:
    holes = make_series("shop", [None if i % 4 == 0 else 1.0 for i in range(SAMPLES)])
    found = known_of(make_context(metrics=(holes,), graph=CALLS))
    assert found.missing == pytest.approx(0.25)
    assert found.lacking == 0
