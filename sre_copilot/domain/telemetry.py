"""What logs, traces and status pages told around an incident: counts and medians, bounded before they are kept."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import attrs

MOST_TEMPLATES = 500
MOST_OPERATIONS = 500
MOST_CALLS = 1_000
MOST_NOTICES = 50
MOST_SAMPLES = 1_500
"""The most samples per row: a day of minutes. The latest are kept."""
LONGEST_TEXT = 500
GRAVE = frozenset({"ERROR", "ERR", "FATAL", "CRITICAL", "CRIT", "SEVERE", "ALERT", "EMERG", "EMERGENCY", "PANIC"})
DOUBTFUL = frozenset({"WARN", "WARNING"})

T = TypeVar("T", "LogTemplate", "TracedOperation", "TracedCall")


def _clipped(text: str) -> str:
    return text[:LONGEST_TEXT]


@attrs.frozen(kw_only=True)
class LogTemplate:
    """How many lines of one form a component wrote, in evenly spaced spans.

    Count i is of [`start` + i * `step_seconds`, one step later); None where it is unknown how many there were: a span
    without logs is no span without lines. `template` has placeholders where lines differ, at most 500 characters.
    """

    component: str
    level: str
    template: str = attrs.field(converter=_clipped)
    start: datetime
    step_seconds: float
    counts: tuple[int | None, ...]

    @property
    def severity(self) -> float:
        """1 for errors and worse, 0.6 for warnings, 0.2 for everything else."""
        level = self.level.upper()
        return 1.0 if level in GRAVE else 0.6 if level in DOUBTFUL else 0.2


@attrs.frozen(kw_only=True)
class TracedOperation:
    """Spans of one operation: how many, and how long, in seconds, per evenly spaced span of time.

    None where no traces are known. A `count` of 0 has no durations. `failed` counts the spans with an error, where told.
    """

    component: str
    operation: str = attrs.field(converter=_clipped)
    start: datetime
    step_seconds: float
    counts: tuple[int | None, ...]
    medians: tuple[float | None, ...]
    failed: tuple[int | None, ...] = ()


@attrs.frozen(kw_only=True)
class TracedCall:
    """Calls from one component to another: how many, how long the callee took, and the gap, both medians in seconds.

    The gap is what the caller waited beyond the callee's own span: network and queues. None where nothing is known.
    """

    caller: str
    callee: str
    start: datetime
    step_seconds: float
    counts: tuple[int | None, ...]
    medians: tuple[float | None, ...]
    gaps: tuple[float | None, ...]


@attrs.frozen(kw_only=True)
class Notice:
    """A status message of a third party or platform: `source` says whose, `component` whom it is about, where told."""

    source: str
    at: datetime
    text: str = attrs.field(converter=_clipped)
    component: str = ""
    ended_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Telemetry:
    """Logs, traces and notices of one snapshot, and what of them was left out for its size."""

    logs: tuple[LogTemplate, ...] = ()
    operations: tuple[TracedOperation, ...] = ()
    calls: tuple[TracedCall, ...] = ()
    notices: tuple[Notice, ...] = ()
    left_out: tuple[str, ...] = ()

    def within(self, start: datetime, end: datetime) -> "Telemetry":
        """Return what was told of [`start`, `end`): spans that begin there, rows that have any, notices not later than `end`.

        A notice from before `start` stays unless it ended before it.
        """
        return attrs.evolve(
            self,
            logs=_between(self.logs, start, end),
            operations=_between(self.operations, start, end),
            calls=_between(self.calls, start, end),
            notices=tuple(
                row for row in self.notices if row.at <= end and (row.ended_at is None or row.ended_at >= start)
            ),
        )

    def and_also(self, other: "Telemetry") -> "Telemetry":
        """Return this with what another source told."""
        return Telemetry(
            logs=self.logs + other.logs,
            operations=self.operations + other.operations,
            calls=self.calls + other.calls,
            notices=self.notices + other.notices,
            left_out=self.left_out + other.left_out,
        )

    def bounded(self) -> "Telemetry":
        """Return this within the limits of the module, and say in `left_out` what was dropped.

        Graver and more frequent rows are kept; equal ones by name, so that the same input gives the same output.
        """
        told = list(self.left_out)
        logs = _kept(
            self.logs, MOST_TEMPLATES, lambda row: (-row.severity, -_total(row.counts), row.component, row.template)
        )
        operations = _kept(
            self.operations, MOST_OPERATIONS, lambda row: (-_total(row.counts), row.component, row.operation)
        )
        calls = _kept(self.calls, MOST_CALLS, lambda row: (-_total(row.counts), row.caller, row.callee))
        notices = sorted(self.notices, key=lambda row: (-row.at.timestamp(), row.source, row.text))[:MOST_NOTICES]
        for name, had, kept in (
            ("log templates", self.logs, logs),
            ("traced operations", self.operations, operations),
            ("traced calls", self.calls, calls),
            ("notices", self.notices, notices),
        ):
            if len(had) > len(kept):
                told.append(f"{len(had) - len(kept)} of {len(had)} {name}")
        rows: list[LogTemplate | TracedOperation | TracedCall] = [*self.logs, *self.operations, *self.calls]
        long = sum(len(row.counts) > MOST_SAMPLES for row in rows)
        if long:
            told.append(f"samples before the last {MOST_SAMPLES} of {long} rows of logs and traces")
        return Telemetry(
            logs=logs, operations=operations, calls=calls, notices=tuple(reversed(notices)), left_out=tuple(told)
        )


def _kept(rows: Sequence[T], most: int, order: Callable[[T], tuple[object, ...]]) -> tuple[T, ...]:
    # Sorted by what is dropped first; the order of what is kept is that of the same key, whatever order they came in.
    return tuple(_latest(row) for row in sorted(rows, key=order)[:most])


def _latest(row: T) -> T:
    extra = len(row.counts) - MOST_SAMPLES
    return row if extra <= 0 else _part(row, extra, len(row.counts))


def _between(rows: Sequence[T], start: datetime, end: datetime) -> tuple[T, ...]:
    found = []
    for row in rows:
        step = row.step_seconds if row.step_seconds > 0 else 1.0
        first = max(0, math.ceil((start - row.start).total_seconds() / step - 1e-9))
        stop = min(len(row.counts), math.ceil((end - row.start).total_seconds() / step - 1e-9))
        if first < stop:
            found.append(row if (first, stop) == (0, len(row.counts)) else _part(row, first, stop))
    return tuple(found)


def _part(row: T, first: int, stop: int) -> T:
    cut = {
        field.name: getattr(row, field.name)[first:stop]
        for field in attrs.fields(type(row))
        if field.name in ("counts", "medians", "gaps", "failed") and getattr(row, field.name)
    }
    return attrs.evolve(row, start=row.start + timedelta(seconds=first * row.step_seconds), **cut)


def _total(counts: Sequence[int | None]) -> int:
    return sum(count for count in counts if count is not None)
