"""Give a person a token for the API."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.tokens import Keys
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission, Role
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.errors import InvalidInput, NotFound
from sre_copilot.domain.integrations import hash_of_key
from sre_copilot.domain.text import checked_name
from sre_copilot.domain.tokens import LONGEST, PREFIX, ApiToken, scopes_of

HINT_LENGTH = len(PREFIX) + 6


@attrs.frozen(kw_only=True)
class TokenCreated:
    """A new token's row, and the token itself, which is shown once."""

    token: ApiToken
    secret: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class CreateToken:
    """Create an API token for a person of the tenant."""

    units: UnitOfWorkFactory
    keys: Keys
    clock: Clock
    ids: Ids

    def __call__(
        self,
        *,
        actor: Actor,
        user_id: UUID,
        name: str,
        role: Role,
        scopes: Collection[str] = (),
        lifetime: timedelta | None = timedelta(days=90),
    ) -> TokenCreated:
        """Return the token; its bearer may do what the lower of its role and the person's allows, within the scopes.

        `scopes` are names of permissions, none for all of the role; `lifetime` is at most 366 days, None for ever.
        Raises NotPermitted, NotFound, and InvalidInput for a bad name, scope or lifetime.
        """
        actor.require(Permission.ADMINISTER)
        if lifetime is not None and not timedelta(0) < lifetime <= LONGEST:
            raise InvalidInput(f"A token lives for at most {LONGEST.days} days, or for ever.")
        try:
            allowed = scopes_of(scopes)
        except ValueError as error:
            known = ", ".join(permission.value for permission in Permission)
            raise InvalidInput(f"A scope is one of {known}.") from error
        now = self.clock.now()
        secret = self.keys.new(PREFIX)
        token = ApiToken(
            id=self.ids.new(),
            tenant_id=actor.tenant_id,
            user_id=user_id,
            name=checked_name("The name", name),
            hash=hash_of_key(secret),
            hint=secret[:HINT_LENGTH],
            role=role,
            scopes=allowed,
            created_at=now,
            expires_at=now + lifetime if lifetime is not None else None,
        )
        with self.units(actor.tenant_id) as uow:
            if user_id not in {user.id for user in uow.tenants.users()}:
                raise NotFound(user=user_id)
            uow.tokens.add(token)
            record_audit(
                uow,
                self.ids,
                actor,
                "token.created",
                AuditAction.CREATE,
                at=now,
                resource=("token", token.id),
                details={"name": token.name, "user": str(user_id), "role": role.value, "scopes": sorted(allowed)},
            )
            uow.commit()
        return TokenCreated(token=token, secret=secret)
