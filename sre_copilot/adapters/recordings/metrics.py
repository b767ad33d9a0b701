"""The metrics of a recorded incident, answered as a live Prometheus would: never anything later than asked for.

A recording holds answers of `/api/v1/query_range` and an index of the queries. Which component a
series belongs to, and what it measures, is read from label keys, metric names and units alone.
"""

import gzip
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.snapshots import MetricKind, MetricSeries

_PLACES = frozenset(
    [
        "__name__",
        "cluster",
        "environment",
        "env",
        "region",
        "zone",
        "namespace",
        "job",
        "instance",
        "service",
        "node",
        "pod",
        "container",
        "upstream",
        "deployment",
        "condition",
        "status",
    ]
)
_KINDS: tuple[tuple[MetricKind, frozenset[str]], ...] = (
    (MetricKind.LATENCY, frozenset({"latency", "duration"})),
    (MetricKind.ERROR_RATE, frozenset({"error", "errors", "failed", "failure", "failures"})),
    (MetricKind.AVAILABILITY, frozenset({"up", "ready", "available", "availability"})),
    (MetricKind.CPU, frozenset({"cpu", "load", "load1", "load5", "load15"})),
    (MetricKind.MEMORY, frozenset({"memory", "heap"})),
    (MetricKind.SATURATION, frozenset({"queue", "depth", "backlog", "connections", "lag", "saturation", "used"})),
    (MetricKind.NETWORK, frozenset({"network"})),
    (MetricKind.DISK, frozenset({"disk", "filesystem"})),
    (MetricKind.TRAFFIC, frozenset({"rate", "requests", "ops", "commands", "queries"})),
)
_SHARES = ("ratio", "percent", "0 or 1")


@attrs.frozen(kw_only=True)
class _Group:
    """What the samples of several series (pods of one service) are put together under."""

    component: str
    callee: str | None
    name: str
    kind: MetricKind
    unit: str


@attrs.define(slots=False)
class RecordedMetrics:
    """A metric context that answers from the `metrics/` folder of a recording; without one it knows nothing.

    Reads the folder at the first question and keeps it. Raises InvalidInput for a folder in another form.
    """

    folder: Path

    def series(self, *, start: datetime, end: datetime, tenant_id: UUID | None = None) -> Sequence[MetricSeries]:
        """Return the series cut to samples in [start, end]; series without a sample there are left out."""
        return tuple(cut for series in self._series if (cut := _cut(series, start, end)) is not None)

    @cached_property
    def _series(self) -> tuple[MetricSeries, ...]:
        index = self.folder / "metrics" / "index.json"
        if not index.exists():
            return ()
        found: list[MetricSeries] = []
        try:
            entries: Mapping[str, Any] = json.loads(index.read_text(encoding="utf-8"))
            for name in sorted(entries):
                answer = json.loads(gzip.decompress((index.parent / entries[name]["file"]).read_bytes()))
                found += _series_of(name, entries[name], answer["data"]["result"])
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise InvalidInput(
                f"{index.parent} holds no recorded metrics ({type(error).__name__}: {error}). Expected index.json with "
                '{name: {"file", "unit", "step"}} and gzipped answers of query_range beside it.'
            ) from error
        return tuple(found)


def _series_of(name: str, entry: Mapping[str, Any], result: Sequence[Mapping[str, Any]]) -> Iterable[MetricSeries]:
    """Put the raw series of one query together per component and yield one series each."""
    step = float(entry["step"])
    origin = min((float(row["values"][0][0]) for row in result if row["values"]), default=0.0)
    groups: dict[_Group, list[dict[int, float]]] = {}
    for row in result:
        numbers = ((float(at), float(value)) for at, value in row["values"])
        samples = {round((at - origin) / step): value for at, value in numbers if math.isfinite(value)}
        for group in _groups(name, entry.get("unit", ""), row["metric"]):
            groups.setdefault(group, []).append(samples)
    for group, members in groups.items():
        if any(members):
            yield _merged(group, members, origin, step)


def _groups(name: str, unit: str, labels: Mapping[str, str]) -> Iterable[_Group]:
    """The components that a raw series speaks for: its service (or deployment), and its host where it tells one from another."""
    if "alertstate" in labels or "version" in labels:
        return
    kind = kind_of(name, unit)
    detail = [labels[key] for key in sorted(labels) if key not in _PLACES]
    full = f"{name}[{', '.join(detail)}]" if detail else name
    service, node = labels.get("service") or labels.get("deployment"), labels.get("node")
    if service and (not node or "pod" in labels):
        yield _Group(component=service, callee=labels.get("upstream"), name=full, kind=kind, unit=unit)
    if node and ("pod" not in labels or kind is MetricKind.AVAILABILITY):
        yield _Group(component=node, callee=None, name=full, kind=kind, unit=unit)


def kind_of(name: str, unit: str) -> MetricKind:
    """The kind of a metric by the words of its name, then by its unit."""
    said = frozenset(name.lower().replace("-", "_").split("_"))
    if unit.lower() in ("seconds", "s", "ms"):
        return MetricKind.LATENCY
    for kind, telling in _KINDS:
        if said & telling:
            return kind
    return MetricKind.TRAFFIC if unit.endswith("/s") else MetricKind.OTHER


def _merged(group: _Group, members: Sequence[Mapping[int, float]], origin: float, step: float) -> MetricSeries:
    first = min(min(samples) for samples in members if samples)
    last = max(max(samples) for samples in members if samples)
    values = []
    for index in range(first, last + 1):
        here = [samples[index] for samples in members if index in samples]
        values.append(_together(group, here) if here else None)
    return MetricSeries(
        component=group.component,
        callee=group.callee,
        name=group.name,
        kind=group.kind,
        unit=group.unit,
        start=datetime.fromtimestamp(origin + first * step, UTC),
        step_seconds=step,
        values=tuple(values),
    )


def _together(group: _Group, here: Sequence[float]) -> float:
    """One value for several pods: the worst delay and fullest share, the sum of counts, else the mean."""
    if group.kind is MetricKind.LATENCY or (group.kind is MetricKind.SATURATION and group.unit in _SHARES):
        return max(here)
    if group.kind in (MetricKind.SATURATION, MetricKind.TRAFFIC):
        return math.fsum(here)
    return math.fsum(here) / len(here)


def _cut(series: MetricSeries, start: datetime, end: datetime) -> MetricSeries | None:
    step = series.step_seconds
    first = max(0, math.ceil((start - series.start).total_seconds() / step))
    stop = min(len(series.values), math.floor((end - series.start).total_seconds() / step) + 1)
    if stop <= first:
        return None
    at = datetime.fromtimestamp(series.start.timestamp() + first * step, UTC)
    return attrs.evolve(series, start=at, values=series.values[first:stop])
