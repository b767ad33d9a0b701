"""Import the tenant's services, who calls whom and what runs where."""

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.text import checked_name


@attrs.frozen(kw_only=True)
class ImportServices:
    """Make a graph the tenant's own; it replaces the one before."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, graph: ServiceGraph) -> tuple[str, ...]:
        """Store the graph; return the tenant's services that are flagged as beyond the plan's limit, sorted.

        Raises NotPermitted, InvalidInput.
        """
        actor.require(Permission.RESPOND)
        for name in graph.names:
            if checked_name("Every name in the service graph", name) != name:
                raise InvalidInput(
                    "A name in the service graph has blanks around it, so no signal would match; remove them."
                )
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            uow.services.replace(graph, at=now, limit=uow.tenants.current().max_services)
            record_audit(
                uow,
                self.ids,
                actor,
                "services.imported",
                AuditAction.UPDATE,
                at=now,
                resource=("service_graph", None),
                details={
                    "services": len(graph.services),
                    "calls": len(graph.calls),
                    "placements": len(graph.placements),
                },
            )
            flagged = uow.services.over_limit()
            uow.commit()
        return flagged
