"""Tenants, people, integrations: who is there."""

from collections.abc import Sequence

import attrs

from sre_copilot.application.ports.tenants import Directory
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission, Role
from sre_copilot.domain.deliveries import Integration
from sre_copilot.domain.errors import InvalidInput, NotFound
from sre_copilot.domain.tenants import Tenant, User


@attrs.frozen(kw_only=True)
class AdministrationQueries:
    """Reads what an operator needs to know before there is an actor, and what administrators see."""

    directory: Directory
    units: UnitOfWorkFactory

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

    def integrations(self, *, actor: Actor) -> Sequence[Integration]:
        """The tenant's integrations, by creation. Raises NotPermitted."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.integrations.all()


def _is(user: User, email: str | None) -> bool:
    if email is not None:
        return user.email == email.strip().lower()
    return user.role is Role.ADMIN and user.is_active
