"""The symptoms of a snapshot without any name: what precedents are found by."""

from collections.abc import Iterable

from sre_copilot.domain.diagnosis.candidates import components_of, hosts_of, seen_graph
from sre_copilot.domain.diagnosis.readings import Readings, read
from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.domain.diagnosis.words import words
from sre_copilot.domain.precedents import Symptoms, TopologyRole
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.snapshots import ContextSnapshot

CLEAR = 0.2
"""Shifts fainter than this are no symptom: among many series some always moved a little."""
GRAVE_ENOUGH = 0.6
"""Of log templates, warnings and worse are a symptom."""


def symptoms_of(snapshot: ContextSnapshot) -> Symptoms:
    """How the incident of `snapshot` looks, without the names of its services and hosts."""
    names = words(*components_of(snapshot), *hosts_of(snapshot))
    return Symptoms(
        metrics=tuple(_moved(snapshot.alarm, read(snapshot))),
        words=tuple(words(*(signal.title for signal in snapshot.signals)) - names),
        templates=tuple(_logged(snapshot) - names),
        signals=tuple(signal.severity for signal in snapshot.signals),
        role=_role(seen_graph(snapshot), snapshot.alarm),
    )


def _moved(alarm: str, readings: Readings) -> Iterable[str]:
    for component, shifts in readings.own.items():
        for shift in shifts:
            if shift.strength > CLEAR:
                yield f"{shift.series.kind.value} {_way(shift)} {'alarm' if component == alarm else 'other'}"
    for shift in readings.edges:
        if shift.strength > CLEAR:
            yield f"{shift.series.kind.value} {_way(shift)} call"


def _logged(snapshot: ContextSnapshot) -> frozenset[str]:
    """The words of what was logged as a warning or worse."""
    rows = snapshot.telemetry.logs if snapshot.telemetry else ()
    return words(*(row.template for row in rows if row.severity >= GRAVE_ENOUGH))


def _way(shift: Shift) -> str:
    return "up" if shift.after > shift.before else "down"


def _role(graph: ServiceGraph, name: str) -> TopologyRole:
    calls, called = bool(graph.callees(name)), bool(graph.callers(name))
    if calls and called:
        return TopologyRole.MIDDLE
    if calls:
        return TopologyRole.ENTRY
    return TopologyRole.LEAF if called else TopologyRole.UNKNOWN
