"""What is known of the tenant's services: their names, who calls whom, what runs where."""

from collections.abc import Sequence

import attrs

from sre_copilot.application.ports.service_graph import KnownService
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.service_graph import ServiceGraph


@attrs.frozen(kw_only=True)
class KnownServices:
    """Every known service by name, and the graph that was imported."""

    services: Sequence[KnownService]
    graph: ServiceGraph


@attrs.frozen(kw_only=True)
class ServiceQueries:
    """Reads services."""

    units: UnitOfWorkFactory

    def list(self, *, actor: Actor) -> KnownServices:
        """Every service, also those that only signals named. Raises NotPermitted."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return KnownServices(services=tuple(uow.services.known()), graph=uow.services.graph())
