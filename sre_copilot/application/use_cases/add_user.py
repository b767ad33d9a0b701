"""Add a person to a tenant."""

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission, Role
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.tenants import User, checked_email
from sre_copilot.domain.text import checked_name, checked_text


@attrs.frozen(kw_only=True)
class AddUser:
    """Add a person."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, email: str, role: Role, full_name: str = "", slack_user_id: str = "") -> User:
        """Return the person. Raises NotPermitted, AlreadyExists where anybody has the e-mail address, InvalidInput."""
        actor.require(Permission.ADMINISTER)
        now = self.clock.now()
        address = checked_email(email)
        user = User(
            id=self.ids.new(),
            tenant_id=actor.tenant_id,
            email=address,
            full_name=checked_name("The name", full_name or address),
            role=role,
            created_at=now,
            slack_user_id=checked_text("The id in Slack", slack_user_id.strip())[:50],
        )
        with self.units(actor.tenant_id) as uow:
            uow.tenants.add_user(user)
            record_audit(
                uow,
                self.ids,
                actor,
                "user.added",
                AuditAction.CREATE,
                at=now,
                resource=("user", user.id),
                details={"role": role.value},
            )
            uow.commit()
        return user
