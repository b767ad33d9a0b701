"""Edit a runbook."""

from uuid import UUID

import attrs

from sre_copilot.application.authoring import audit_runbook, keep_written, require_owner
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.runbooks import Runbook, RunbookEdit


@attrs.frozen(kw_only=True)
class EditRunbook:
    """Change what a runbook says. What it said before stays readable as a version."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(
        self, *, actor: Actor, runbook_id: UUID, edit: RunbookEdit, expected_version: int | None = None
    ) -> Runbook:
        """Return the runbook afterwards; an edit that changes nothing makes no version.

        Raises NotPermitted, NotFound (also for an owner who is nobody here), ConcurrentTransition, RunbookDeleted, InvalidInput.
        """
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            before = uow.runbooks.get(runbook_id, lock=True)
            runbook = before.edited(edit, at=now, expected_version=expected_version)
            if runbook != before:
                require_owner(uow, edit.owner_id)
                keep_written(uow, self.ids, runbook, at=now, by=actor.user_id)
                audit_runbook(uow, self.ids, actor, "edited", AuditAction.UPDATE, runbook, at=now)
                uow.commit()
        return runbook
