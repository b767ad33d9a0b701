"""The candidates of one snapshot with all evidence about them: components, changes, and none of these."""

from datetime import datetime
from functools import cache

import attrs

from sre_copilot.domain.diagnosis.change_clues import change_clues
from sre_copilot.domain.diagnosis.changes import Symptoms, fits
from sre_copilot.domain.diagnosis.clues import Candidate
from sre_copilot.domain.diagnosis.coverage import Suffering, complaints
from sre_copilot.domain.diagnosis.metric_clues import field, metric_clues
from sre_copilot.domain.diagnosis.outside_clues import outside_clues
from sre_copilot.domain.diagnosis.precedent_clues import with_precedents
from sre_copilot.domain.diagnosis.readings import Readings, read
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.diagnosis.signal_clues import signal_clues
from sre_copilot.domain.diagnosis.telemetry_clues import TelemetryReadings, telemetry_clues
from sre_copilot.domain.diagnosis.topology import Topology
from sre_copilot.domain.diagnosis.windows import incident_window
from sre_copilot.domain.diagnosis.words import words
from sre_copilot.domain.hypotheses import CandidateKind, Evidence
from sre_copilot.domain.service_graph import Call, ServiceGraph
from sre_copilot.domain.snapshots import ContextSnapshot

UNKNOWN = frozenset({"", "unknown"})


def candidates(snapshot: ContextSnapshot) -> tuple[Candidate, ...]:
    """Every component that anything is known of, every change that could be a cause, and none of these.

    Nothing is filtered by topology: a component without a path to the alarm stays a candidate.
    """
    snapshot = attrs.evolve(snapshot, graph=seen_graph(snapshot))
    readings = read(snapshot)
    hosts = hosts_of(snapshot)
    names = tuple(sorted(components_of(snapshot) | hosts))
    topology = Topology(graph=snapshot.graph, readings=readings, alarm=snapshot.alarm, components=names, hosts=hosts)
    compared = field(readings, topology)
    groups, suffering = complaints(snapshot.signals), Suffering(graph=snapshot.graph)
    told = TelemetryReadings.of(snapshot.telemetry, incident_window(snapshot))
    components = {
        name: Candidate(
            kind=CandidateKind.HOST if name in hosts else CandidateKind.SERVICE,
            subject=name,
            evidence=(
                *metric_clues(name, compared),
                *telemetry_clues(name, told),
                *signal_clues(name, groups, suffering),
            ),
        )
        for name in names
    }
    none = Candidate(
        kind=CandidateKind.NONE_OF_THESE, subject="", evidence=outside_clues(snapshot, groups, readings, told)
    )
    outside = max(
        (item for item in none.evidence if item.feature == Feature.EXTERNAL.value),
        key=lambda item: (item.strength, item.id),
        default=None,
    )
    changed = _with_changes(snapshot, readings, suffering, components, told, outside)
    found = (*components.values(), *changed, none)
    return tuple(with_precedents(candidate, snapshot) for candidate in found)


def seen_graph(snapshot: ContextSnapshot) -> ServiceGraph:
    """The snapshot's graph with the calls that its edge metrics prove: what is measured exists."""
    measured = {
        Call(caller=series.component, callee=series.callee) for series in snapshot.metrics if series.callee is not None
    }
    if measured <= snapshot.graph.calls:
        return snapshot.graph
    return attrs.evolve(snapshot.graph, calls=snapshot.graph.calls | measured)


def components_of(snapshot: ContextSnapshot) -> frozenset[str]:
    """All services that the snapshot knows: from its graph, metrics and signals."""
    graph = snapshot.graph
    found = set(graph.services)
    for call in graph.calls:
        found |= {call.caller, call.callee}
    for series in snapshot.metrics:
        found |= {series.component, series.callee or ""}
    found |= {signal.service for signal in snapshot.signals} | {snapshot.alarm}
    return frozenset(found) - UNKNOWN


def hosts_of(snapshot: ContextSnapshot) -> frozenset[str]:
    """All hosts that the snapshot knows: from the placements of its graph and the labels of its signals."""
    return (snapshot.graph.hosts | {host for signal in snapshot.signals for host in signal.hosts}) - UNKNOWN


def began(snapshot: ContextSnapshot, readings: Readings) -> datetime:
    """When the trouble began, as far as it shows: the first signal, or the alarm's own metric before it."""
    shown = readings.alarm.onset if readings.alarm and readings.alarm.onset else snapshot.onset
    return min(snapshot.onset, shown)


def _with_changes(
    snapshot: ContextSnapshot,
    readings: Readings,
    suffering: Suffering,
    components: dict[str, Candidate],
    told: TelemetryReadings,
    outside: Evidence | None,
) -> tuple[Candidate, ...]:
    start = began(snapshot, readings)

    distress = [(shift.log.component, shift.log.template) for shift in told.distress]
    usual = words(*(shift.log.template for shift in told.shifts if shift not in told.distress))

    @cache
    def symptoms_of(subject: str) -> Symptoms:
        """Trouble of a component shows at itself and its callers; of one that the graph doesn't know, anywhere."""
        reach = suffering.of(subject) if snapshot.graph.knows(subject) else None
        signals = [signal for signal in snapshot.signals if reach is None or signal.service in reach]
        alarming = {signal.service for signal in signals}
        moved = [s.series.name for name in sorted(alarming) for s in readings.own.get(name, ()) if s.strength > 0]
        lines = [line for component, line in distress if reach is None or component in reach]
        return Symptoms.of(signals, moved, lines, usual)

    found = []
    for fit in fits(snapshot.changes, symptoms_of=symptoms_of, components=frozenset(components), began=start):
        base = components.get(fit.subject, Candidate(kind=CandidateKind.SERVICE, subject=fit.subject))
        candidate = Candidate(kind=CandidateKind.CHANGE, subject=fit.subject, evidence=base.evidence, change=fit.change)
        own = readings.own.get(fit.subject, ())
        found.append(candidate.with_evidence(*change_clues(fit, start, own, outside)))
    return tuple(found)
