"""Assign an incident to somebody, or to nobody."""

from uuid import UUID

import attrs

from sre_copilot.application.announcing import announce, done
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.outbound import Event


@attrs.frozen(kw_only=True)
class AssignIncident:
    """Assign an incident to a user of the tenant, or to nobody."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(
        self, *, actor: Actor, incident_id: UUID, user_id: UUID | None, expected_version: int | None = None
    ) -> Incident:
        """Return the incident afterwards.

        Raises NotPermitted, NotFound for the incident or an inactive user, and ConcurrentTransition where the version
        is not the expected one.
        """
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            if user_id is not None and not any(user.id == user_id and user.is_active for user in uow.tenants.users()):
                raise NotFound(user=user_id)
            before = uow.incidents.get(incident_id, lock=True)
            incident = before.assigned(user_id, at=now, expected_version=expected_version)
            uow.incidents.save(incident)
            record_audit(
                uow,
                self.ids,
                actor,
                "incident.assigned",
                AuditAction.UPDATE,
                at=now,
                resource=("incident", incident_id),
                details={"user": str(user_id) if user_id else None},
            )
            if incident.assigned_to != before.assigned_to:
                announce(uow, self.ids, incident, done(Event.ASSIGNED, actor, now))
            uow.commit()
        return incident
