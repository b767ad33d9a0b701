"""Have a dead message tried again."""

from uuid import UUID

import attrs

from sre_copilot.application.announcing import have_sent
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.outbox import OutboxEntry


@attrs.frozen(kw_only=True)
class RetryMessage:
    """Put a dead message back in line, with all its attempts before it. What came after it and was sent stays sent."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, message_id: UUID) -> OutboxEntry:
        """Return the message as it waits. Raises NotPermitted, NotFound, NotDead."""
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            revived = uow.outbox.get(message_id, lock=True).revived(now)
            uow.outbox.keep(revived)
            have_sent(uow, actor.tenant_id, [revived.integration_id])
            record_audit(
                uow,
                self.ids,
                actor,
                "message.retried",
                AuditAction.UPDATE,
                at=now,
                resource=("message", message_id),
                details={"event": revived.event, "integration": str(revived.integration_id)},
            )
            uow.commit()
        return revived
