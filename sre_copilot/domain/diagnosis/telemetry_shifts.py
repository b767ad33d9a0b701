"""How far logs and traces of a component left their normal: lines that surge or stop, operations and calls that slow down.

What is unknown for a span of time is left out on both sides; it is never taken for nought.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import attrs

from sre_copilot.domain.diagnosis.windows import Window
from sre_copilot.domain.telemetry import LogTemplate, TracedCall, TracedOperation

NOTICEABLE = 2.0
FULL = 30.0
FEWEST_BASELINE = 2
BUSY = 3
LARGEST_LOAD = math.log(10.0)
LARGEST_RATIO = math.log(50.0)
"""Lines that became 50 times more or fewer are as clear as can be."""
SELDOM = 0.05
RELATIVE_FLOOR = 0.05
DURATION_FLOOR = 0.0005
GAP_FLOOR = 0.001
"""Seconds below which a gap says nothing: clocks and schedulers differ by as much."""

Value = TypeVar("Value", int, float)
Row = LogTemplate | TracedOperation | TracedCall


@attrs.frozen(kw_only=True)
class LogShift:
    """What became of one template: mean lines per span before and since, and how clearly that is no chance.

    `log_ratio` is positive where lines became more; `tail` is how often there were as many (or, where they became fewer, as
    few) lines before, in (0, 1].
    """

    log: LogTemplate
    before: float
    after: float
    log_ratio: float
    tail: float
    onset: datetime | None

    @property
    def surge(self) -> float:
        """How clearly grave lines became more, in [0, 1]."""
        return self._clear(self.log_ratio) * self.log.severity

    @property
    def stopped(self) -> float:
        """How clearly usual lines became fewer, in [0, 1]."""
        return self._clear(-self.log_ratio)

    @property
    def is_new(self) -> bool:
        """Whether there was no such line in a past long enough to tell."""
        return self.before == 0 < self.after and self.tail <= SELDOM

    def _clear(self, ratio: float) -> float:
        return min(1.0, max(0.0, ratio) / LARGEST_RATIO) * max(0.0, 1.0 - 2.0 * self.tail)

    @property
    def reference(self) -> str:
        """What evidence about this template refers to."""
        return f"{self.log.component}/{self.log.level} {self.log.template}"[:200]


@attrs.frozen(kw_only=True)
class Slowing:
    """How much longer an operation or the gap of a call takes, in seconds; `spreads` as for a metric."""

    row: TracedOperation | TracedCall
    before: float
    after: float
    spreads: float
    tail: float

    @property
    def gained(self) -> float:
        """By how many seconds it became slower; negative where it became faster."""
        return self.after - self.before

    @property
    def strength(self) -> float:
        """How clearly it became slower, in [0, 1]."""
        return _strength(self.spreads, self.tail)

    @property
    def reference(self) -> str:
        """What evidence about this row refers to."""
        row = self.row
        if isinstance(row, TracedCall):
            return f"{row.caller}>{row.callee}/gap"
        return f"{row.component}/{row.operation}"[:200]


def log_shifts(logs: Iterable[LogTemplate], window: Window) -> tuple[LogShift, ...]:
    """Compare each template's counts since the onset with those before; those with too little known are left out.

    Counts of before are scaled to the demand since: the median ratio over the templates that are always busy.
    """
    known = [
        (log, before, since)
        for log in logs
        if len(before := _before(log, log.counts, window)) * log.step_seconds >= FEWEST_BASELINE * 60.0
        and (since := _since(log, log.counts, window))
    ]
    load = _load([(_middle(before), math.fsum(since) / len(since)) for _, before, since in known])
    return tuple(_log_shift(log, before, since, load, window) for log, before, since in known)


def slowings(rows: Iterable[TracedOperation], window: Window) -> tuple[Slowing, ...]:
    """Compare the medians of each operation since the onset with those before."""
    return tuple(found for row in rows if (found := _slowing(row, row.medians, window, DURATION_FLOOR)) is not None)


def gap_slowings(rows: Iterable[TracedCall], window: Window) -> tuple[Slowing, ...]:
    """Compare the gaps of each call since the onset with those before."""
    return tuple(found for row in rows if (found := _slowing(row, row.gaps, window, GAP_FLOOR)) is not None)


def _log_shift(log: LogTemplate, before: Sequence[int], since: Sequence[int], load: float, window: Window) -> LogShift:
    usual = math.fsum(before) / len(before) * load
    after = math.fsum(since) / len(since)
    more = after > usual
    beyond = sum(count >= after for count in before) if more else sum(count <= after for count in before)
    minutes = max(1.0, log.step_seconds / 60.0)
    return LogShift(
        log=log,
        before=usual,
        after=after,
        log_ratio=math.log((after + 0.5) / (usual + 0.5)),
        tail=(1.0 + beyond * minutes) / (len(before) * minutes + 1.0),
        onset=_first(log, window, max(before)) if more else None,
    )


def _slowing(
    row: TracedOperation | TracedCall, values: Sequence[float | None], window: Window, floor: float
) -> Slowing | None:
    before, since = _before(row, values, window), _since(row, values, window)
    if len(before) < FEWEST_BASELINE or not since:
        return None
    normal, after = _middle(sorted(before)), _middle(sorted(since))
    mad = _middle(sorted(abs(value - normal) for value in before))
    spread = max(1.4826 * mad, RELATIVE_FLOOR * abs(normal), floor)
    beyond = sum(value >= after for value in before)
    return Slowing(
        row=row,
        before=normal,
        after=after,
        spreads=(after - normal) / spread,
        tail=(1.0 + beyond) / (len(before) + 1.0),
    )


def _strength(spreads: float, tail: float) -> float:
    if not spreads > NOTICEABLE:
        return 0.0
    distance = min(1.0, math.log(spreads / NOTICEABLE + 1.0) / math.log(FULL / NOTICEABLE + 1.0))
    return distance * max(0.0, 1.0 - 2.0 * tail)


def _load(rates: Sequence[tuple[float, float]]) -> float:
    ratios = sorted(math.log((after + 0.5) / (before + 0.5)) for before, after in rates if before >= BUSY)
    return math.exp(max(-LARGEST_LOAD, min(LARGEST_LOAD, _middle(ratios)))) if ratios else 1.0


def _before(row: Row, values: Sequence[Value | None], window: Window) -> list[Value]:
    """What is known of the spans that ended before the onset."""
    step = timedelta(seconds=row.step_seconds)
    last = max(0, min(len(values), math.floor((window.onset - row.start) / step + 1e-9)))
    first = max(0, math.ceil((window.start - step - row.start) / step - 1e-9))
    return [value for value in values[first:last] if value is not None and math.isfinite(value)]


def _since(row: Row, values: Sequence[Value | None], window: Window) -> list[Value]:
    """What is known of the spans whose middle lies between the onset and the end."""
    return [
        value
        for index in _indices(row, len(values), window)
        if (value := values[index]) is not None and math.isfinite(value)
    ]


def _indices(row: Row, size: int, window: Window) -> range:
    step = timedelta(seconds=row.step_seconds)
    first = max(0, math.ceil((window.onset - row.start) / step - 0.5 - 1e-9))
    last = min(size, math.floor((window.end - row.start) / step - 0.5 + 1e-9) + 1)
    return range(first, max(first, last))


def _first(log: LogTemplate, window: Window, most: float) -> datetime | None:
    for index in _indices(log, len(log.counts), window):
        count = log.counts[index]
        if count is not None and count > most:
            return log.start + timedelta(seconds=index * log.step_seconds)
    return None


def _middle(ordered: Sequence[float]) -> float:
    size = len(ordered)
    half = size // 2
    if not size:
        return 0.0
    ordered = sorted(ordered)
    return ordered[half] if size % 2 else ordered[half - 1] / 2 + ordered[half] / 2
