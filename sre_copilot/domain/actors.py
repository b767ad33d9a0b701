"""Who asks, for which tenant, with which role. Deny by default."""

from enum import StrEnum
from uuid import UUID

import attrs

from sre_copilot.domain.errors import NotPermitted


class Role(StrEnum):
    """What a person may do: a viewer reads, an engineer responds, an admin also administers."""

    VIEWER = "viewer"
    ENGINEER = "engineer"
    ADMIN = "admin"


class ActorKind(StrEnum):
    """Who or what acts."""

    PERSON = "person"
    INTEGRATION = "integration"
    SYSTEM = "system"


class Permission(StrEnum):
    """What a use case asks for."""

    READ = "read"
    """See what the tenant has."""
    RESPOND = "respond"
    """Everything to incidents, hypotheses, recommendations, runbooks, services."""
    ADMINISTER = "administer"
    """Users, tokens, integrations, tenant, retention, audit."""
    INGEST = "ingest"
    """Hand in a delivery."""
    AUTOMATE = "automate"
    """Run what the clock or the operator demands: settle, expiry, detection snapshots, moving secrets to another key."""


GRANTS: dict[tuple[ActorKind, Role | None], frozenset[Permission]] = {
    (ActorKind.PERSON, Role.VIEWER): frozenset({Permission.READ}),
    (ActorKind.PERSON, Role.ENGINEER): frozenset({Permission.READ, Permission.RESPOND}),
    (ActorKind.PERSON, Role.ADMIN): frozenset(
        {Permission.READ, Permission.RESPOND, Permission.ADMINISTER, Permission.INGEST}
    ),
    (ActorKind.INTEGRATION, None): frozenset({Permission.INGEST}),
    (ActorKind.SYSTEM, None): frozenset({Permission.READ, Permission.RESPOND, Permission.AUTOMATE, Permission.INGEST}),
}


@attrs.frozen(kw_only=True)
class Actor:
    """The first argument of every use case.

    `id` is the user's or integration's, None for the system. Only a person has a role.
    `origin` says from where: "cli", "http 192.0.2.7", "worker".
    """

    tenant_id: UUID
    kind: ActorKind
    id: UUID | None = None
    role: Role | None = None
    name: str = ""
    origin: str = ""
    scopes: frozenset[Permission] | None = None
    """What a token limits its bearer to; None means every permission of the role."""

    @classmethod
    def system(cls, tenant_id: UUID, *, origin: str = "system") -> "Actor":
        """The copilot itself, acting on what the clock or a job demands."""
        return cls(tenant_id=tenant_id, kind=ActorKind.SYSTEM, name="SRE Copilot", origin=origin)

    @classmethod
    def integration(cls, tenant_id: UUID, integration_id: UUID, *, name: str = "", origin: str = "") -> "Actor":
        """An integration that hands in deliveries."""
        return cls(tenant_id=tenant_id, kind=ActorKind.INTEGRATION, id=integration_id, name=name, origin=origin)

    @property
    def is_person(self) -> bool:
        """Whether a human being acts."""
        return self.kind is ActorKind.PERSON

    @property
    def user_id(self) -> UUID | None:
        """The user's id, None where no person acts."""
        return self.id if self.is_person else None

    def may(self, permission: Permission) -> bool:
        """Whether this actor has the permission."""
        granted = GRANTS.get((self.kind, self.role), frozenset())
        return permission in granted and (self.scopes is None or permission in self.scopes)

    def require(self, permission: Permission) -> None:
        """Raise NotPermitted unless this actor has the permission."""
        if not self.may(permission):
            raise NotPermitted(needed=permission.value, role=self.role.value if self.role else self.kind.value)
