"""Say where the postmortem of an incident was published."""

from uuid import UUID

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.incidents import Incident


@attrs.frozen(kw_only=True)
class PublishPostmortem:
    """Keep the address of a postmortem that people finished elsewhere, or forget it."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(
        self, *, actor: Actor, incident_id: UUID, url: str | None, expected_version: int | None = None
    ) -> Incident:
        """Return the incident afterwards. Raises NotPermitted, NotFound, InvalidInput, ConcurrentTransition."""
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            before = uow.incidents.get(incident_id, lock=True)
            incident = before.published(url, at=now, expected_version=expected_version)
            uow.incidents.save(incident)
            record_audit(
                uow,
                self.ids,
                actor,
                "incident.postmortem_published",
                AuditAction.UPDATE,
                at=now,
                resource=("incident", incident_id),
                details={"url": incident.postmortem_url},
            )
            uow.commit()
        return incident
