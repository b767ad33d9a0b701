"""Add a routing rule."""

from collections.abc import Collection, Sequence
from uuid import UUID

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.notifiers import Notifiers
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.outbound import Event
from sre_copilot.domain.routing import RoutingRule, Target, checked_globs
from sre_copilot.domain.signals import Environment, Severity
from sre_copilot.domain.text import checked_name


@attrs.frozen(kw_only=True)
class AddRoute:
    """Have a target told of what happens to the incidents that fit. In whatever order rules are added, all that fit count."""

    units: UnitOfWorkFactory
    notifiers: Notifiers
    clock: Clock
    ids: Ids

    def __call__(
        self,
        *,
        actor: Actor,
        name: str,
        integration_id: UUID,
        address: str = "",
        services: Sequence[str] = (),
        minimum_severity: Severity = Severity.INFO,
        states: Collection[State] = (),
        events: Collection[Event] = (),
        environments: Collection[Environment] = (),
    ) -> RoutingRule:
        """Return the new rule; an empty collection means any.

        Raises NotPermitted, NotFound, AlreadyExists, UnknownIntegrationType where nothing can be sent to the
        integration, and InvalidInput for a bad name, address or service.
        """
        actor.require(Permission.ADMINISTER)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            integration = uow.integrations.get(integration_id)
        rule = RoutingRule(
            id=self.ids.new(),
            tenant_id=actor.tenant_id,
            name=checked_name("The name", name),
            target=Target(integration.id, self.notifiers.address(integration.type, address)),
            services=checked_globs(services),
            minimum_severity=minimum_severity,
            states=frozenset(states),
            events=frozenset(events),
            environments=frozenset(environments),
            created_at=now,
        )
        with self.units(actor.tenant_id) as uow:
            uow.routes.add(rule)
            record_audit(
                uow,
                self.ids,
                actor,
                "route.added",
                AuditAction.CREATE,
                at=now,
                resource=("route", rule.id),
                details={"name": rule.name, "integration": str(integration.id)},
            )
            uow.commit()
        return rule
