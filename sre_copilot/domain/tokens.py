"""API tokens: a person's keys to the API, each with a role of its own, limited, expiring, revocable."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

import attrs

from sre_copilot.domain.actors import Actor, Permission, Role
from sre_copilot.domain.errors import NotAuthentic
from sre_copilot.domain.tenants import User

PREFIX = "srec_"
"""What every token begins with, so that a leaked one is recognised."""
LONGEST = timedelta(days=366)
USE_NOTED_EVERY = timedelta(minutes=1)
"""A token's last use is only this exact, so that reading through the API is not writing."""
ROLES_UP = (Role.VIEWER, Role.ENGINEER, Role.ADMIN)


@attrs.frozen(kw_only=True)
class ApiToken:
    """A key that its bearer acts with as a person, with at most the token's role and only within its scopes.

    `hash` is SHA-256 of the token, `hint` its beginning, by which people tell their tokens apart. No scopes means every
    permission of the role.
    """

    id: UUID
    tenant_id: UUID
    user_id: UUID
    name: str
    hash: str = attrs.field(repr=False)
    hint: str
    role: Role
    scopes: frozenset[Permission] = frozenset()
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def state(self, now: datetime) -> str:
        """One word: "active", "expired" or "revoked"."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"

    def actor(self, user: User, now: datetime, *, origin: str = "") -> Actor:
        """Return who acts with this token. Raises NotAuthentic where it is no longer valid, NotPermitted for a deactivated person."""
        if self.state(now) != "active":
            raise NotAuthentic(f"The token {self.hint}... is {self.state(now)}; create another one.")
        person = user.as_actor(origin=f"{origin} token {self.hint}".strip())
        return attrs.evolve(person, role=lower_role(user.role, self.role), scopes=self.scopes or None)

    def is_use_to_note(self, now: datetime) -> bool:
        """Whether the last use that is known lies far enough back to be noted anew."""
        return self.last_used_at is None or now - self.last_used_at >= USE_NOTED_EVERY


def lower_role(one: Role, other: Role) -> Role:
    """The role that may do less: a token never lifts its person, nor a person the token."""
    return min(one, other, key=ROLES_UP.index)


def scopes_of(words: Collection[str]) -> frozenset[Permission]:
    """Return the permissions that the words name. Raises ValueError for an unknown one."""
    return frozenset(Permission(word) for word in words)
