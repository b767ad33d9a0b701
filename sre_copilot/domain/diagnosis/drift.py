"""Has something been creeping ever since a change? Leaks and tables that grow begin with a deploy and hurt hours later."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from sre_copilot.domain.diagnosis.shifts import RELATIVE_FLOOR, strength
from sre_copilot.domain.diagnosis.units import absolute_floor, direction
from sre_copilot.domain.diagnosis.windows import index_at, time_of
from sre_copilot.domain.snapshots import MetricSeries

FEWEST = 5
"""Samples that are needed on both sides of a change."""
SHORTLY = timedelta(minutes=15)
MOST = 120
"""Samples that are looked at on each side; more are thinned evenly."""


def drift(series: MetricSeries, change_at: datetime, began: datetime) -> float:
    """How clearly a series crept the bad way from a change until the trouble began, and not before it, in [0, 1].

    The rank correlation (Spearman's) of samples and time since the change, squared, times how far that of before is from
    1, times how far out the last quarter lies, as for any shift. A rise that had been going on when the change came is
    none of the change's. What has no bad way, as demand has none, doesn't creep.
    """
    way = direction(series.kind)
    at, until = index_at(series, change_at), index_at(series, began)
    before, after = _thinned(series.values[:at]), _thinned(series.values[at:until])
    if not way or len(before) < FEWEST or len(after) < FEWEST:
        return 0.0
    normal, last = median(before), median(after[-(-3 * len(after) // 4) :])
    deviation = 1.4826 * median(abs(value - normal) for value in before)
    spread = max(deviation, RELATIVE_FLOOR * abs(normal), absolute_floor(series))
    since = max(0.0, way * rank_correlation(after))
    far = strength(way * (last - normal) / spread, 0.0)
    return far * since**2 * (1.0 - abs(rank_correlation(before)))


def strongest(own: Iterable[MetricSeries], change_at: datetime, began: datetime) -> tuple[float, MetricSeries | None]:
    """The clearest drift of some series, and which it is; (0, None) where nothing crept."""
    best: tuple[float, MetricSeries | None] = (0.0, None)
    for series in own:
        value = drift(series, change_at, began)
        if value > best[0]:
            best = (value, series)
    return best


def ran_out(series: MetricSeries, onset: datetime, end: datetime) -> datetime | None:
    """When a countdown reached nought shortly before the onset, or since, until `end`; None where there is none.

    A countdown falls from sample to sample, as the time until a certificate expires does, or a budget that is used up.
    """
    passed = index_at(series, end)
    over = next((at for at in range(passed) if (value := series.values[at]) is not None and value <= 0), None)
    if over is None or not onset - SHORTLY <= time_of(series, over) <= end:
        return None
    before = [value for value in series.values[:over] if value is not None and math.isfinite(value)]
    steady = len(before) >= 2 * FEWEST and all(later < earlier for earlier, later in pairwise(before))
    return time_of(series, over) if steady else None


def _thinned(values: Sequence[float | None]) -> list[float]:
    stride = max(1, -(-len(values) // MOST))
    return [value for value in values[::stride] if value is not None and math.isfinite(value)]


def rank_correlation(values: Sequence[float]) -> float:
    """Return Spearman's coefficient of values and their places, ties with their mean rank; 0 where nothing varies."""
    size = len(values)
    middle = (size - 1) / 2
    order = sorted(range(size), key=values.__getitem__)
    product = square = 0.0
    start = 0
    while start < size:
        end = start
        while end < size and values[order[end]] == values[order[start]]:
            end += 1
        rank = (start + end - 1) / 2 - middle
        for place in order[start:end]:
            product += rank * (place - middle)
        square += (end - start) * rank * rank
        start = end
    places = size * (size * size - 1) / 12
    return product / math.sqrt(square * places) if square > 0 else 0.0
