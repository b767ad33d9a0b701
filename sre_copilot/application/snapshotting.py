"""Assembling a context snapshot: what is stored, and what the metrics, log and trace stores answer."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import attrs

from sre_copilot.application.ports.diagnoses import MetricContext
from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.domain.diagnosis.symptoms import symptoms_of
from sre_copilot.domain.errors import ContextUnavailable
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.precedents import Precedent, nearest_precedents
from sre_copilot.domain.recalibration import MOST_USED, Recalibration, recalibrated
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.signals import Signal
from sre_copilot.domain.snapshots import ContextSnapshot, ObservedChange, ObservedSignal
from sre_copilot.domain.stored_episodes import Episode
from sre_copilot.domain.subjects import HOST_LABELS, places

BASELINE = timedelta(hours=3)
"""How far before the onset the baseline reaches: 36 samples of a metric that is taken every five minutes."""
CHANGES_BEFORE = timedelta(hours=24)
"""How far before the onset a change still counts as context."""

MOST_PRECEDENTS = 500
"""So many precedents, the latest, are compared."""


@attrs.frozen(kw_only=True)
class StoredContext:
    """What the database knows of an incident as of a moment."""

    incident: Incident
    onset: datetime
    signals: tuple[ObservedSignal, ...]
    changes: tuple[ObservedChange, ...]
    graph: ServiceGraph
    precedents: tuple[Precedent, ...] = ()
    recalibration: Recalibration | None = None


def stored_context(uow: UnitOfWork, incident: Incident, as_of: datetime) -> StoredContext:
    """Read what is known of the incident as of `as_of`."""
    graph = uow.services.graph()
    episodes = {episode.original_id: episode for episode in uow.signals.episodes_of(incident.id)}
    rows = uow.signals.of_incident(incident.id)
    firing = [row for row in rows if row.id in episodes and row.timestamp <= as_of]
    signals = tuple(_observed(row, episodes[row.id], graph, as_of) for row in firing)
    onset = min([incident.detected_at, *(signal.started_at for signal in signals)])
    changes = tuple(uow.signals.changes(onset - CHANGES_BEFORE, as_of))
    precedents = uow.precedents.usable(until=as_of, other_than=incident.id, limit=MOST_PRECEDENTS)
    answers = uow.precedents.answers(since=None, until=as_of, limit=MOST_USED)
    return StoredContext(
        incident=incident,
        onset=onset,
        signals=signals,
        changes=changes,
        graph=graph,
        precedents=tuple(precedents),
        recalibration=recalibrated(answers),
    )


def snapshot(context: StoredContext, metrics: MetricContext, *, snapshot_id: UUID, as_of: datetime) -> ContextSnapshot:
    """Ask for metrics, logs and traces and return the whole. No transaction may be open: the stores may be slow."""
    start = context.onset - BASELINE
    try:
        series = tuple(metrics.series(tenant_id=context.incident.tenant_id, start=start, end=as_of))
    except ContextUnavailable:
        series = ()
    missing = () if series else ("metrics",)
    try:
        told = metrics.telemetry(tenant_id=context.incident.tenant_id, start=start, end=as_of)
    except ContextUnavailable:
        told, missing = None, (*missing, "telemetry")
    taken = ContextSnapshot(
        id=snapshot_id,
        incident_id=context.incident.id,
        as_of=as_of,
        window_start=start,
        onset=context.onset,
        window_end=max(context.onset, _end(context.signals, as_of)),
        alarm=_alarm(context),
        signals=context.signals,
        changes=context.changes,
        graph=context.graph,
        metrics=series,
        missing=missing,
        telemetry=told.within(start, as_of).bounded() if told is not None else None,
        recalibration=context.recalibration,
    )
    if not context.precedents:
        return taken
    return attrs.evolve(taken, precedents=nearest_precedents(symptoms_of(taken), context.precedents))


def _observed(row: Signal, episode: Episode, graph: ServiceGraph, as_of: datetime) -> ObservedSignal:
    ended = episode.ended_at if episode.ended_at is not None and episode.ended_at <= as_of else None
    return ObservedSignal(
        id=row.id,
        service=row.draft.service,
        title=row.draft.title or row.draft.name,
        severity=row.draft.severity.value,
        started_at=episode.started_at,
        ended_at=ended,
        hosts=_hosts(row, graph),
        labels=dict(row.draft.labels),
    )


def _hosts(row: Signal, graph: ServiceGraph) -> tuple[str, ...]:
    """The hosts that a signal names: by a label for hosts, or where something is known to run on it by its service or place."""
    named = [("service", row.draft.service), *places(row.draft.labels)]
    return tuple(dict.fromkeys(name for key, name in named if key in HOST_LABELS or graph.is_host(name)))


def _end(signals: Sequence[ObservedSignal], as_of: datetime) -> datetime:
    if not signals or any(signal.ended_at is None for signal in signals):
        return as_of
    return max(signal.ended_at for signal in signals if signal.ended_at is not None)


def _alarm(context: StoredContext) -> str:
    first = min(context.signals, key=lambda signal: (signal.started_at, str(signal.id)), default=None)
    return first.service if first is not None else context.incident.service
