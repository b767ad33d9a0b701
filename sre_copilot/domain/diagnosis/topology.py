"""Which share of the trouble is a component's own, once what its callees (and hosts) pass up is taken away.

Everything here is soft: an edge that is missing lowers a feature, it never removes a candidate.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from heapq import heappop, heappush

import attrs

from sre_copilot.domain.diagnosis.readings import Readings
from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.domain.diagnosis.units import failed_share, seconds
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.snapshots import MetricKind

DELAY = frozenset({MetricKind.LATENCY, MetricKind.SATURATION})
FAILURE = frozenset({MetricKind.ERROR_RATE, MetricKind.AVAILABILITY, MetricKind.SATURATION})
SYMPTOMS = DELAY | FAILURE
_ORDER_OF_LATENCIES = (("mean", "average", "avg"), ("p50", "median"), ("p90",), ("p95",), ("p99",))
MOST_CALLS = 20.0
LARGEST_EXCESS = 1e9


@attrs.define(kw_only=True, slots=False)
class Topology:
    """The graph of one snapshot with the excess of each component on it. Lazy, and read-only to its users."""

    graph: ServiceGraph
    readings: Readings
    alarm: str
    components: tuple[str, ...]
    hosts: frozenset[str]

    @cached_property
    def focus(self) -> frozenset[MetricKind]:
        """The kinds that are like the alarm's: delays for a slow alarm, failures for a failing one, else both."""
        if self.readings.alarm is None:
            return SYMPTOMS
        kind = self.readings.alarm.series.kind
        if kind is MetricKind.SATURATION:
            return SYMPTOMS
        return DELAY if kind in DELAY else FAILURE

    def supports(self, name: str) -> tuple[str, ...]:
        """What `name` depends on directly: its callees and the hosts of its pods."""
        return (*self.graph.callees(name), *sorted(self.graph.hosts_of(name)))

    @cached_property
    def symptom(self) -> Mapping[str, Shift]:
        """The clearest symptom of each component of the alarm's kind, as seen by itself or else by its callers."""
        found = {}
        for name in self.components:
            # A host serves no requests: whatever it shows, it shows as the one that is underneath.
            shift = self.readings.worst_of(name, SYMPTOMS if name in self.hosts else self.focus)
            if shift is not None:
                found[name] = shift
        for edge in self.readings.edges:
            callee = edge.series.callee or ""
            if edge.series.kind not in self.focus or callee in self.readings.own:
                continue
            if callee not in found or edge.strength > found[callee].strength:
                found[callee] = edge
        return found

    @cached_property
    def own_delay(self) -> Mapping[str, float]:
        """Seconds per request of the alarm's component that each component adds by itself."""
        return self._own(self._delays)

    @cached_property
    def own_failures(self) -> Mapping[str, float]:
        """Failed requests per request of the alarm's component that begin at each component."""
        return self._own(self._failures)

    def strength(self, name: str) -> float:
        """Strength of the clearest symptom of `name`, 0 where nothing is known of it."""
        shift = self.symptom.get(name)
        return shift.strength if shift else 0.0

    def worst_support(self, name: str) -> tuple[str, float]:
        """The callee or host of `name` with the clearest symptom, and how clear it is; ("", 0) without any."""
        return max(
            ((other, self.strength(other)) for other in self.supports(name)),
            key=lambda pair: (pair[1], pair[0]),
            default=("", 0.0),
        )

    @cached_property
    def reached(self) -> Mapping[str, float]:
        """How unbroken the trail of symptoms from the alarm to each component is: the weakest link's strength, in [0, 1].

        The alarm itself counts as fully anomalous, and the component at the end doesn't count.
        """
        found: dict[str, float] = {}
        heap = [(-1.0, self.alarm)]
        while heap:
            link, name = heappop(heap)
            if name in found:
                continue
            found[name] = -link
            onward = -link if name == self.alarm else min(-link, self.strength(name))
            for other in self.supports(name):
                if onward > 0 and other not in found:
                    heappush(heap, (-onward, other))
        return found

    def _own(self, measure: Callable[[str], float | None]) -> Mapping[str, float]:
        excess = {name: value for name in self.components if (value := measure(name)) is not None}
        own = {}
        for name, value in excess.items():
            passed = sum(
                excess[other] * self._share(name, other, excess) for other in self.supports(name) if other in excess
            )
            own[name] = max(0.0, value - passed)
        return own

    def _share(self, caller: str, callee: str, excess: Mapping[str, float]) -> float:
        callers = self.graph.callers(callee)
        total = sum(excess.get(name, 0.0) for name in callers)
        return excess[caller] / total if caller in callers and total > 0 else 1.0

    def _delays(self, name: str) -> float | None:
        found = [
            s for s in self.readings.own.get(name, ()) if s.series.kind is MetricKind.LATENCY and seconds(s.series.unit)
        ]
        shift = _typical_latency(found)
        if shift is None:
            return None
        scale = seconds(shift.series.unit) or 0.0
        gain = (shift.after - shift.before) * scale if shift.strength > 0 else 0.0
        return min(max(0.0, gain) * self.calls_per_request(name), LARGEST_EXCESS)

    def _failures(self, name: str) -> float | None:
        best: float | None = None
        for shift in self.readings.own.get(name, ()):
            if shift.series.kind not in (MetricKind.ERROR_RATE, MetricKind.AVAILABILITY):
                continue
            before, after = failed_share(shift.series, shift.before), failed_share(shift.series, shift.after)
            if before is None or after is None:
                continue
            gain = max(0.0, after - before) if shift.strength > 0 else 0.0
            best = max(best or 0.0, gain * self.calls_per_request(name))
        return best

    def calls_per_request(self, name: str) -> float:
        """Requests of `name` per request of the alarm's component, in [0, 20]; 1 where either is unknown."""
        mine, alarm = self._rate(name), self._rate(self.alarm)
        if mine is None or alarm is None or not alarm > 0:
            return 1.0
        return min(mine / alarm, MOST_CALLS)

    def _rate(self, name: str) -> float | None:
        rates = [
            shift.before
            for shift in self.readings.own.get(name, ())
            if shift.series.kind is MetricKind.TRAFFIC and math.isfinite(shift.before)
        ]
        return max(rates, default=None)


