"""Switch a routing rule off, and on again."""

from uuid import UUID

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.routing import RoutingRule


@attrs.frozen(kw_only=True)
class ChangeRoute:
    """Let a rule rest, or have it tell again. What it says doesn't change: remove it and add another one."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, rule_id: UUID, is_active: bool) -> RoutingRule:
        """Return the rule afterwards. Raises NotPermitted, NotFound."""
        actor.require(Permission.ADMINISTER)
        with self.units(actor.tenant_id) as uow:
            rule = next((one for one in uow.routes.all() if one.id == rule_id), None)
            if rule is None:
                raise NotFound(route=rule_id)
            changed = attrs.evolve(rule, is_active=is_active)
            uow.routes.save(changed)
            record_audit(
                uow,
                self.ids,
                actor,
                "route.changed",
                AuditAction.UPDATE,
                at=self.clock.now(),
                resource=("route", rule_id),
                details={"is_active": is_active},
            )
            uow.commit()
        return changed
