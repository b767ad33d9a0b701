"""Make an API token useless."""

from uuid import UUID

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.tokens import ApiToken


@attrs.frozen(kw_only=True)
class RevokeToken:
    """Revoke a token; its next request is refused. Revoking twice changes nothing."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, token_id: UUID) -> ApiToken:
        """Return the token afterwards. Raises NotPermitted, NotFound."""
        actor.require(Permission.ADMINISTER)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            token = uow.tokens.get(token_id)
            if token.revoked_at is None:
                uow.tokens.revoke(token_id, now)
                record_audit(
                    uow,
                    self.ids,
                    actor,
                    "token.revoked",
                    AuditAction.UPDATE,
                    at=now,
                    resource=("token", token_id),
                    details={"name": token.name},
                )
                token = attrs.evolve(token, revoked_at=now)
            uow.commit()
        return token
