"""Which open incidents share a recent change with a newcomer, all at once."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from sre_copilot.domain.correlation import CHANGE_LOOKBACK
from sre_copilot.domain.moments import MICROSECOND, microseconds
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.snapshots import ObservedChange

LOOKBACK = CHANGE_LOOKBACK // MICROSECOND
KEPT = 1024
"""How many newcomers' services are remembered with the changes near them."""


@attrs.define(kw_only=True)
class CommonChanges:
    """The changes of one batch by service, with the incidents that began within the hour after one."""

    _moments: Mapping[str, list[int]]
    _near: dict[str, Sequence[tuple[str, int, int]]] = attrs.field(factory=dict, init=False)
    """By service of a newcomer, as of a graph and a version: (changed service, incidents in what reaches it, those of
    them that began soon after a change of it)."""
    _soon_after: dict[str, int] = attrs.field(factory=dict, init=False)
    _graph: ServiceGraph | None = attrs.field(default=None, init=False)
    _version: int = attrs.field(default=-1, init=False)

    @classmethod
    def of(cls, changes: Iterable[ObservedChange]) -> "CommonChanges":
        """Sort changes by service and time."""
        moments: dict[str, list[int]] = {}
        for change in changes:
            insort(moments.setdefault(change.service, []), microseconds(change.at))
        return cls(moments=moments)

    def shared(self, service: str, started_at: int, graph: ServiceGraph, incidents: "Beginnings") -> int:
        """Incidents, as bits, with a change before both them and a newcomer, in something that both are or reach."""
        if not self._moments:
            return 0
        if self._version != incidents.version or self._graph is not graph or len(self._near) >= KEPT:
            self._near.clear()
            self._soon_after.clear()
            self._version, self._graph = incidents.version, graph
        near = self._near.get(service)
        if near is None:
            near = self._near[service] = tuple(self._found_near(service, graph, incidents))
        if not near:
            return 0
        found, later = 0, incidents.after(started_at)
        for changed, reaching, soon in near:
            found |= soon & ~later
            if self._was_before(changed, started_at):
                found |= reaching & later
        return found

    def _found_near(self, service: str, graph: ServiceGraph, incidents: "Beginnings") -> Iterator[tuple[str, int, int]]:
        for changed in self._moments.keys() & graph.reach(service).keys():
            reaching = 0
            for name in graph.reached_by(changed):
                reaching |= incidents.services.get(name, 0)
            if reaching:
                yield changed, reaching, reaching & self._began_soon_after(changed, incidents)

    def _began_soon_after(self, service: str, incidents: "Beginnings") -> int:
        mask = self._soon_after.get(service)
        if mask is None:
            mask = 0
            for moment, number in incidents.detected:
                if self._was_before(service, moment):
                    mask |= 1 << number
            self._soon_after[service] = mask
        return mask

    def _was_before(self, service: str, moment: int) -> bool:
        moments = self._moments[service]
        place = bisect_right(moments, moment)
        return place > 0 and moment - moments[place - 1] <= LOOKBACK


@attrs.define(kw_only=True)
class Beginnings:
    """When the open incidents began, in microseconds, and in which services members of theirs are."""

    services: dict[str, int] = attrs.field(factory=dict, init=False)
    detected: list[tuple[int, int]] = attrs.field(factory=list, init=False)
    """(detected_at, number), sorted."""
    version: int = attrs.field(default=0, init=False)
    """Another one after each change of either."""

    def move(self, number: int, before: int | None, now: int | None) -> None:
        """Note another beginning of an incident; None where it was or is not known."""
        if before is not None:
            place = bisect_right(self.detected, (before, number)) - 1
            del self.detected[place]
        if now is not None:
            insort(self.detected, (now, number))
        self.version += 1

    def after(self, moment: int) -> int:
        """Incidents that began after a moment, as bits."""
        found = 0
        for detected, number in reversed(self.detected):
            if detected <= moment:
                break
            found |= 1 << number
        return found
