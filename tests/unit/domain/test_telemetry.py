"""Logs, traces and notices of a snapshot: bounded, and honest about what was left out."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import attrs
import pytest

from sre_copilot.domain.telemetry import (
    LONGEST_TEXT,
    MOST_CALLS,
    MOST_NOTICES,
    MOST_OPERATIONS,
    MOST_SAMPLES,
    MOST_TEMPLATES,
    LogTemplate,
    Notice,
    Telemetry,
    TracedCall,
    TracedOperation,
)
from sre_copilot.testing.snapshots import make_log, make_operation, make_traced_call

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def test_what_fits_is_kept_whole() -> None:
    told = Telemetry(
        logs=(make_log("shop", 0, 3),),
        operations=(make_operation("shop", 0.1, 0.2),),
        calls=(make_traced_call("shop", "pay", 0.0, 0.1),),
        notices=(Notice(source="x", at=NOW, text="down"),),
    )
    assert told.bounded() == told


def test_of_too_many_templates_the_gravest_and_then_the_most_frequent_stay() -> None:
    chatter = [make_log("shop", n, n, f"line {n}", level="INFO") for n in range(MOST_TEMPLATES)]
    error = make_log("shop", 0, 1)
    kept = Telemetry(logs=(*chatter, error)).bounded()
    assert len(kept.logs) == MOST_TEMPLATES
    assert kept.logs[0] == error
    assert chatter[0] not in kept.logs
    assert kept.left_out == (f"1 of {MOST_TEMPLATES + 1} log templates",)


def test_every_kind_is_bounded_and_says_so() -> None:
    told = Telemetry(
        operations=tuple(make_operation("s", 0.1, 0.1, operation=f"{n}") for n in range(MOST_OPERATIONS + 1)),
        calls=tuple(make_traced_call("s", f"{n}", 0.1, 0.1) for n in range(MOST_CALLS + 2)),
        notices=tuple(Notice(source="x", at=NOW + timedelta(minutes=n), text="") for n in range(MOST_NOTICES + 3)),
        left_out=("what the source left out",),
    ).bounded()
    assert (len(told.operations), len(told.calls), len(told.notices)) == (MOST_OPERATIONS, MOST_CALLS, MOST_NOTICES)
    assert told.notices[-1].at == NOW + timedelta(minutes=MOST_NOTICES + 2)
    assert [line.split(" of ")[0] for line in told.left_out] == ["what the source left out", "1", "2", "3"]


def test_the_latest_samples_of_long_rows_stay_where_they_were_in_time() -> None:
    counts = tuple(range(MOST_SAMPLES + 5))
    minutes: Any = {"start": NOW, "step_seconds": 60.0, "counts": counts}
    floats = tuple(map(float, counts))
    told = Telemetry(
        logs=(LogTemplate(component="s", level="INFO", template="t", **minutes),),
        operations=(TracedOperation(component="s", operation="o", medians=floats, **minutes),),
        calls=(TracedCall(caller="s", callee="t", medians=floats, gaps=floats, **minutes),),
    ).bounded()
    (log,), (operation,), (call,) = told.logs, told.operations, told.calls
    assert log.start == operation.start == call.start == NOW + timedelta(minutes=5)
    assert log.counts == operation.counts == call.counts == counts[5:]
    assert operation.medians == call.medians == call.gaps == floats[5:]
    assert operation.failed == ()
    assert len(told.left_out) == 1


def test_the_order_of_rows_and_doing_it_twice_change_nothing() -> None:
    rows = [make_log("shop", n % 7, n % 5, f"line {n}") for n in range(MOST_TEMPLATES + 20)]
    once = Telemetry(logs=tuple(rows)).bounded()
    Random(1).shuffle(rows)
    again = Telemetry(logs=tuple(rows)).bounded()
    assert again == once
    assert once.bounded() == once


def test_long_texts_are_cut() -> None:
    log = make_log("shop", 0, 1, "x" * 2000)
    assert len(log.template) == LONGEST_TEXT
    assert len(Notice(source="x", at=NOW, text="y" * 2000).text) == LONGEST_TEXT


@pytest.mark.parametrize(
    ("level", "severity"), [("error", 1.0), ("FATAL", 1.0), ("Warn", 0.6), ("INFO", 0.2), ("", 0.2)]
)
def test_errors_are_graver_than_warnings_than_the_rest(level: str, severity: float) -> None:
    assert attrs.evolve(make_log("shop", 0, 1), level=level).severity == severity


def test_what_lies_outside_a_span_of_time_is_cut_off() -> None:
    log = LogTemplate(component="s", level="INFO", template="t", start=NOW, step_seconds=60.0, counts=(1, 2, 3, 4))
    told = Telemetry(logs=(log,), notices=(Notice(source="x", at=NOW, text="up", ended_at=NOW),))
    minute = timedelta(minutes=1)
    part = told.within(NOW + minute, NOW + 3 * minute)
    assert [(row.start, row.counts) for row in part.logs] == [(NOW + minute, (2, 3))]
    assert part.notices == ()
    assert told.within(NOW, NOW + 4 * minute) == told
    assert told.within(NOW + 4 * minute, NOW + 9 * minute) == Telemetry()
