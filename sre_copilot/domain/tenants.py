"""Tenants, their people, and the limits of their plans."""

import re
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import attrs

from sre_copilot.domain.actors import Actor, ActorKind, Role
from sre_copilot.domain.errors import InvalidInput, NotPermitted, TenantInactive
from sre_copilot.domain.signals import Severity
from sre_copilot.domain.text import checked_text

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Plan(StrEnum):
    """What a tenant has subscribed to."""

    STARTER = "starter"
    PROFESSIONAL = "professional"
    ENTERPRISE = "enterprise"


@attrs.frozen(kw_only=True)
class Tenant:
    """A company or team. Everything belongs to one. Limits are counts; a signal is never dropped because of them."""

    id: UUID
    name: str
    slug: str
    contact_email: str
    created_at: datetime
    plan: Plan = Plan.STARTER
    max_services: int = 5
    max_incidents_per_month: int = 100
    is_active: bool = True
    trial_ends_at: datetime | None = None

    def require_active(self, now: datetime) -> None:
        """Raise TenantInactive where nothing may be taken in at `now`."""
        if not self.is_active or (self.trial_ends_at is not None and self.trial_ends_at <= now):
            raise TenantInactive(tenant=self.slug)

    def may_open_incident(self, severity: Severity, opened_this_month: int) -> bool:
        """Whether the plan lets another incident open; critical ones always do."""
        return severity is Severity.CRITICAL or opened_this_month < self.max_incidents_per_month


@attrs.frozen(kw_only=True)
class User:
    """A person of one tenant. E-mail addresses are unique over all tenants."""

    id: UUID
    tenant_id: UUID
    email: str
    full_name: str
    role: Role
    created_at: datetime
    is_active: bool = True
    slack_user_id: str = ""
    """Who this person is in Slack, so that a button pressed there is this person's deed."""

    def as_actor(self, *, origin: str = "") -> Actor:
        """Return the actor that this person is. Raises NotPermitted where the account is deactivated."""
        if not self.is_active:
            raise NotPermitted(f"The account {self.email} is deactivated; an administrator can activate it again.")
        return Actor(
            tenant_id=self.tenant_id,
            kind=ActorKind.PERSON,
            id=self.id,
            role=self.role,
            name=self.full_name,
            origin=origin,
        )


def checked_email(address: str) -> str:
    """Return an e-mail address in lower case without white space around it. Raises InvalidInput."""
    email = checked_text("The e-mail address", address).strip().lower()
    if not _EMAIL.fullmatch(email) or len(email) > 254:
        raise InvalidInput(f"{address!r} is not an e-mail address; give one like ada@example.com.")
    return email


def month_of(now: datetime) -> datetime:
    """The first instant of the UTC calendar month that `now` (aware, UTC) lies in."""
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
