"""What a metric's kind and unit say about it: its direction, its floor, its scale in seconds or as a share."""

from enum import StrEnum

from sre_copilot.domain.snapshots import MetricKind, MetricSeries


class Family(StrEnum):
    """Kinds that are compared with each other: what users feel, what machines spend, and demand."""

    SYMPTOM = "symptom"
    RESOURCE = "resource"
    TRAFFIC = "traffic"


_FAMILIES = {
    MetricKind.LATENCY: Family.SYMPTOM,
    MetricKind.AVAILABILITY: Family.SYMPTOM,
    MetricKind.ERROR_RATE: Family.SYMPTOM,
    MetricKind.SATURATION: Family.SYMPTOM,
    MetricKind.TRAFFIC: Family.TRAFFIC,
}
_EITHER_WAY = frozenset({MetricKind.TRAFFIC, MetricKind.NETWORK, MetricKind.DISK, MetricKind.OTHER})
DELAY = frozenset({MetricKind.LATENCY, MetricKind.SATURATION})
FAILURE = frozenset({MetricKind.ERROR_RATE, MetricKind.AVAILABILITY, MetricKind.SATURATION})
SYMPTOMS = DELAY | FAILURE
_SECONDS = {
    "s": 1.0,
    "sec": 1.0,
    "seconds": 1.0,
    "ms": 1e-3,
    "milliseconds": 1e-3,
    "us": 1e-6,
    "microseconds": 1e-6,
    "ns": 1e-9,
    "minutes": 60.0,
}
_PERCENT = frozenset({"percent", "%", "pct"})
_SHARE_FLOORS = {
    MetricKind.ERROR_RATE: 0.002,
    MetricKind.AVAILABILITY: 0.002,
    MetricKind.CPU: 0.02,
    MetricKind.MEMORY: 0.02,
    MetricKind.SATURATION: 0.02,
}
_COUNT_FLOORS = {
    MetricKind.TRAFFIC: 0.1,
    MetricKind.SATURATION: 1.0,
    MetricKind.CPU: 0.1,
    MetricKind.AVAILABILITY: 0.05,
}
_BYTES = {"bytes": 1.0, "b": 1.0, "kib": 1024.0, "mib": 1024.0**2, "gib": 1024.0**3, "mb": 1e6, "gb": 1e9}
LATENCY_FLOOR_SECONDS = 0.002


def family(kind: MetricKind) -> Family:
    """The family of a metric kind."""
    return _FAMILIES.get(kind, Family.RESOURCE)


def direction(kind: MetricKind) -> int:
    """1 where up is worse, -1 where down is worse, 0 where both are unusual."""
    if kind is MetricKind.AVAILABILITY:
        return -1
    return 0 if kind in _EITHER_WAY else 1


def seconds(unit: str) -> float | None:
    """Seconds per unit of a duration, None for any other unit."""
    return _SECONDS.get(unit.lower())


def absolute_floor(series: MetricSeries) -> float:
    """The smallest spread of the series worth believing, in its own unit: no change below it is a change.

    A constant series has a MAD of nought; without a floor the slightest move would be infinitely unusual.
    """
    unit = series.unit.lower()
    if series.kind is MetricKind.LATENCY:
        return LATENCY_FLOOR_SECONDS / _SECONDS.get(unit, 1.0)
    if unit in _PERCENT:
        return 100.0 * _SHARE_FLOORS.get(series.kind, 0.01)
    if unit in ("ratio", "share", "fraction", "0 or 1", ""):
        return _SHARE_FLOORS.get(series.kind, 0.01)
    if unit in _BYTES:
        return 2.0**20 / _BYTES[unit]
    return _COUNT_FLOORS.get(series.kind, 0.5)


def relative_base(series: MetricSeries, value: float) -> float:
    """The size that a relative floor refers to: `value` itself, for an availability the share that failed.

    Five per cent of an availability of 100 % would hide an outage of every twentieth request.
    """
    failed = failed_share(series, value) if series.kind is MetricKind.AVAILABILITY else None
    if failed is None:
        return abs(value)
    return failed * (100.0 if series.unit.lower() in _PERCENT else 1.0)


def failed_share(series: MetricSeries, value: float) -> float | None:
    """`value` of an error rate or an availability as the share of requests that failed, in [0, 1].

    None where the unit isn't a share (errors per second, number of replicas).
    """
    unit = series.unit.lower()
    if unit in _PERCENT:
        share = value / 100.0
    elif unit in ("ratio", "share", "fraction", "0 or 1", ""):
        share = value
    else:
        return None
    share = min(max(share, 0.0), 1.0)
    return 1.0 - share if series.kind is MetricKind.AVAILABILITY else share


def outbound(name: str) -> bool:
    """Whether a metric is measured at the caller: about the calls that a component makes, not those it serves."""
    return bool({"client", "outbound", "egress", "upstream"} & _parts(name))


def served(name: str) -> bool:
    """Whether a metric of a call is measured at the callee."""
    return bool({"server", "inbound", "ingress"} & _parts(name))


def _parts(name: str) -> set[str]:
    return set(name.lower().replace("-", "_").replace(".", "_").split("_"))


def requests_per_sample(series: MetricSeries) -> float | None:
    """How many requests a traffic sample of 1 stands for: 1 for counts, the step for rates per second, else None."""
    unit = series.unit.lower()
    if unit in ("count", "requests", ""):
        return 1.0
    return series.step_seconds if unit.endswith(("/s", "per second")) else None


def grain(series: MetricSeries, requests: float | None) -> float:
    """The least that a share of failed requests can change by: one of the incident's `requests`; 0 where unknown.

    Two requests, one of which failed, are no outage.
    """
    if series.kind not in (MetricKind.ERROR_RATE, MetricKind.AVAILABILITY) or requests is None:
        return 0.0
    if failed_share(series, 0.0) is None or series.unit.lower() == "0 or 1":
        return 0.0
    return (100.0 if series.unit.lower() in _PERCENT else 1.0) / max(requests, 1.0)
