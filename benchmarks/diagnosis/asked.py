"""Ask a whole copilot about case documents, from outside: deliveries in at a door, hypotheses out of a diagnosis.

A case becomes a tenant of its own: its calls are imported, its changes and its alarm are delivered as a sender would,
in their order and at their times, and its metrics, logs and traces are what the copilot is told when it asks for them.
"""

import gzip
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs

from benchmarks.diagnosis.cases import to_snapshot
from sre_copilot.application.copilot import Copilot
from sre_copilot.application.ports.diagnoses import MetricContext
from sre_copilot.application.ports.series import SignalFilter
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.deliveries import Delivery
from sre_copilot.domain.hypotheses import CandidateKind, RankedCause
from sre_copilot.domain.signals import SignalType
from sre_copilot.domain.snapshots import ContextSnapshot, MetricSeries, ObservedChange
from sre_copilot.domain.telemetry import Telemetry
from sre_copilot.testing.clock import ManualClock
from sre_copilot.testing.diagnoses import FixedMetrics

Document = dict[str, Any]
NO_CHANGE = "none"
PATIENCE = 10_000
"""More services, changes and incidents than any case has: no limit of a plan is what is measured here."""


@attrs.frozen(kw_only=True)
class Asked:
    """One case: what is known around it, and what its changes are called in the document."""

    id: str
    snapshot: ContextSnapshot
    changes: Mapping[UUID, str]
    by_change: bool


class Store(MetricContext):
    """A metrics, log and trace store that knows what belongs to the case at hand."""

    def __init__(self) -> None:
        self._case = FixedMetrics()

    def show(self, snapshot: ContextSnapshot) -> None:
        """Answer from this case until the next."""
        self._case = FixedMetrics(snapshot.metrics, snapshot.telemetry)

    def series(self, *, tenant_id: UUID, start: datetime, end: datetime) -> Sequence[MetricSeries]:
        """What was sampled between `start` and `end`."""
        return self._case.series(tenant_id=tenant_id, start=start, end=end)

    def telemetry(self, *, tenant_id: UUID, start: datetime, end: datetime) -> Telemetry | None:
        """What was counted between `start` and `end`."""
        return self._case.telemetry(tenant_id=tenant_id, start=start, end=end)


def documents(folder: Path) -> Iterator[tuple[str, Document, Document | None]]:
    """(name of the set, case, its background) of every set in a folder, by set and file name."""
    for place in sorted(path for path in folder.iterdir() if (path / "cases").is_dir()):
        backgrounds = {path.name.partition(".json")[0]: path for path in (place / "background").glob("*.json.gz")}
        read: dict[str, Document] = {}
        for path in sorted((place / "cases").glob("*.json.gz")):
            document = _read(path)
            name = document.get("background") or ""
            if name in backgrounds and name not in read:
                read[name] = _read(backgrounds[name])
            yield place.name, document, read.get(name)


def case(document: Document, background: Document | None) -> Asked:
    """What a case document tells, without its truth."""
    snapshot, changes = to_snapshot(document, background)
    return Asked(id=document["id"], snapshot=snapshot, changes=changes, by_change=bool(changes))


@attrs.frozen(kw_only=True)
class Asking:
    """A copilot with the store that it asks and the clock that it reads."""

    copilot: Copilot
    store: Store
    clock: ManualClock

    def answer(self, asked: Asked, slug: str) -> tuple[list[Document], float]:
        """Return the ranked answers to a case, and the milliseconds that `diagnose` took."""
        snapshot = asked.snapshot
        self.clock.set(min([snapshot.onset, *(change.at for change in snapshot.changes)]))
        tenant, _ = self.copilot.create_tenant(
            slug=slug,
            admin_email=f"admin@{slug}.example.com",
            max_services=PATIENCE,
            max_incidents_per_month=PATIENCE,
        )
        actor = self.copilot.administration.person(tenant)
        self.copilot.import_services(actor=actor, graph=snapshot.graph)
        made = self.copilot.create_integration(actor=actor, type="generic").integration
        self.store.show(snapshot)
        opened: list[UUID] = []
        for at, body in self._deliveries(asked):
            self.clock.set(at)
            delivery = Delivery(body=json.dumps(body).encode(), received_at=at)
            opened += self.copilot.ingest(actor=actor, integration_id=made.id, delivery=delivery).opened
        self.clock.set(snapshot.as_of)
        began = time.perf_counter()
        _, hypotheses = self.copilot.diagnose(actor=actor, incident_id=opened[0])
        taken = (time.perf_counter() - began) * 1000.0
        return ranked([row.cause for row in hypotheses], self._named(actor), asked.by_change), taken

    def _deliveries(self, asked: Asked) -> Sequence[tuple[datetime, Document]]:
        snapshot = asked.snapshot
        found = [(change.at, _change(change, asked.changes[change.id])) for change in snapshot.changes]
        for signal in snapshot.signals:
            body = {"title": signal.title, "service": signal.service, "severity": signal.severity}
            body |= {"occurred_at": signal.started_at.isoformat(), "environment": "production"}
            found.append((signal.started_at, {**body, "labels": dict(signal.labels)}))
        return sorted((row for row in found if row[0] <= snapshot.as_of), key=lambda row: row[0])

    def _named(self, actor: Actor) -> Mapping[UUID, str]:
        """Stored change -> what the document calls it."""
        types = frozenset(kind for kind in SignalType if kind.is_change)
        narrowed = SignalFilter(types=types, limit=PATIENCE)
        rows = self.copilot.signals.list(actor=actor, narrowed=narrowed)
        return {row.id: row.draft.labels["change"] for row in rows}


def _change(change: ObservedChange, name: str) -> Document:
    return {
        "title": change.summary or name,
        "type": "deploy_event" if change.kind in ("deploy", "commit") else "config_change",
        "service": "" if change.service == "unknown" else change.service,
        "description": change.text,
        "paths": list(change.paths),
        "occurred_at": change.at.isoformat(),
        "environment": "production",
        "dedup_key": f"{change.service}/{change.kind}/{change.id}",
        "labels": {"change": name, "author": change.author, "version": change.version},
    }


def ranked(causes: Sequence[RankedCause], changes: Mapping[UUID, str], by_change: bool) -> list[Document]:
    """The hypotheses in the scorer's terms, best first: components; and where there were changes, those before them.

    What blames no change says that none did it. The row "others" names nothing.
    """
    named = [cause for cause in causes if cause.kind is not CandidateKind.OTHERS]
    components: dict[str, list[RankedCause]] = {}
    blamed: dict[str, list[RankedCause]] = {}
    for cause in named:
        if cause.subject:
            components.setdefault(cause.subject, []).append(cause)
        said = changes[cause.change_id] if cause.change_id is not None else NO_CHANGE
        blamed.setdefault(said, []).append(cause)
    rows = [{"change": said, "confidence": confidence(found)} for said, found in blamed.items()] if by_change else []
    rows.sort(key=_surest)
    whole = [{"component": name, "confidence": confidence(found)} for name, found in components.items()]
    return rows + sorted(whole, key=_surest)


def _surest(row: Document) -> float:
    return -float(row["confidence"]["primary"])


def confidence(causes: Sequence[RankedCause]) -> Document:
    """How sure one answer is that several hypotheses give together."""
    primary = min(1.0, sum(cause.confidence.primary for cause in causes))
    return {
        "lower": min(primary, max(cause.confidence.lower for cause in causes)),
        "primary": primary,
        "upper": max(primary, *(cause.confidence.upper for cause in causes)),
    }


def _read(path: Path) -> Document:
    document: Document = json.loads(gzip.decompress(path.read_bytes()))
    return document
