"""Who calls whom, and what runs where.

Services and hosts are nodes named by strings. A call edge goes from caller to callee; a fault
usually travels the other way, from callee to caller. A placement says that a service has a pod on
a host. A graph may be empty or partial: unknown is never the same as unconnected.
"""

from collections import deque
from collections.abc import Iterator, Mapping

import attrs

MAX_DISTANCE = 6


@attrs.frozen(kw_only=True, order=True)
class Call:
    """One edge of the call graph: `caller` sends requests to `callee`."""

    caller: str
    callee: str


@attrs.frozen(kw_only=True, order=True)
class Placement:
    """A pod of `service` runs on `host`."""

    service: str
    host: str
    pod: str = ""


@attrs.frozen(kw_only=True)
class ServiceGraph:
    """The services of one tenant, the calls between them and the hosts under them."""

    services: frozenset[str] = frozenset()
    calls: frozenset[Call] = frozenset()
    placements: frozenset[Placement] = frozenset()
    _callees: dict[str, tuple[str, ...]] = attrs.field(init=False, eq=False, repr=False)
    _callers: dict[str, tuple[str, ...]] = attrs.field(init=False, eq=False, repr=False)
    _hosts: dict[str, frozenset[str]] = attrs.field(init=False, eq=False, repr=False)
    hosts: frozenset[str] = attrs.field(init=False, eq=False, repr=False)
    """Every host that something runs on."""
    _reach: dict[str, Mapping[str, int]] = attrs.field(init=False, eq=False, repr=False, factory=dict)
    _reached_by: dict[str, Mapping[str, int]] = attrs.field(init=False, eq=False, repr=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        callees: dict[str, set[str]] = {}
        callers: dict[str, set[str]] = {}
        for call in self.calls:
            callees.setdefault(call.caller, set()).add(call.callee)
            callers.setdefault(call.callee, set()).add(call.caller)
        hosts: dict[str, set[str]] = {}
        for placement in self.placements:
            hosts.setdefault(placement.service, set()).add(placement.host)
        object.__setattr__(self, "_callees", {name: tuple(sorted(names)) for name, names in callees.items()})
        object.__setattr__(self, "_callers", {name: tuple(sorted(names)) for name, names in callers.items()})
        object.__setattr__(self, "_hosts", {name: frozenset(names) for name, names in hosts.items()})
        object.__setattr__(self, "hosts", frozenset(placement.host for placement in self.placements))

    @property
    def names(self) -> frozenset[str]:
        """Every name in it: of services, callers, callees, hosts, and of pods that have one."""
        called = {name for call in self.calls for name in (call.caller, call.callee)}
        placed = {name for place in self.placements for name in (place.service, place.host)}
        return self.services | called | placed | {place.pod for place in self.placements if place.pod}

    def knows(self, name: str) -> bool:
        """Whether `name` is a service or host of this graph."""
        return name in self.services or name in self._callees or name in self._callers or self.is_host(name)

    def is_host(self, name: str) -> bool:
        """Whether something runs on `name`."""
        return name in self.hosts

    def callees(self, service: str) -> tuple[str, ...]:
        """The services that `service` calls directly, sorted."""
        return self._callees.get(service, ())

    def callers(self, service: str) -> tuple[str, ...]:
        """The services that call `service` directly, sorted."""
        return self._callers.get(service, ())

    def hosts_of(self, service: str) -> frozenset[str]:
        """The hosts that `service` runs on."""
        return self._hosts.get(service, frozenset())

    def calls_between(self, caller: str, callee: str) -> int | None:
        """Length of the shortest call path from `caller` down to `callee`.

        0 for the same service, None when there is no directed path of at most MAX_DISTANCE calls.
        """
        return self.reach(caller).get(callee)

    def reach(self, service: str) -> Mapping[str, int]:
        """`service` and everything it reaches, each with how many calls away it is. Walked once and kept."""
        return self._kept(service, self._callees, self._reach)

    def reached_by(self, service: str) -> Mapping[str, int]:
        """`service` and everything that reaches it, each with how many calls away it is. Walked once and kept."""
        return self._kept(service, self._callers, self._reached_by)

    def downstream(self, service: str) -> Iterator[tuple[str, int]]:
        """Yield (name, calls away) for `service` and everything it reaches, nearest first."""
        yield from self._walk(service, self._callees)

    def upstream(self, service: str) -> Iterator[tuple[str, int]]:
        """Yield (name, calls away) for `service` and everything that reaches it, nearest first."""
        yield from self._walk(service, self._callers)

    def _kept(
        self, service: str, edges: dict[str, tuple[str, ...]], kept: dict[str, Mapping[str, int]]
    ) -> Mapping[str, int]:
        if service not in edges:
            # Strangers may have any number of names: none of them is kept.
            return {service: 0}
        if service not in kept:
            kept[service] = dict(self._walk(service, edges))
        return kept[service]

    @staticmethod
    def _walk(start: str, edges: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, int]]:
        seen = {start}
        queue = deque([(start, 0)])
        while queue:
            name, depth = queue.popleft()
            yield name, depth
            if depth == MAX_DISTANCE:
                continue
            for neighbour in edges.get(name, ()):
                if neighbour not in seen:
                    seen.add(neighbour)
                    queue.append((neighbour, depth + 1))
