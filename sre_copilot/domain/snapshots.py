"""What was known at a moment: the immutable, content-hashed input of a diagnosis."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import attrs

from sre_copilot.domain.canonical import content_hash
from sre_copilot.domain.precedents import SeenPrecedent
from sre_copilot.domain.recalibration import Recalibration
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.signals import ChangeDetails, Signal, SignalType
from sre_copilot.domain.telemetry import Telemetry

FORMAT = 1
ADDED = frozenset({"precedents", "recalibration", "telemetry"})
"""Parts that came later. Where they are empty the hash is the one of before, so that stored snapshots keep theirs."""
CHANGE_KINDS = {SignalType.DEPLOY_EVENT: "deploy", SignalType.CONFIG_CHANGE: "config"}
"""The signals that tell of changes, and the word for them where the vendor has none."""


class MetricKind(StrEnum):
    """What a metric series measures; decides its absolute floor and its direction."""

    LATENCY = "latency"
    AVAILABILITY = "availability"
    ERROR_RATE = "error_rate"
    TRAFFIC = "traffic"
    CPU = "cpu"
    MEMORY = "memory"
    NETWORK = "network"
    DISK = "disk"
    SATURATION = "saturation"
    OTHER = "other"


@attrs.frozen(kw_only=True)
class MetricSeries:
    """Evenly spaced samples of one metric of one component.

    Sample i belongs to `start` + i * `step_seconds`; None is a missing sample. `callee` is set where
    the series measures calls from `component` to it (client side of an edge).
    `name` is the metric's own name, `unit` as the source gives it ("s", "ratio", "bytes", ...).
    """

    component: str
    name: str
    kind: MetricKind
    unit: str
    start: datetime
    step_seconds: float
    values: tuple[float | None, ...]
    callee: str | None = None


@attrs.frozen(kw_only=True)
class ObservedSignal:
    """One stored firing signal of the incident, as a diagnosis sees it. `hosts` are named by its labels."""

    id: UUID
    service: str
    title: str
    severity: str
    started_at: datetime
    ended_at: datetime | None = None
    hosts: tuple[str, ...] = ()
    labels: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class ObservedChange:
    """One stored change signal of the tenant before or during the incident.

    `kind` is deploy, config or flag; `text` holds message, diff and paths where the vendor gave them.
    """

    id: UUID
    service: str
    kind: str
    summary: str
    at: datetime
    version: str = ""
    author: str = ""
    text: str = ""
    paths: tuple[str, ...] = ()

    @classmethod
    def of(cls, signal: Signal) -> "ObservedChange":
        """The change that a stored signal tells of: by the vendor's details, else by the signal's own words."""
        draft = signal.draft
        told = draft.change or ChangeDetails(kind=CHANGE_KINDS[draft.signal_type], text=draft.description)
        return cls(
            id=signal.id,
            service=draft.service,
            kind=told.kind,
            summary=told.summary or draft.title or draft.name,
            at=signal.timestamp,
            version=told.version,
            author=told.author,
            text=told.text,
            paths=told.paths,
        )


@attrs.frozen(kw_only=True)
class ContextSnapshot:
    """Everything a diagnosis may look at, as known at `as_of`.

    `window_start` <= baseline < `onset` <= incident samples <= `window_end` <= `as_of`. `onset` is the
    earliest start among the incident's firing signals; the fault itself may have begun earlier.
    `alarm` names the component whose signal opened the incident.
    """

    id: UUID
    incident_id: UUID
    as_of: datetime
    window_start: datetime
    onset: datetime
    window_end: datetime
    alarm: str
    signals: tuple[ObservedSignal, ...] = ()
    changes: tuple[ObservedChange, ...] = ()
    graph: ServiceGraph = attrs.field(factory=ServiceGraph)
    metrics: tuple[MetricSeries, ...] = ()
    missing: tuple[str, ...] = ()
    """Kinds of evidence that were asked for and could not be had, e.g. "metrics"."""
    precedents: tuple[SeenPrecedent, ...] = ()
    """The most similar past incidents that people judged, as known at `as_of`."""
    telemetry: Telemetry | None = None
    """What logs, traces and status pages told; None where nobody was asked."""
    recalibration: Recalibration | None = None
    """What the tenant's own cases say of its confidences, None where there are not enough of them."""

    @property
    def content_hash(self) -> str:
        """SHA-256 over the canonical form of everything but the id: 64 hex characters."""
        body = {
            field.name: getattr(self, field.name)
            for field in attrs.fields(ContextSnapshot)
            if field.name not in ("id", "graph") and (field.name not in ADDED or getattr(self, field.name))
        }
        graph = {
            "services": self.graph.services,
            "calls": sorted(self.graph.calls),
            "placements": sorted(self.graph.placements),
        }
        return content_hash({"format": FORMAT, **body, "graph": graph})
