"""Go back to an earlier version of a runbook."""

from uuid import UUID

import attrs

from sre_copilot.application.authoring import audit_runbook, keep_written
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.runbooks import Runbook


@attrs.frozen(kw_only=True)
class RevertRunbook:
    """Write again what a version said, as a new version: what was said in between stays readable."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, runbook_id: UUID, version: int, expected_version: int | None = None) -> Runbook:
        """Return the runbook afterwards; going back to what it says anyway changes nothing.

        Raises NotPermitted, NotFound (also for the version), ConcurrentTransition, RunbookDeleted.
        """
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            before = uow.runbooks.get(runbook_id, lock=True)
            edit = uow.runbooks.version(runbook_id, version).as_edit()
            runbook = before.edited(edit, at=now, expected_version=expected_version)
            if runbook != before:
                keep_written(uow, self.ids, runbook, at=now, by=actor.user_id)
                audit_runbook(uow, self.ids, actor, "reverted", AuditAction.UPDATE, runbook, at=now)
                uow.commit()
        return runbook
