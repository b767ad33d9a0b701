"""Which share of the incident's signals a candidate would explain, and what their labels say about hosts and time."""

import math
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

import attrs

from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.snapshots import ObservedSignal

CALLER_DECAY = 0.75
FIRST_SECONDS = 60.0


@attrs.frozen(kw_only=True)
class Complaint:
    """Signals of one service with one title on one host: what counts as one when shares are taken.

    A storm of equal alerts, one per pod, would else outvote everything.
    """

    service: str
    title: str
    hosts: tuple[str, ...]
    first: ObservedSignal


def complaints(signals: Sequence[ObservedSignal]) -> tuple[Complaint, ...]:
    """Group the signals; the earliest of each group (then the smallest id) stands for it."""
    found: dict[tuple[str, str, tuple[str, ...]], ObservedSignal] = {}
    for signal in sorted(signals, key=lambda signal: (signal.started_at, str(signal.id))):
        found.setdefault((signal.service, signal.title, tuple(sorted(set(signal.hosts)))), signal)
    return tuple(
        Complaint(service=service, title=title, hosts=hosts, first=signal)
        for (service, title, hosts), signal in found.items()
    )


@attrs.define(kw_only=True, slots=False)
class Suffering:
    """Who would suffer from whom, on one graph."""

    graph: ServiceGraph

    @property
    def known(self) -> bool:
        """Whether the graph says anything about who depends on whom."""
        return bool(self.graph.calls or self.graph.placements)

    @cached_property
    def _pods(self) -> dict[str, dict[str, int]]:
        """service -> host -> number of its pods there."""
        found: dict[str, dict[str, int]] = {}
        for placement in self.graph.placements:
            pods = found.setdefault(placement.service, {})
            pods[placement.host] = pods.get(placement.host, 0) + 1
        return found

    @cached_property
    def _residents(self) -> dict[str, list[str]]:
        """host -> the services with pods on it, sorted."""
        found: dict[str, list[str]] = {}
        for service in sorted(self._pods):
            for host in self._pods[service]:
                found.setdefault(host, []).append(service)
        return found

    def of(self, name: str) -> dict[str, float]:
        """The services that would suffer from `name`, and how surely: itself 1, callers 0.75, their callers 0.56 ...

        A host takes along the share of each service's pods that it holds, and their callers accordingly.
        """
        found = {name: 1.0}
        for service in self._residents.get(name, ()):
            pods = self._pods[service]
            self._spread(found, service, pods[name] / sum(pods.values()))
        self._spread(found, name, 1.0)
        return found

    def _spread(self, found: dict[str, float], service: str, share: float) -> None:
        for caller, distance in self.graph.upstream(service):
            found[caller] = max(found.get(caller, 0.0), share * CALLER_DECAY**distance)


def explained(
    candidates: Sequence[Complaint], name: str, suffering: dict[str, float]
) -> tuple[float, Complaint | None]:
    """Share of the complaints that `name` explains, in [0, 1], and the complaint it explains best.

    A complaint that names other hosts than a host candidate is explained only as far as its service's
    callees are; one of the candidate itself, or that names it, fully.
    """
    if not candidates:
        return 0.0, None
    parts = [(_explains(complaint, name, suffering), complaint) for complaint in candidates]
    best = max(parts, key=lambda part: (part[0], -part[1].first.started_at.timestamp(), part[1].service))
    return math.fsum(part for part, _ in parts) / len(parts), best[1] if best[0] > 0 else None


def shared_host(candidates: Sequence[Complaint], host: str) -> float:
    """How clearly the complaints point at `host` as what they have in common, in [0, 1].

    Share of the complaints with any host that name this one, times how many different services they come
    from: nothing for one service (its own trouble would look the same), full from four on.
    """
    placed = [complaint for complaint in candidates if complaint.hosts]
    named = [complaint for complaint in placed if host in complaint.hosts]
    services = {complaint.service for complaint in named}
    if len(services) < 2:
        return 0.0
    return len(named) / len(placed) * min(1.0, (len(services) - 1) / 3.0)


def first_mention(candidates: Sequence[Complaint], name: str) -> ObservedSignal | None:
    """The earliest signal of `name`, or for a host that names it."""
    found = [complaint.first for complaint in candidates if complaint.service == name or name in complaint.hosts]
    return min(found, key=lambda signal: (signal.started_at, str(signal.id)), default=None)


def earliness(at: datetime, first: datetime) -> float:
    """1 for the first signal of the incident, halved for each minute after it."""
    return float(0.5 ** (max(0.0, (at - first).total_seconds()) / FIRST_SECONDS))


def _explains(complaint: Complaint, name: str, suffering: dict[str, float]) -> float:
    if complaint.service == name or name in complaint.hosts:
        return 1.0
    return suffering.get(complaint.service, 0.0)
