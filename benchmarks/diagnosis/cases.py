"""Turn the labelled case documents into context snapshots, and read their truth for fitting.

The engine sees what a snapshot holds and nothing else: no set name, no truth, no list of components.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import attrs

from benchmarks.diagnosis.case_telemetry import telemetry_of
from benchmarks.diagnosis.past import as_past
from sre_copilot.domain.service_graph import Call, ServiceGraph
from sre_copilot.domain.snapshots import ContextSnapshot, MetricKind, MetricSeries, ObservedChange, ObservedSignal

SETS = ("petshop", "nezha-ob", "nezha-tt", "rootcausebench")


@attrs.frozen(kw_only=True)
class Case:
    """One labelled incident. `right` answers are component names, or change ids ("none" = no change)."""

    id: str
    set: str
    snapshot: ContextSnapshot
    right: str
    judged_by: str
    group: str
    service: str
    changes: dict[UUID, str]


def load(data: Path, name: str, *, edit: Any = None, strict: bool = False) -> Iterator[Case]:
    """Yield the cases of one set in the order of their ids. `edit(document)` may alter a case first (stress runs).

    For `strict` see `as_past`.
    """
    truths = {row["id"]: row for row in map(json.loads, (data / name / "truth.jsonl").read_text().splitlines())}
    backgrounds = {path.name: _read(path) for path in sorted((data / name / "background").glob("*.json.gz"))}
    for path in sorted((data / name / "cases").glob("*.json.gz")):
        document = _read(path)
        if edit is not None:
            edit(document)
        truth = truths[document["id"]]
        background = backgrounds.get(f"{document['background']}.json.gz") if document["background"] else None
        snapshot, ids = to_snapshot(document, background, strict=strict)
        by_change = truth.get("change") is not None
        alarm = document["alarm"]["metric"]
        yield Case(
            id=document["id"],
            set=name,
            snapshot=snapshot,
            right=truth["change"] if by_change else truth["component"],
            judged_by="change" if by_change else "component",
            group=document["id"] if by_change else f"{truth['component']}/{alarm if name == 'petshop' else ''}",
            service=truth["component"],
            changes=ids,
        )


def fingerprint(data: Path, name: str) -> str:
    """SHA-256 over the uncompressed files of a set, for the training record."""
    digest = hashlib.sha256()
    for path in sorted((data / name).rglob("*")):
        if path.is_file():
            body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            digest.update(f"{path.relative_to(data / name)}\0{hashlib.sha256(body).hexdigest()}\n".encode())
    return digest.hexdigest()


def to_snapshot(
    document: dict[str, Any], background: dict[str, Any] | None, *, strict: bool = False
) -> tuple[ContextSnapshot, dict[UUID, str]]:
    """The snapshot a collector would have taken, and which change of the document each change id stands for."""
    background = as_past(document, background, strict=strict)
    window = {name: _time(value) for name, value in document["window"].items()}
    onset = _time(document["assumed_start"] or document["detected_at"])
    metrics, start = _metrics(document, background, window["start"])
    changes, ids = _changes(document)
    calls = frozenset(Call(caller=pair["caller"], callee=pair["callee"]) for pair in document["calls"])
    snapshot = ContextSnapshot(
        id=uuid5(NAMESPACE_URL, document["id"] + "/snapshot"),
        incident_id=uuid5(NAMESPACE_URL, document["id"]),
        as_of=window["end"],
        window_start=start,
        onset=onset,
        window_end=window["end"],
        alarm=document["alarm"]["component"],
        signals=_signals(document, onset),
        changes=changes,
        graph=ServiceGraph(services=frozenset(document["components"]), calls=calls),
        metrics=metrics,
        telemetry=telemetry_of(document, background, start),
    )
    return snapshot, ids


def _signals(document: dict[str, Any], onset: datetime) -> tuple[ObservedSignal, ...]:
    alarm = document["alarm"]
    return (
        ObservedSignal(
            id=uuid5(NAMESPACE_URL, document["id"] + "/alarm"),
            service=alarm["component"],
            title=f"{alarm['metric']}: {alarm['description']}",
            severity="high",
            started_at=onset,
        ),
    )


def _changes(document: dict[str, Any]) -> tuple[tuple[ObservedChange, ...], dict[UUID, str]]:
    """One change per roll-out: a deploy carries the text of the commit it names. Commits nobody deployed have no service."""
    commits = {change["id"]: change for change in document["changes"] if change["kind"] == "commit"}
    deployed = {change.get("commit") for change in document["changes"]}
    found, ids = [], {}
    for change in document["changes"]:
        if change["kind"] == "commit" and change["id"] in deployed:
            continue
        commit = commits.get(change.get("commit") or "", change)
        id_ = uuid5(NAMESPACE_URL, f"{document['id']}/{change['id']}")
        ids[id_] = commit["id"]
        found.append(
            ObservedChange(
                id=id_,
                service=change["component"] or "unknown",
                kind=change["kind"],
                summary=commit["summary"],
                at=_time(change["at"]),
                author=change["author"] or "",
                text=commit["diff"] or "",
                paths=tuple(commit["paths"]),
            )
        )
    return tuple(found), ids


def _metrics(
    document: dict[str, Any], background: dict[str, Any] | None, start: datetime
) -> tuple[tuple[MetricSeries, ...], datetime]:
    """The case's series with their past in front: later samples of a shared background are left out."""
    past = {_key(row): row for kind in ("series", "edge_series") for row in (background or {}).get(kind, [])}
    found, earliest = [], start
    for row in [*document["series"], *document.get("edge_series", [])]:
        series = _series(row)
        before = past.get(_key(row))
        if before is not None and before["step_seconds"] == row["step_seconds"]:
            series = _joined(_series(before), series, start)
        earliest = min(earliest, series.start)
        found.append(series)
    return tuple(found), earliest


def _joined(past: MetricSeries, now: MetricSeries, start: datetime) -> MetricSeries:
    """Put `now` behind the part of `past` before `start`, on the grid of `now`."""
    kept = [
        v
        for i, v in enumerate(past.values)
        if past.start + timedelta(seconds=i * past.step_seconds) < min(start, now.start)
    ]
    return attrs.evolve(
        now,
        start=now.start - timedelta(seconds=len(kept) * now.step_seconds),
        values=(*kept, *now.values),
    )


def _series(row: dict[str, Any]) -> MetricSeries:
    return MetricSeries(
        component=row.get("component") or row["caller"],
        callee=row.get("callee"),
        name=row["metric"],
        kind=MetricKind(row["kind"]),
        unit=row["unit"],
        start=_time(row["start"]),
        step_seconds=row["step_seconds"],
        values=tuple(row["values"]),
    )


def _key(row: dict[str, Any]) -> tuple[str | None, ...]:
    return row.get("component") or row.get("caller"), row.get("callee"), row["metric"]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return document
