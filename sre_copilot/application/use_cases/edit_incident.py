"""Edit what people may change of an incident."""

from uuid import UUID

import attrs

from sre_copilot.application.announcing import announce, done
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.canonical import plain
from sre_copilot.domain.edits import Edit
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.outbound import Event


@attrs.frozen(kw_only=True)
class EditIncident:
    """Change title, description, severity, impact or tags."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, incident_id: UUID, edit: Edit, expected_version: int | None = None) -> Incident:
        """Return the incident afterwards. Raises NotPermitted, NotFound, InvalidInput, ConcurrentTransition."""
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            before = uow.incidents.get(incident_id, lock=True)
            incident = before.edited(edit, at=now, expected_version=expected_version)
            uow.incidents.save(incident)
            record_audit(
                uow,
                self.ids,
                actor,
                "incident.edited",
                AuditAction.UPDATE,
                at=now,
                resource=("incident", incident_id),
                details={name: value for name, value in plain(edit).items() if value is not None},
            )
            if incident.severity is not before.severity:
                changed = done(Event.SEVERITY_CHANGED, actor, now, before=before.severity.value)
                announce(uow, self.ids, incident, changed)
            uow.commit()
        return incident
