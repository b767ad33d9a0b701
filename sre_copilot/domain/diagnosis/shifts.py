"""How far a metric moved outside its own normal: the change score of one series.

The score is the distance of the incident's median from the baseline's, in spreads of the baseline:
max(1.4826 MAD, a relative floor, an absolute floor per unit). Medians on both sides make it immune
to an onset that is off by minutes and to single spikes; the floors keep a constant series from
being infinitely unusual.
"""

import math
from bisect import bisect_left, bisect_right
from datetime import datetime

import attrs

from sre_copilot.domain.diagnosis.units import absolute_floor, direction, relative_base
from sre_copilot.domain.diagnosis.windows import (
    Window,
    baseline_samples,
    incident_samples,
    index_at,
    time_of,
)
from sre_copilot.domain.snapshots import MetricSeries

RELATIVE_FLOOR = 0.05
ONSET_SPREADS = 6.0
NOTICEABLE = 3.0
FULL = 200.0
FEWEST_BASELINE = 4
MOST_SPREADS = 1e6


@attrs.frozen(kw_only=True)
class Shift:
    """What became of one series. `spreads` is positive towards worse; where either way is unusual, always.

    `tail` is (1 + baseline samples at least as far out) / (n + 1): how often the series was there before.
    `onset` is the first of two samples in a row beyond six spreads. `before` and `after` are medians.
    """

    series: MetricSeries
    before: float
    after: float
    spread: float
    spreads: float
    tail: float
    log_ratio: float
    onset: datetime | None

    @property
    def reference(self) -> str:
        """What evidence about this series refers to: "component/metric", an edge as "caller>callee/metric"."""
        edge = f">{self.series.callee}" if self.series.callee else ""
        return f"{self.series.component}{edge}/{self.series.name}"

    @property
    def strength(self) -> float:
        """How clearly the series left its normal, in [0, 1]: 0 up to three spreads, 1 from 200 on, logarithmic."""
        return strength(self.spreads, self.tail)


def strength(spreads: float, tail: float) -> float:
    """Map a change score and its tail probability to [0, 1]; rises with the score, falls with the tail."""
    if not spreads > NOTICEABLE:
        return 0.0
    distance = min(1.0, math.log(spreads / NOTICEABLE + 1.0) / math.log(FULL / NOTICEABLE + 1.0))
    return distance * max(0.0, 1.0 - 2.0 * tail)


@attrs.frozen(kw_only=True)
class Normal:
    """The baseline of one series: its finite samples in order, their median, and the spread that changes are measured in."""

    samples: list[float]
    median: float
    spread: float


def normal(series: MetricSeries, window: Window, grain: float = 0.0) -> Normal | None:
    """What is usual for the series; None with fewer than four samples.

    `grain` is the smallest step that the series can make, in its unit: no change below it is a change.
    """
    samples = sorted(baseline_samples(series, window))
    if len(samples) < FEWEST_BASELINE:
        return None
    median = _middle(samples)
    mad = _middle(sorted(abs(value - median) for value in samples))
    floor = max(absolute_floor(series), grain)
    spread = max(1.4826 * mad, RELATIVE_FLOOR * relative_base(series, median), floor)
    return Normal(samples=samples, median=median, spread=spread)


def measure(series: MetricSeries, window: Window, grain: float = 0.0) -> Shift | None:
    """Compare the incident's samples with the baseline's; None where there are too few to compare.

    Needs four baseline samples and one incident sample; missing, NaN and infinite ones don't count.
    The `grain` of a share is one request of those that the incident had.
    """
    usual = normal(series, window, grain)
    incident = sorted(incident_samples(series, window))
    if usual is None or not incident:
        return None
    before, after, baseline = usual.median, _middle(incident), usual.samples
    way = direction(series.kind) or (1 if after >= before else -1)
    moved = min(max(way * (after - before) / usual.spread, -MOST_SPREADS), MOST_SPREADS)
    beyond = len(baseline) - bisect_left(baseline, after) if way > 0 else bisect_right(baseline, after)
    floor = absolute_floor(series)
    distance = ONSET_SPREADS * usual.spread
    return Shift(
        series=series,
        before=before,
        after=after,
        spread=usual.spread,
        spreads=moved,
        tail=(1 + beyond) / (len(baseline) + 1),
        log_ratio=math.log((abs(after) + floor) / (abs(before) + floor)),
        onset=_onset(series, window, before, distance, way) if moved > NOTICEABLE else None,
    )


def _middle(ordered: list[float]) -> float:
    size = len(ordered)
    half = size // 2
    return ordered[half] if size % 2 else ordered[half - 1] / 2 + ordered[half] / 2


def _onset(series: MetricSeries, window: Window, normal: float, distance: float, way: int) -> datetime | None:
    """The first of two samples in a row that far out; found after the baseline, then traced back into it."""

    def out(index: int) -> bool | None:
        value = series.values[index]
        return None if value is None or not math.isfinite(value) else way * (value - normal) > distance

    first: int | None = None
    start = index_at(series, window.baseline_end)
    for index in range(start, index_at(series, window.end)):
        beyond = out(index)
        if beyond is False:
            first = None
        elif beyond and first is None:
            first = index
        elif beyond and first is not None:
            while first == start > 0 and out(start - 1):
                first = start = start - 1
            return time_of(series, first)
    return None
