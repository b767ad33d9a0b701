"""The service graph in memory."""

from collections.abc import Iterable, Sequence, Set
from datetime import datetime

import attrs

from sre_copilot.application.ports.service_graph import KnownService
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.testing.tables import TenantTables


@attrs.frozen
class InMemoryServices:
    """The services of the tenant."""

    tables: TenantTables

    def graph(self) -> ServiceGraph:
        """Everything declared; services that only signals named are not in it."""
        return self.tables.graphs.get("", ServiceGraph())

    def known(self) -> Sequence[KnownService]:
        """Every service that the graph or a signal named, by name."""
        declared = self.graph().services
        rows = self.tables.services.items()
        return sorted(KnownService(name=name, declared=name in declared, over_limit=over) for name, over in rows)

    def replace(self, graph: ServiceGraph, *, at: datetime, limit: int) -> None:
        """Make this the graph. Services known before stay known; new ones beyond the limit are flagged."""
        self.tables.graphs[""] = graph
        self.saw(graph.services, at=at, limit=limit)

    def unknown(self, names: Set[str]) -> Set[str]:
        """Those that nobody has named yet."""
        return names - set(self.tables.services)

    def saw(self, names: Iterable[str], *, at: datetime, limit: int) -> None:
        """Remember services that signals named; those beyond the limit are flagged."""
        fresh = sorted(set(names) - set(self.tables.services))
        room = max(0, limit - len(self.tables.services))
        self.tables.services.update({name: place >= room for place, name in enumerate(fresh)})

    def over_limit(self) -> tuple[str, ...]:
        """The services flagged as beyond the plan's limit, sorted."""
        return tuple(sorted(name for name, is_over in self.tables.services.items() if is_over))
