"""Restore a runbook that was deleted."""

from uuid import UUID

import attrs

from sre_copilot.application.authoring import audit_runbook
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.runbooks import Runbook


@attrs.frozen(kw_only=True)
class RestoreRunbook:
    """Have a deleted runbook found and recommended again."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, runbook_id: UUID) -> Runbook:
        """Return the runbook; restoring one that is there changes nothing. Raises NotPermitted, NotFound."""
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            before = uow.runbooks.get(runbook_id, lock=True)
            runbook = before.restored(at=now)
            if runbook != before:
                uow.runbooks.save(runbook)
                audit_runbook(uow, self.ids, actor, "restored", AuditAction.UPDATE, runbook, at=now)
                uow.commit()
        return runbook
