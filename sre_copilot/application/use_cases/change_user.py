"""Change a person's role, account or id in Slack."""

from typing import Any
from uuid import UUID

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission, Role
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.errors import NotFound, RefusedByRule
from sre_copilot.domain.tenants import User
from sre_copilot.domain.text import checked_name, checked_text


@attrs.frozen(kw_only=True)
class ChangeUser:
    """Change a person; only what is given changes."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(
        self,
        *,
        actor: Actor,
        user_id: UUID,
        role: Role | None = None,
        full_name: str | None = None,
        is_active: bool | None = None,
        slack_user_id: str | None = None,
    ) -> User:
        """Return the person afterwards; a deactivated one is out at the next request.

        Raises NotPermitted, NotFound, InvalidInput, and RefusedByRule where no active administrator would be left.
        """
        actor.require(Permission.ADMINISTER)
        now = self.clock.now()
        told: dict[str, Any] = {
            "role": role,
            "is_active": is_active,
            "full_name": checked_name("The name", full_name) if full_name is not None else None,
            "slack_user_id": None if slack_user_id is None else checked_text("The id in Slack", slack_user_id)[:50],
        }
        changes = {field: value for field, value in told.items() if value is not None}
        with self.units(actor.tenant_id) as uow:
            people = {user.id: user for user in uow.tenants.users()}
            if user_id not in people:
                raise NotFound(user=user_id)
            people[user_id] = changed = attrs.evolve(people[user_id], **changes)
            if not any(user.role is Role.ADMIN and user.is_active for user in people.values()):
                raise RefusedByRule("A tenant needs an active administrator; make somebody else one first.")
            uow.tenants.save_user(changed)
            record_audit(
                uow,
                self.ids,
                actor,
                "user.changed",
                AuditAction.UPDATE,
                at=now,
                resource=("user", user_id),
                details={"changed": sorted(changes)},
            )
            uow.commit()
        return changed
