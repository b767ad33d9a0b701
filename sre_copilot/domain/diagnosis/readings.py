"""Everything measured in a snapshot, indexed: the shift of each series, and when the alarm was at its worst."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from math import isfinite

import attrs

from sre_copilot.domain.diagnosis.shifts import Shift, measure
from sre_copilot.domain.diagnosis.units import DELAY, FAILURE, SYMPTOMS, Family, direction, family, outbound
from sre_copilot.domain.diagnosis.windows import Window, incident_window, index_at, time_of
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
    mine = [series for series in snapshot.metrics if series.component == snapshot.alarm and series.callee is None]
    alarm = _clearest((series for series in mine if series.kind in (spoken or SYMPTOMS)), window)
    alarm = alarm or _clearest((series for series in mine if series.kind in SYMPTOMS), window)
    if alarm is not None:
        window = attrs.evolve(window, spans=_worst_times(alarm, window))
    own: dict[str, list[Shift]] = {}
    edges = []
    for series in snapshot.metrics:
        shift = measure(series, window)
        if shift is None:
            continue
        if series.callee is None and outbound(series.name):
            continue  # what it waits for elsewhere is no symptom of its own
        if series.callee is None:
            own.setdefault(series.component, []).append(shift)
        else:
            edges.append(shift)
    return Readings(
        window=window,
        own={name: tuple(sorted(shifts, key=_order)) for name, shifts in own.items()},
        edges=tuple(sorted(edges, key=_order)),
        alarm=alarm and measure(alarm.series, window),
        focus=spoken or _like(alarm),
    )


def spoken_kinds(signals: Iterable[ObservedSignal]) -> frozenset[MetricKind]:
    """The kinds that the titles of the signals speak of: delays, failures, both or (empty) neither."""
    said = words(*(signal.title for signal in signals))
    delay = DELAY if said & SLOW else frozenset()
    return delay | (FAILURE if said & FAILING else frozenset())


def _like(alarm: Shift | None) -> frozenset[MetricKind]:
    if alarm is None or alarm.series.kind is MetricKind.SATURATION:
        return SYMPTOMS
    return DELAY if alarm.series.kind in DELAY else FAILURE


def _badness(shift: Shift) -> tuple[float, float, str]:
    return shift.strength, shift.spreads, shift.series.name


def _order(shift: Shift) -> tuple[str, str, str]:
    return shift.series.component, shift.series.callee or "", shift.series.name


def _clearest(candidates: Iterable[MetricSeries], window: Window) -> Shift | None:
    """The symptom that rose furthest for longest: by the sum of what its samples lie beyond three spreads."""
    best: tuple[float, str] | None = None
    chosen = None
    for series in candidates:
        shift = measure(series, window)
        if shift is None:
            continue
        total = sum(max(0.0, beyond - FOCUS_SPREADS) for _, beyond in _distances(shift, window)) * (1.0 - shift.tail)
        if total > 0 and (best is None or (total, series.name) > best):
            best, chosen = (total, series.name), shift
    return chosen


def _distances(shift: Shift, window: Window) -> list[tuple[datetime, float]]:
    """(time, spreads beyond normal) of the samples from the end of the baseline to the end of the window."""
    series, found = shift.series, []
    way = direction(series.kind) or 1
    for index in range(index_at(series, window.baseline_end), index_at(series, window.end + timedelta(microseconds=1))):
        value = series.values[index]
        if value is not None and isfinite(value):
            found.append((time_of(series, index), way * (value - shift.before) / shift.spread))
    return found


def _worst_times(alarm: Shift, window: Window) -> tuple[tuple[datetime, datetime], ...]:
    distances = _distances(alarm, window)
    level = max(FOCUS_SPREADS, FOCUS_SHARE * max(beyond for _, beyond in distances))
    half = timedelta(seconds=alarm.series.step_seconds / 2)
    spans: list[tuple[datetime, datetime]] = []
    for moment, beyond in distances:
        if beyond < level:
            continue
        if spans and moment - half <= spans[-1][1]:
            spans[-1] = (spans[-1][0], moment + half)
        else:
            spans.append((moment - half, moment + half))
    return tuple(spans) or window.spans
