"""Delete a runbook, so that it can be restored."""

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
class DeleteRunbook:
    """Have a runbook found and recommended no more. Its text, versions and counts stay, and its slug stays taken."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, runbook_id: UUID, expected_version: int | None = None) -> Runbook:
        """Return the runbook; deleting it twice changes nothing. Raises NotPermitted, NotFound, ConcurrentTransition."""
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            before = uow.runbooks.get(runbook_id, lock=True)
            runbook = before.deleted(at=now, expected_version=expected_version)
            if runbook != before:
                uow.runbooks.save(runbook)
                audit_runbook(uow, self.ids, actor, "deleted", AuditAction.DELETE, runbook, at=now)
                uow.commit()
        return runbook
