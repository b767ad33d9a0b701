"""Everything measured in a snapshot, indexed: the shift of each series, and when the alarm was at its worst."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from math import isfinite

import attrs

from sre_copilot.domain.diagnosis.shifts import MOST_SPREADS, Normal, Shift, measure, normal
from sre_copilot.domain.diagnosis.traced import traced_series
from sre_copilot.domain.diagnosis.units import (
    DELAY,
    FAILURE,
    SYMPTOMS,
    Family,
    direction,
    family,
    grain,
    outbound,
    requests_per_sample,
)
from sre_copilot.domain.diagnosis.windows import Window, incident_samples, incident_window, index_at, time_of
from sre_copilot.domain.diagnosis.words import FAILING, SLOW, words
from sre_copilot.domain.snapshots import ContextSnapshot, MetricKind, MetricSeries, ObservedSignal

FOCUS_SHARE = 0.5
FOCUS_SPREADS = 3.0


@attrs.frozen(kw_only=True)
class Readings:
    """The measured series of one snapshot. `alarm` is the alarm's own clearest symptom, if it has one.

    `focus` are the kinds that the incident is about: delays, failures or both.
    """

    window: Window
    own: Mapping[str, tuple[Shift, ...]]
    edges: tuple[Shift, ...]
    alarm: Shift | None
    focus: frozenset[MetricKind]

    def worst(self, component: str, *families: Family) -> Shift | None:
        """The most unusual series of `component` in these families (all when none is named)."""
        found = [
            shift for shift in self.own.get(component, ()) if not families or family(shift.series.kind) in families
        ]
        return max(found, key=_badness, default=None)

    def worst_of(self, component: str, kinds: Iterable[MetricKind]) -> Shift | None:
        """The most unusual series of `component` of these kinds."""
        wanted = frozenset(kinds)
        return max((s for s in self.own.get(component, ()) if s.series.kind in wanted), key=_badness, default=None)


def read(snapshot: ContextSnapshot) -> Readings:
    """Measure every series of `snapshot` over the time in which its alarm was at its worst.

    An incident that came and went inside the window, or in waves, would be diluted by its own quiet
    minutes; the alarm's own series says which samples count for everybody.
    """
    window = incident_window(snapshot)
    spoken = spoken_kinds(snapshot.signals)
    metrics = (*snapshot.metrics, *traced_series(snapshot.telemetry))
    mine = [series for series in snapshot.metrics if series.component == snapshot.alarm and series.callee is None]
    alarm = _clearest((series for series in mine if series.kind in (spoken or SYMPTOMS)), window)
    alarm = alarm or _clearest((series for series in mine if series.kind in SYMPTOMS), window)
    alarm = alarm or _peak((series for series in mine if series.kind in spoken), window)
    if alarm is not None:
        window = attrs.evolve(window, spans=_worst_times(*alarm, window))
    requests = _requests(snapshot.metrics, window)
    shifts = [
        shift
        for series in metrics
        if not _waiting(series)
        and (shift := measure(series, window, grain(series, requests.get(series.component)))) is not None
    ]
    own: dict[str, list[Shift]] = {}
    for shift in sorted(shifts, key=_order):
        if shift.series.callee is None:
            own.setdefault(shift.series.component, []).append(shift)
    return Readings(
        window=window,
        own={name: tuple(found) for name, found in own.items()},
        edges=tuple(sorted((shift for shift in shifts if shift.series.callee is not None), key=_order)),
        alarm=measure(alarm[0], window, grain(alarm[0], requests.get(snapshot.alarm))) if alarm else None,
        focus=spoken or _like(alarm[0] if alarm else None),
    )


def _waiting(series: MetricSeries) -> bool:
    """Whether the series is the time that a component waits for others: no symptom of its own."""
    return series.callee is None and series.kind is MetricKind.LATENCY and outbound(series.name)


def _requests(metrics: Iterable[MetricSeries], window: Window) -> dict[str, float]:
    """How many requests each component served during the incident, where its busiest traffic series counts them."""
    found: dict[str, float] = {}
    for series in metrics:
        if series.kind is not MetricKind.TRAFFIC or series.callee is not None:
            continue
        per_sample = requests_per_sample(series)
        if per_sample is not None:
            total = sum(incident_samples(series, window)) * per_sample
            found[series.component] = max(total, found.get(series.component, 0.0))
    return found


def spoken_kinds(signals: Iterable[ObservedSignal]) -> frozenset[MetricKind]:
    """The kinds that the titles of the signals speak of: delays, failures, both or (empty) neither."""
    said = words(*(signal.title for signal in signals))
    delay = DELAY if said & SLOW else frozenset()
    return delay | (FAILURE if said & FAILING else frozenset())


def _like(alarm: MetricSeries | None) -> frozenset[MetricKind]:
    if alarm is None or alarm.kind is MetricKind.SATURATION:
        return SYMPTOMS
    return DELAY if alarm.kind in DELAY else FAILURE


def _badness(shift: Shift) -> tuple[float, float, str]:
    return shift.strength, shift.spreads, shift.series.name


def _order(shift: Shift) -> tuple[str, str, str]:
    return shift.series.component, shift.series.callee or "", shift.series.name


def _clearest(candidates: Iterable[MetricSeries], window: Window) -> tuple[MetricSeries, Normal] | None:
    """The symptom that rose furthest for longest: by what its samples lie beyond three spreads, more than usual."""
    best: tuple[float, str] | None = None
    chosen = None
    for series in candidates:
        usual = normal(series, window)
        if usual is None:
            continue
        distances = [beyond for _, beyond in _distances(series, usual, window)]
        before = [_beyond(series, usual, value) for value in usual.samples]
        total = _mean_excess(distances) - _mean_excess(before)
        if total > 0 and (best is None or (total, series.name) > best):
            best, chosen = (total, series.name), (series, usual)
    return chosen


def _peak(candidates: Iterable[MetricSeries], window: Window) -> tuple[MetricSeries, Normal] | None:
    """The series with the highest single sample, of three spreads or more: what was told of it may have been short."""
    best: tuple[float, str] = (FOCUS_SPREADS, "")
    chosen = None
    for series in candidates:
        usual = normal(series, window)
        if usual is None:
            continue
        highest = max((beyond for _, beyond in _distances(series, usual, window)), default=0.0)
        if (highest, series.name) > best:
            best, chosen = (highest, series.name), (series, usual)
    return chosen


def _mean_excess(distances: list[float]) -> float:
    return sum(max(0.0, beyond - FOCUS_SPREADS) for beyond in distances) / len(distances) if distances else 0.0


def _beyond(series: MetricSeries, usual: Normal, value: float) -> float:
    distance = (direction(series.kind) or 1) * (value - usual.median) / usual.spread
    return min(max(distance, -MOST_SPREADS), MOST_SPREADS)


def _distances(series: MetricSeries, usual: Normal, window: Window) -> list[tuple[datetime, float]]:
    """(time, spreads beyond normal) of the samples from the end of the baseline to the end of the window."""
    found = []
    for index in range(index_at(series, window.baseline_end), index_at(series, window.end + timedelta(microseconds=1))):
        value = series.values[index]
        if value is not None and isfinite(value):
            found.append((time_of(series, index), _beyond(series, usual, value)))
    return found


def _worst_times(series: MetricSeries, usual: Normal, window: Window) -> tuple[tuple[datetime, datetime], ...]:
    distances = _distances(series, usual, window)
    level = max(FOCUS_SPREADS, FOCUS_SHARE * max(beyond for _, beyond in distances))
    half = timedelta(seconds=series.step_seconds / 2)
    spans: list[tuple[datetime, datetime]] = []
    for moment, beyond in distances:
        if beyond < level:
            continue
        if spans and moment - half <= spans[-1][1]:
            spans[-1] = (spans[-1][0], moment + half)
        else:
            spans.append((moment - half, moment + half))
    # What was worse before the incident than ever since is not this incident.
    return tuple(spans) if spans and spans[-1][1] > window.onset else window.spans
