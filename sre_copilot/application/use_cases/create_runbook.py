"""Write a runbook."""

import attrs

from sre_copilot.application.authoring import audit_runbook, free_slug, keep_written, require_owner
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.runbooks import Runbook, RunbookEdit


@attrs.frozen(kw_only=True)
class CreateRunbook:
    """Add a runbook, which is recommended from then on wherever its words fit."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, edit: RunbookEdit, slug: str = "") -> Runbook:
        """Return the runbook; without a slug its title gives one. Whoever writes it owns it unless an owner is named.

        Raises NotPermitted, NotFound for an owner who is nobody here, AlreadyExists for a slug that is taken, also by a
        deleted runbook, and InvalidInput for what can't be kept or has no title.
        """
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            require_owner(uow, edit.owner_id)
            runbook = Runbook.new(
                edit,
                id=self.ids.new(),
                slug=slug or free_slug(uow, edit.title or ""),
                owner_id=actor.user_id,
                at=now,
            )
            keep_written(uow, self.ids, runbook, at=now, by=actor.user_id)
            audit_runbook(uow, self.ids, actor, "created", AuditAction.CREATE, runbook, at=now)
            uow.commit()
        return runbook
