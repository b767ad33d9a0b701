"""Declare an incident by hand."""

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_opening
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.edits import checked_title
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.signals import Environment, Severity
from sre_copilot.domain.text import checked_name, checked_text


@attrs.frozen(kw_only=True)
class DeclareIncident:
    """Declare an incident that no signal opened."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(
        self,
        *,
        actor: Actor,
        title: str,
        service: str,
        severity: Severity = Severity.MEDIUM,
        environment: Environment = Environment.PRODUCTION,
        description: str = "",
    ) -> Incident:
        """Return the new incident, `detected` now. Raises NotPermitted, and InvalidInput for a bad text."""
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        incident = Incident(
            id=self.ids.new(),
            tenant_id=actor.tenant_id,
            title=checked_title(title),
            description=checked_text("The description", description),
            service=checked_name("The service", service),
            environment=environment,
            severity=severity,
            severity_overridden=True,
            declared=True,
            detected_at=now,
            created_at=now,
            updated_at=now,
        )
        changed = incident.opened(transition_id=self.ids.new(), actor=actor, reason="declared by hand")
        with self.units(actor.tenant_id) as uow:
            record_opening(uow, self.ids, actor, changed, now)
            uow.commit()
        return changed.incident
