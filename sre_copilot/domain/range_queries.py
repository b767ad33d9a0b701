"""Configured queries around an incident, and the answers of range queries as metric series of components.

Which component a series belongs to, and what it measures, is read from label keys, metric names and units alone.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs

from sre_copilot.domain.errors import CredentialsRefused, OutgoingFailed
from sre_copilot.domain.snapshots import MetricKind, MetricSeries

MOST_QUERIES = 20
"""How many configured queries are asked around an incident."""
ALL_QUERIES, LONGEST_QUERY = 8.0, 5.0
"""Seconds for all of them together, and for one; a plugin has 10 for its metrics."""
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


def read_query(text: str) -> tuple[str, str, str]:
    """Return name, unit and query of NAME[UNIT]=QUERY; what has no name is called by its whole text."""
    head, equals, query = text.partition("=")
    if not equals or "(" in head or "{" in head:
        return text[:100], "", text
    name, _, unit = head.partition("[")
    return name.strip(), unit.rstrip("] "), query


def series_of_queries(
    vendor: str,
    queries: Sequence[str],
    ask: Callable[[str, str, str, float], Iterable[MetricSeries]],
    *,
    clock: Callable[[], float],
) -> list[MetricSeries]:
    """Return the series of queries (NAME[UNIT]=QUERY), of 20 at most. One that can't be answered is left out, unless none can.

    `ask` is given name, unit, query and the seconds that it may take: an even share of what is left, so that one which
    hangs does not lose the others, and quick ones leave their time to those after them. It raises OutgoingFailed for no
    answer, and for one in another form what `series_of` does. `clock` counts seconds. Raises OutgoingFailed; anything else
    that `ask` raises, CredentialsRefused too, ends it at once.
    """
    asked = [read_query(text) for text in queries[:MOST_QUERIES]]
    until = clock() + ALL_QUERIES
    found: list[MetricSeries] = []
    failures: list[OutgoingFailed] = []
    for place, (name, unit, query) in enumerate(asked):
        share = (until - clock()) / (len(asked) - place)
        try:
            if share <= 0:
                raise OutgoingFailed(f"{vendor} took too long for the queries before.")
            found += [*ask(name, unit, query, min(LONGEST_QUERY, share))]
        except CredentialsRefused:
            raise
        except OutgoingFailed as failed:
            failures.append(failed)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError):
            failures.append(OutgoingFailed(f"{vendor} answered a query in another form."))
    if failures and len(failures) == len(asked):
        raise failures[0]
    return found


def series_of(name: str, unit: str, step: float, result: Sequence[Mapping[str, Any]]) -> Iterable[MetricSeries]:
    """Put the raw series of one query together per component and yield one series each.

    `result` is `data.result` of `/api/v1/query_range`, `step` in seconds. Series that name no service, deployment or node
    are left out. Raises ValueError, KeyError, TypeError, AttributeError, IndexError and OverflowError for another form.
    """
    origin = min((float(row["values"][0][0]) for row in result if row["values"]), default=0.0)
    groups: dict[_Group, list[dict[int, float]]] = {}
    for row in result:
        numbers = ((float(at), float(value)) for at, value in row["values"])
        samples = {round((at - origin) / step): value for at, value in numbers if math.isfinite(value)}
        for group in _groups(name, unit, row["metric"]):
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
