"""Shifts and readings as if measured, for tests of what is concluded from them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sre_copilot.domain.diagnosis.readings import Readings
from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.domain.diagnosis.topology import Topology
from sre_copilot.domain.diagnosis.units import SYMPTOMS
from sre_copilot.domain.diagnosis.windows import Window
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.snapshots import MetricKind
from sre_copilot.testing.snapshots import END, ONSET, START, make_graph, make_series

FULL = 200.0
"""The spreads at which a shift has its full strength."""
WINDOW = Window(start=START, baseline_end=ONSET - timedelta(minutes=2), onset=ONSET, end=END, spans=((ONSET, END),))


def make_shift(
    component: str,
    before: float = 0.1,
    after: float = 1.1,
    *,
    spreads: float = FULL,
    onset: datetime | None = ONSET,
    **series: Any,
) -> Shift:
    """A latency in seconds that rose as clearly as can be, unless said otherwise; never seen before."""
    values = series.pop("values", ())
    return Shift(
        series=make_series(component, values, **series),
        before=before,
        after=after,
        spread=0.01,
        spreads=spreads,
        tail=0.0,
        log_ratio=0.0,
        onset=onset,
    )


def failing(component: str, before: float = 0.0, after: float = 0.5, **given: Any) -> Shift:
    """An error rate that rose."""
    return make_shift(component, before, after, **{"kind": MetricKind.ERROR_RATE, "unit": "ratio", **given})


def traffic(component: str, before: float, after: float | None = None, **given: Any) -> Shift:
    """Requests per second, by default as many as before."""
    rate = before if after is None else after
    return make_shift(component, before, rate, spreads=0.0, kind=MetricKind.TRAFFIC, unit="requests/s", **given)


def make_readings(*shifts: Shift, alarm: Shift | None = None, focus: frozenset[MetricKind] = SYMPTOMS) -> Readings:
    """Readings of these shifts; those with a callee are edges."""
    own: dict[str, tuple[Shift, ...]] = {}
    for shift in shifts:
        if shift.series.callee is None:
            own[shift.series.component] = (*own.get(shift.series.component, ()), shift)
    edges = tuple(shift for shift in shifts if shift.series.callee is not None)
    return Readings(window=WINDOW, own=own, edges=edges, alarm=alarm, focus=focus)


def make_topology(
    *shifts: Shift,
    calls: Iterable[tuple[str, str]] = (),
    placed: Iterable[tuple[str, str]] = (),
    alarm: str = "shop",
    focus: frozenset[MetricKind] = SYMPTOMS,
) -> Topology:
    """The graph of these calls and pods with these shifts on it."""
    graph: ServiceGraph = make_graph(calls, placed)
    readings = make_readings(*shifts, focus=focus)
    named = {shift.series.component for shift in shifts} | {shift.series.callee or "" for shift in shifts} - {""}
    names = tuple(sorted(graph.services | graph.hosts | named | {alarm}))
    return Topology(graph=graph, readings=readings, alarm=alarm, components=names, hosts=graph.hosts)