def _typical_latency(shifts: Iterable[Shift]) -> Shift | None:
    """The series that speaks for the requests as a whole: the mean, else the lowest percentile; the server's side of it."""

    def rank(shift: Shift) -> tuple[bool, int, str]:
        name = shift.series.name.lower()
        place = next((i for i, words in enumerate(_ORDER_OF_LATENCIES) if any(word in name for word in words)), 5)
        return "client" in name, place, name

    return min(shifts, key=rank, default=None)


def gaps(topology: Topology) -> dict[str, float]:
    """For each component, its part in the delays and failures that only the callers of an edge see, in [0, 1].

    A network fault of a component shows as a gap between the client's and the server's side on all of its
    edges, in and out, while each neighbour has one such edge. Failures seen by callers count as they are.
    """
    sides: dict[tuple[str, str], list[Shift]] = {}
    for edge in topology.readings.edges:
        if edge.series.kind is MetricKind.LATENCY and seconds(edge.series.unit):
            sides.setdefault((edge.series.component, edge.series.callee or ""), []).append(edge)
    per_edge = {pair: _gap(topology, pair[1], shifts) for pair, shifts in sides.items()}
    total = sum(per_edge.values())
    if total <= 0:
        return {}
    found: dict[str, float] = {}
    for (caller, callee), gap in per_edge.items():
        for name in {caller, callee}:
            found[name] = found.get(name, 0.0) + gap / total
    return {name: min(1.0, share) for name, share in found.items()}


def _gap(topology: Topology, callee: str, sides: Iterable[Shift]) -> float:
    """Seconds that calls became slower for the caller beyond what the callee (or the edge's server side) admits."""
    clients = [edge for edge in sides if "server" not in edge.series.name.lower() and edge.strength > 0]
    servers = [edge for edge in sides if "server" in edge.series.name.lower()]
    own = [shift for shift in topology.readings.own.get(callee, ()) if shift.series.kind is MetricKind.LATENCY]
    seen = max((_gain(edge) for edge in clients), default=0.0)
    served = _typical_latency(servers) or _typical_latency(own)
    return max(0.0, seen - (_gain(served) if served else 0.0))


def _gain(shift: Shift) -> float:
    return max(0.0, (shift.after - shift.before) * (seconds(shift.series.unit) or 0.0))
