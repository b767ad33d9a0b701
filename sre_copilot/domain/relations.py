"""How the service graph connects a newcomer with the open incidents, all at once."""

from collections.abc import Mapping, Sequence

import attrs

from sre_copilot.domain.correlation import host_of, relation_of
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.subjects import Spot

KEPT = 1024
"""How many newcomers' spots are remembered with what is connected to them."""


@attrs.define(kw_only=True)
class _Outlook:
    """What one spot sees: the relation to each node so far, and the incidents by relation as of a version."""

    relations: list[float | None] = attrs.field(factory=list)
    levels: Sequence[tuple[float, int]] = ()
    version: int = -1


@attrs.define(kw_only=True)
class Relations:
    """The spots of members as one graph sees them, each with its incidents as bits.

    All spots of one service that differ only in places the graph doesn't know are one node.
    """

    graph: ServiceGraph
    _nodes: dict[Spot, int] = attrs.field(factory=dict, init=False)
    _incidents: list[int] = attrs.field(factory=list, init=False)
    _outlooks: dict[Spot, _Outlook] = attrs.field(factory=dict, init=False)
    _version: int = attrs.field(default=0, init=False)

    def fill(self, spots: Mapping[Spot, int]) -> None:
        """Take in many spots with their incidents."""
        for spot, incidents in spots.items():
            self.add(spot, incidents)

    def add(self, spot: Spot, incidents: int) -> None:
        """Note that members of these incidents are there."""
        node = self._node(spot)
        if node is None:
            return
        place = self._nodes.setdefault(node, len(self._incidents))
        if place == len(self._incidents):
            self._incidents.append(0)
        if incidents & ~self._incidents[place]:
            self._incidents[place] |= incidents
            self._version += 1

    def levels(self, spot: Spot) -> Sequence[tuple[float, int]]:
        """The incidents by the best relation that each has: (relation, incidents), best first. Of the rest nothing is known."""
        node = self._node(spot)
        if node is None:
            return ()
        outlook = self._outlooks.get(node)
        if outlook is None:
            if len(self._outlooks) >= KEPT:
                self._outlooks.clear()
            outlook = self._outlooks[node] = _Outlook()
        if outlook.version != self._version:
            self._look(node, outlook)
        return outlook.levels

    def _look(self, spot: Spot, outlook: _Outlook) -> None:
        for node in list(self._nodes)[len(outlook.relations) :]:
            outlook.relations.append(relation_of(spot, node, self.graph))
        found: dict[float, int] = {}
        for relation, incidents in zip(outlook.relations, self._incidents, strict=True):
            if relation is not None:
                found[relation] = found.get(relation, 0) | incidents
        levels: list[tuple[float, int]] = []
        seen = 0
        for relation, incidents in sorted(found.items(), reverse=True):
            if best := incidents & ~seen:
                levels.append((relation, best))
            seen |= incidents
        outlook.levels, outlook.version = levels, self._version

    def _node(self, spot: Spot) -> Spot | None:
        """The spot without what the graph doesn't know; None where it knows nothing of it, so that nothing is connected to it."""
        service, places = spot
        graph = self.graph
        if graph.is_host(service):
            return Spot(service, ())
        if graph.knows(service):
            return Spot(service, tuple(filter(graph.is_host, places)))
        host = host_of(spot, graph)
        if host is not None:
            return Spot(service, (host,))
        return Spot(service, ()) if graph.hosts_of(service) else None
