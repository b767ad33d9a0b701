"""Tenants, people, tokens: who is there, and who asks."""

from collections.abc import Sequence
from uuid import UUID

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.tenants import Directory
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission, Role
from sre_copilot.domain.errors import InvalidInput, NotAuthentic, NotFound
from sre_copilot.domain.integrations import Integration, hash_of_key
from sre_copilot.domain.tenants import Tenant, User
from sre_copilot.domain.tokens import PREFIX, ApiToken


@attrs.frozen(kw_only=True)
class AdministrationQueries:
    """Reads what an operator needs to know before there is an actor, and what administrators see."""

    directory: Directory
    units: UnitOfWorkFactory
    clock: Clock

    def tenants(self) -> Sequence[Tenant]:
        """Every tenant, by creation."""
        return self.directory.tenants()

    def tenant(self, slug: str | None = None) -> Tenant:
        """The tenant of that slug; without one, the only one. Raises NotFound, and InvalidInput where there are several."""
        known = self.directory.tenants()
        if slug is None:
            if not known:
                raise NotFound(
                    "There is no tenant yet; create one with `sre-copilot tenants create SLUG --admin EMAIL`."
                )
            if len(known) > 1:
                raise InvalidInput(f"There are {len(known)} tenants; say which one with --tenant SLUG.")
            return known[0]
        found = next((tenant for tenant in known if tenant.slug == slug), None)
        if found is None:
            raise NotFound(f"There is no tenant {slug!r}; `sre-copilot tenants list` shows them.")
        return found

    def person(self, tenant: Tenant, email: str | None = None, *, origin: str = "") -> Actor:
        """The actor that a person of the tenant is; without an e-mail, the first administrator. Raises NotFound, NotPermitted."""
        with self.units(tenant.id) as uow:
            people = uow.tenants.users()
        found = next((user for user in people if _is(user, email)), None)
        if found is None:
            raise NotFound(
                f"Nobody of {tenant.slug} has the address {email}." if email else f"{tenant.slug} has no administrator."
            )
        return found.as_actor(origin=origin)

    def actor_of_token(self, token: str, *, origin: str = "") -> Actor:
        """Who acts with an API token. Raises NotAuthentic, NotPermitted for a deactivated person, TenantInactive."""
        found = self.directory.token_of_hash(hash_of_key(token)) if token.startswith(PREFIX) else None
        if found is None:
            raise NotAuthentic("There is no such API token.")
        now = self.clock.now()
        with self.units(found[0]) as uow:
            known = uow.tokens.get(found[1])
            user = next(one for one in uow.tenants.users() if one.id == known.user_id)
            actor = known.actor(user, now, origin=origin)
            uow.tenants.current().require_active(now)
            if known.is_use_to_note(now):
                uow.tokens.used(known.id, now)
                uow.commit()
        return actor

    def door_of_key(self, key: str, *, kind: str) -> UUID | None:
        """The integration of a type that a key opens or once opened, for doors that know nothing else of their senders."""
        found = self.directory.integration_of_key(hash_of_key(key))
        if found is None:
            return None
        with self.units(found[0]) as uow:
            return found[1] if uow.integrations.get(found[1]).type == kind else None

    def active_integrations(self) -> Sequence[tuple[Tenant, Integration]]:
        """The integrations of every tenant that are in use, with how they are doing; for whoever runs the installation."""
        found: list[tuple[Tenant, Integration]] = []
        for tenant in self.directory.tenants():
            with self.units(tenant.id) as uow:
                found += [(tenant, row) for row in uow.integrations.all() if row.is_active]
        return found

    def users(self, *, actor: Actor) -> Sequence[User]:
        """The tenant's people, by creation. Raises NotPermitted."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.tenants.users()

    def tokens(self, *, actor: Actor) -> Sequence[ApiToken]:
        """The tenant's API tokens, by creation. Raises NotPermitted."""
        actor.require(Permission.ADMINISTER)
        with self.units(actor.tenant_id) as uow:
            return uow.tokens.all()


def _is(user: User, email: str | None) -> bool:
    if email is not None:
        return user.email == email.strip().lower()
    return user.role is Role.ADMIN and user.is_active
