"""What logs and traces tell: lines that surge or stop, operations and calls that slow down, and what is unknown."""

from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.diagnosis.candidates import candidates
from sre_copilot.domain.diagnosis.clues import Candidate
from sre_copilot.domain.diagnosis.scoring import Feature, values
from sre_copilot.domain.diagnosis.telemetry_shifts import LogShift, gap_slowings, log_shifts, slowings
from sre_copilot.domain.diagnosis.windows import incident_window
from sre_copilot.domain.hypotheses import EvidenceKind
from sre_copilot.domain.telemetry import LogTemplate, Telemetry
from sre_copilot.testing.snapshots import (
    MINUTE,
    ONSET,
    START,
    make_context,
    make_graph,
    make_log,
    make_operation,
    make_traced_call,
)

WINDOW = incident_window(make_context())
STEADY = tuple(make_log("search", 20, 20, f"steady {n}", level="INFO") for n in range(5))


def shift_of(log: LogTemplate, *others: LogTemplate) -> LogShift:
    return next(shift for shift in log_shifts((log, *others), WINDOW) if shift.log == log)


def found_in(component: str, **told: Any) -> Candidate:
    graph = make_graph([("shop", "stock"), ("shop", "search"), ("search", "stock")])
    snapshot = make_context(graph=graph, telemetry=Telemetry(**told))
    return next(item for item in candidates(snapshot) if item.subject == component)


def test_a_new_error_is_a_surge_and_says_when_it_began() -> None:
    shift = shift_of(make_log("stock", 0, 30), *STEADY)
    assert (shift.before, shift.after, shift.onset) == (0, 30, ONSET)
    assert shift.surge > 0.5
    assert shift.stopped == 0


def test_an_error_counts_more_than_a_warning_and_that_more_than_plain_lines() -> None:
    surges = [shift_of(make_log("stock", 0, 30, level=level)).surge for level in ("ERROR", "WARN", "INFO")]
    assert surges == sorted(surges, reverse=True)
    assert len(set(surges)) == 3


def test_usual_lines_that_stop_are_told_of_whatever_their_level() -> None:
    shift = shift_of(make_log("stock", 20, 0, level="INFO"), *STEADY)
    assert shift.stopped > 0.5
    assert shift.surge == 0


def test_demand_that_halves_everything_stops_nothing() -> None:
    halved = [make_log("stock", 40, 20, f"line {n}", level="INFO") for n in range(5)]
    assert all(shift.stopped < 0.01 for shift in log_shifts(halved, WINDOW))


def test_unknown_minutes_are_not_quiet_minutes() -> None:
    assert log_shifts([make_log("stock", 20, None)], WINDOW) == ()
    assert log_shifts([make_log("stock", None, 20)], WINDOW) == ()
    log = make_log("stock", 20, 20)
    holes = attrs.evolve(log, counts=tuple(None if n % 2 else count for n, count in enumerate(log.counts)))
    (shift,) = log_shifts([holes], WINDOW)
    assert (shift.before, shift.after) == (20, 20)


@given(st.lists(st.integers(0, 20), min_size=15, max_size=15), st.integers(0, 50), st.integers(1, 50))
def test_more_grave_lines_are_never_a_smaller_surge(before: list[int], count: int, more: int) -> None:
    quiet = (*before, *((None,) * 5))
    log = attrs.evolve(make_log("stock", 0, 0), counts=quiet)

    def surge(lines: int) -> float:
        (shift,) = log_shifts([attrs.evolve(log, counts=(*before, *((lines,) * 5)))], WINDOW)
        # Alone it would be its own demand.
        return max(0.0, shift.surge)

    if max(before) < 3:
        assert surge(count + more) >= surge(count) >= 0


def test_patterns_that_come_as_two_long_spans_are_compared_too() -> None:
    span = timedelta(minutes=15)
    log = LogTemplate(
        component="stock", level="ERROR", template="boom", start=ONSET - span, step_seconds=900.0, counts=(0, 900)
    )
    window = attrs.evolve(WINDOW, end=ONSET + span)
    (shift,) = log_shifts([log], window)
    assert shift.surge > 0.8


def test_an_operation_and_a_gap_that_grow_are_slower_by_seconds() -> None:
    (slow,) = slowings([make_operation("stock", 0.1, 1.1)], WINDOW)
    (gap,) = gap_slowings([make_traced_call("shop", "stock", 0.001, 0.5)], WINDOW)
    assert slow.gained == pytest.approx(1.0, abs=0.15)
    assert gap.gained == pytest.approx(0.499)
    assert slow.strength > 0.3
    assert gap.strength > 0.5


def test_an_operation_that_became_faster_says_nothing() -> None:
    (slow,) = slowings([make_operation("stock", 1.0, 0.1)], WINDOW)
    assert slow.strength == 0


def test_of_what_logs_and_traces_tell_the_component_gets_evidence() -> None:
    found = found_in(
        "stock",
        logs=(make_log("stock", 0, 30), *STEADY),
        operations=(make_operation("stock", 0.1, 1.1),),
        calls=(make_traced_call("shop", "stock", 0.001, 0.5), make_traced_call("shop", "search", 0.001, 0.001)),
    )
    told = values(found.evidence)
    assert {Feature.LOG_SURGE, Feature.LEADING_LOGS, Feature.SLOW_OPERATION, Feature.CALL_GAP} <= set(told)
    log = next(item for item in found.evidence if item.kind is EvidenceKind.LOG_TEMPLATE)
    assert "stock failed" in log.summary
    assert log.at == ONSET


def test_a_gap_is_blamed_on_the_callee_not_on_the_caller_of_many() -> None:
    calls = (make_traced_call("shop", "stock", 0.001, 0.5), make_traced_call("shop", "search", 0.001, 0.001))
    assert Feature.CALL_GAP in values(found_in("stock", calls=calls).evidence)
    assert Feature.CALL_GAP not in values(found_in("shop", calls=calls).evidence)
    both = (make_traced_call("shop", "stock", 0.001, 0.5), make_traced_call("shop", "search", 0.001, 0.5))
    assert Feature.CALL_GAP in values(found_in("shop", calls=both).evidence)


def test_time_that_a_callee_takes_is_not_held_against_its_caller() -> None:
    slow = (make_operation("stock", 0.1, 1.1), make_operation("search", 0.1, 1.1))
    alone = values(found_in("search", operations=slow).evidence)[Feature.SLOW_OPERATION]
    calls = (make_traced_call("search", "stock", 0.001, 0.001),)
    explained = values(found_in("search", operations=slow, calls=calls).evidence)[Feature.SLOW_OPERATION]
    assert explained < alone


def test_the_order_of_rows_changes_nothing() -> None:
    rows = (make_log("stock", 0, 30), *STEADY, make_log("stock", 0, 30, "other"))
    again = tuple(reversed(rows))
    assert found_in("stock", logs=rows).evidence == found_in("stock", logs=again).evidence


def test_samples_of_before_the_window_and_after_its_end_do_not_count() -> None:
    long = LogTemplate(
        component="stock",
        level="ERROR",
        template="t",
        start=START - 10 * MINUTE,
        step_seconds=60.0,
        counts=(*((500,) * 8), *((0,) * 17), *((5,) * 5), *((900,) * 10)),
    )
    (shift,) = log_shifts([long], WINDOW)
    assert shift.before == 0
    assert shift.after == 5
