"""Did a component move with the alarm, and not after it?"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import mul

import attrs

from sre_copilot.domain.diagnosis.readings import Readings
from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.domain.diagnosis.windows import index_at

MOST_POINTS = 60
FEWEST_POINTS = 4


@attrs.frozen(kw_only=True)
class Alarm:
    """The alarm's own series sampled over the incident and as long a time before it; None where it has none."""

    moments: tuple[datetime, ...]
    reference: tuple[float | None, ...]

    @classmethod
    def of(cls, readings: Readings) -> "Alarm":
        """Sample the alarm of these readings, at most 60 moments."""
        if readings.alarm is None:
            return cls(moments=(), reference=())
        moments = _moments(readings, readings.alarm)
        return cls(moments=tuple(moments), reference=tuple(_sampled(readings.alarm, moments)))

    def coupling(self, shifts: Iterable[Shift]) -> tuple[float, Shift | None]:
        """Strongest correlation with the alarm among those series that left their normal: (in [0, 1], the series).

        Pearson's coefficient of the signed logarithms of the distances from normal, so that one spike
        doesn't decide. (0, None) where there is nothing to compare.
        """
        best: tuple[float, Shift | None] = (0.0, None)
        for shift in shifts:
            if shift.strength <= 0 or not self.moments:
                continue
            value = abs(_correlation(self.reference, _sampled(shift, self.moments)))
            if value > best[0]:
                best = (value, shift)
        return best


def _moments(readings: Readings, alarm: Shift) -> list[datetime]:
    window = readings.window
    first, last = readings.window.spans[0][0], readings.window.spans[-1][1]
    start = max(window.start, first - max(last - first, timedelta(seconds=10 * alarm.series.step_seconds)))
    count = min(MOST_POINTS, int((window.end - start).total_seconds() // max(alarm.series.step_seconds, 1e-3)) + 1)
    step = (window.end - start) / max(1, count - 1)
    return [start + index * step for index in range(count)]


def _sampled(shift: Shift, moments: Sequence[datetime]) -> list[float | None]:
    series, half = shift.series, timedelta(seconds=shift.series.step_seconds / 2)
    found: list[float | None] = []
    for moment in moments:
        index = index_at(series, moment - half)
        value = series.values[index] if index < len(series.values) else None
        if value is None or not math.isfinite(value):
            found.append(None)
            continue
        distance = (value - shift.before) / shift.spread
        found.append(math.copysign(math.log1p(abs(distance)), distance))
    return found


def _correlation(left: Sequence[float | None], right: Sequence[float | None]) -> float:
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if a is not None and b is not None]
    if len(pairs) < FEWEST_POINTS:
        return 0.0
    size = len(pairs)
    mean_a, mean_b = sum(a for a, _ in pairs) / size, sum(b for _, b in pairs) / size
    xs, ys = [a - mean_a for a, _ in pairs], [b - mean_b for _, b in pairs]
    norm = math.sqrt(sum(map(mul, xs, xs)) * sum(map(mul, ys, ys)))
    return max(-1.0, min(1.0, sum(map(mul, xs, ys)) / norm)) if norm > 1e-12 else 0.0
