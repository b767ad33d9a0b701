"""Remove a routing rule."""

from uuid import UUID

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.routing import RoutingRule


@attrs.frozen(kw_only=True)
class RemoveRoute:
    """Remove a rule. Messages that wait already are sent all the same."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, rule_id: UUID) -> RoutingRule:
        """Return the rule that was. Raises NotPermitted, NotFound."""
        actor.require(Permission.ADMINISTER)
        with self.units(actor.tenant_id) as uow:
            removed = uow.routes.remove(rule_id)
            record_audit(
                uow,
                self.ids,
                actor,
                "route.removed",
                AuditAction.DELETE,
                at=self.clock.now(),
                resource=("route", rule_id),
                details={"name": removed.name},
            )
            uow.commit()
        return removed
