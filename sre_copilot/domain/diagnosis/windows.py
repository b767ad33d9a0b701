"""Which samples of a snapshot are "before" and which are "during" the incident."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

import attrs

from sre_copilot.domain.snapshots import ContextSnapshot, MetricSeries, ObservedSignal

LARGEST_LEAD = timedelta(seconds=120)
LEAD_SHARE = 0.2
LAST_SAMPLES = 3
MOST_BASELINE_SAMPLES = 512


@attrs.frozen(kw_only=True)
class Window:
    """Baseline [`start`, `baseline_end`), then the times during which the incident was visible.

    Alerts fire some time after the fault begins, so the samples of the last minutes before the first
    signal (the lead: 120 s, or a fifth of the baseline if that is shorter) belong to neither side.
    """

    start: datetime
    baseline_end: datetime
    onset: datetime
    end: datetime
    spans: tuple[tuple[datetime, datetime], ...]


def incident_window(snapshot: ContextSnapshot) -> Window:
    """Return the window of `snapshot`: incident samples are those while any of its signals was open.

    A recovery inside the window therefore doesn't dilute the incident. Without signals everything
    from the onset to the end counts.
    """
    lead = min(LARGEST_LEAD, (snapshot.onset - snapshot.window_start) * LEAD_SHARE)
    return Window(
        start=snapshot.window_start,
        baseline_end=snapshot.onset - max(lead, timedelta(0)),
        onset=snapshot.onset,
        end=snapshot.window_end,
        spans=_open_spans(snapshot.signals, snapshot.window_end) or ((snapshot.onset, snapshot.window_end),),
    )


def _open_spans(signals: Iterable[ObservedSignal], end: datetime) -> tuple[tuple[datetime, datetime], ...]:
    spans: list[tuple[datetime, datetime]] = []
    for signal in sorted(signals, key=lambda signal: signal.started_at):
        start, stop = signal.started_at, min(signal.ended_at or end, end)
        if stop < start:
            continue
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(stop, spans[-1][1]))
        else:
            spans.append((start, stop))
    return tuple(spans)


def index_at(series: MetricSeries, moment: datetime) -> int:
    """Index of the first sample at or after `moment`, within [0, number of samples]."""
    step = series.step_seconds if series.step_seconds > 0 else 1.0
    position = (moment - series.start).total_seconds() / step
    return min(max(math.ceil(position - 1e-9), 0), len(series.values))


def time_of(series: MetricSeries, index: int) -> datetime:
    """When sample `index` was taken."""
    return series.start + timedelta(seconds=index * series.step_seconds)


def finite(values: Iterable[float | None]) -> list[float]:
    """The samples that are numbers: neither missing, nor NaN, nor infinite."""
    return [value for value in values if value is not None and -math.inf < value < math.inf]


def baseline_samples(series: MetricSeries, window: Window) -> list[float]:
    """Finite samples before the incident; a long baseline is thinned evenly to bound the work."""
    first, last = index_at(series, window.start), index_at(series, window.baseline_end)
    stride = max(1, -(-(last - first) // MOST_BASELINE_SAMPLES))
    return finite(series.values[first:last:stride])


def incident_samples(series: MetricSeries, window: Window) -> list[float]:
    """Finite samples during the incident; before the first of them, the last three from before it.

    An incident that was only just noticed has no samples yet, but its fault began earlier.
    """
    last = index_at(series, window.end + timedelta(microseconds=1))
    inside: list[float] = []
    for start, stop in window.spans:
        stop_index = min(index_at(series, stop + timedelta(microseconds=1)), last)
        inside += finite(series.values[index_at(series, start) : stop_index])
    if inside:
        return inside
    first = min(index_at(series, window.spans[0][0]), last)
    return finite(series.values[index_at(series, window.baseline_end) : first])[-LAST_SAMPLES:]
