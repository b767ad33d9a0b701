"""Stop using a precedent, without changing what people said."""

from uuid import UUID

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.precedents import Precedent


@attrs.frozen(kw_only=True)
class ForgetPrecedent:
    """Turn a precedent off: from the next diagnosis on it speaks neither for nor against anything. It can be restored."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, precedent_id: UUID) -> Precedent:
        """Return the precedent afterwards; forgetting it twice changes nothing. Raises NotPermitted, NotFound."""
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            known = uow.precedents.get(precedent_id, lock=True)
            changed = known.forgotten(actor.user_id, now)
            if changed != known:
                uow.precedents.save(changed)
                record_audit(
                    uow,
                    self.ids,
                    actor,
                    "precedent.forgotten",
                    AuditAction.UPDATE,
                    at=now,
                    resource=("precedent", precedent_id),
                    details={"incident": str(changed.incident_id)},
                )
                uow.commit()
        return changed
