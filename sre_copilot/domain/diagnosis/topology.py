"""Which share of the trouble is a component's own, once what its callees (and hosts) pass up is taken away.

Everything here is soft: an edge that is missing lowers a feature, it never removes a candidate.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from heapq import heappop, heappush

import attrs

from sre_copilot.domain.diagnosis.edges import Blame, Gap, Pair, blame, gain, gaps, typical_latency
from sre_copilot.domain.diagnosis.readings import Readings
from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.domain.diagnosis.units import SYMPTOMS, failed_share
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.snapshots import MetricKind

MOST_CALLS = 20.0
LARGEST_EXCESS = 1e9


@attrs.frozen(kw_only=True)
class Share:
    """What a component adds itself, per request of the alarm's component, and the series that tells."""

    own: float
    shift: Shift


@attrs.define(kw_only=True, slots=False)
class Topology:
    """The graph of one snapshot with the excess of each component on it. Lazy, and read-only to its users."""

    graph: ServiceGraph
    readings: Readings
    alarm: str
    components: tuple[str, ...]
    hosts: frozenset[str]

    @property
    def focus(self) -> frozenset[MetricKind]:
        """The kinds that the incident is about."""
        return self.readings.focus

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
            if edge.series.kind in self.focus and callee not in self.readings.own:
                _keep_clearer(found, callee, edge)
        if MetricKind.LATENCY in self.focus:
            for gap in self.gaps.values():
                _keep_clearer(found, gap.callee, gap.shift)
        return found

    @cached_property
    def gaps(self) -> Mapping[Pair, Gap]:
        """The calls on which the caller sees a delay that the callee doesn't."""
        return self._gaps_and_measured[0]

    @cached_property
    def gaps_into(self) -> Mapping[str, tuple[Gap, ...]]:
        """The same, by callee."""
        found: dict[str, tuple[Gap, ...]] = {}
        for gap in self.gaps.values():
            found[gap.callee] = (*found.get(gap.callee, ()), gap)
        return found

    @cached_property
    def blame(self) -> Mapping[str, Blame]:
        """How far those gaps point at each component."""
        return blame(*self._gaps_and_measured)

    @cached_property
    def _gaps_and_measured(self) -> tuple[dict[Pair, Gap], frozenset[Pair]]:
        return gaps(self.readings)

    @cached_property
    def own_delay(self) -> Mapping[str, Share]:
        """Seconds per request of the alarm's component that each component adds by itself; for incidents of delay."""
        return self._own(self._delays) if MetricKind.LATENCY in self.focus else {}

    @cached_property
    def own_failures(self) -> Mapping[str, Share]:
        """Failed requests per request of the alarm's component that begin at each component; for incidents of failure."""
        return self._own(self._failures) if MetricKind.ERROR_RATE in self.focus else {}

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

    def _own(self, measure: Callable[[str], Share | None]) -> Mapping[str, Share]:
        whole = {name: share for name in self.components if (share := measure(name)) is not None}
        excess = {name: share.own for name, share in whole.items()}
        own = {}
        for name, share in whole.items():
            passed = sum(
                excess[other] * self._share(name, other, excess) for other in self.supports(name) if other in excess
            )
            own[name] = attrs.evolve(share, own=max(0.0, share.own - passed))
        return own

    def _share(self, caller: str, callee: str, excess: Mapping[str, float]) -> float:
        callers = self.graph.callers(callee)
        total = sum(excess.get(name, 0.0) for name in callers)
        return excess[caller] / total if caller in callers and total > 0 else 1.0

    def _delays(self, name: str) -> Share | None:
        shift = typical_latency(self.readings.own.get(name, ()))
        unseen = max(self.gaps_into.get(name, ()), key=lambda gap: (gap.seconds, gap.caller), default=None)
        own = gain(shift) if shift is not None and shift.strength > 0 else 0.0
        total = own + (unseen.seconds if unseen else 0.0)
        told = shift or (unseen.shift if unseen else None)
        if told is None:
            return None
        return Share(own=min(total * self.calls_per_request(name), LARGEST_EXCESS), shift=told)

    def _failures(self, name: str) -> Share | None:
        best: Share | None = None
        for shift in self.readings.own.get(name, ()):
            if shift.series.kind not in (MetricKind.ERROR_RATE, MetricKind.AVAILABILITY):
                continue
            before, after = failed_share(shift.series, shift.before), failed_share(shift.series, shift.after)
            if before is None or after is None:
                continue
            gained = max(0.0, after - before) if shift.strength > 0 else 0.0
            share = Share(own=gained * self.calls_per_request(name, during=True), shift=shift)
            if best is None or share.own > best.own:
                best = share
        return best

    def calls_per_request(self, name: str, *, during: bool = False) -> float:
        """Requests of `name` per request of the alarm's component, in [0, 20]; 1 where either is unknown.

        As usual, or `during` the incident.
        """
        mine, alarm = self._rate(name, during), self._rate(self.alarm, during)
        if mine is None or alarm is None or not alarm > 0:
            return 1.0
        return min(max(0.0, mine / alarm), MOST_CALLS)

    def _rate(self, name: str, during: bool) -> float | None:
        rates = [
            shift.after if during else shift.before
            for shift in self.readings.own.get(name, ())
            if shift.series.kind is MetricKind.TRAFFIC
        ]
        return max(rates, default=None)


def _keep_clearer(found: dict[str, Shift], name: str, shift: Shift) -> None:
    if name not in found or shift.strength > found[name].strength:
        found[name] = shift
