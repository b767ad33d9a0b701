"""The tenant and its people."""

from collections.abc import Sequence
from uuid import UUID

import attrs

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.domain.actors import Role
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.tenants import Plan, Tenant, User


def tenant_from_row(row: models.Tenant) -> Tenant:
    """A stored tenant in the domain's words."""
    return Tenant(
        id=row.id,
        name=row.name,
        slug=row.slug,
        contact_email=row.contact_email,
        created_at=row.created_at,
        plan=Plan(row.plan_type),
        max_services=row.max_services,
        max_incidents_per_month=row.max_incidents_per_month,
        is_active=row.is_active,
        trial_ends_at=row.trial_ends_at,
    )


@attrs.frozen
class DjangoTenants:
    """The tenant of the unit of work, and its people."""

    tenant_id: UUID

    def current(self) -> Tenant:
        """The tenant. Raises NotFound."""
        row = models.Tenant.objects.using(ALIAS).filter(id=self.tenant_id).first()
        if row is None:
            raise NotFound(tenant=self.tenant_id)
        return tenant_from_row(row)

    def add(self, tenant: Tenant) -> None:
        """Store a new tenant. Raises AlreadyExists."""
        with translated():
            models.Tenant.objects.using(ALIAS).create(
                id=tenant.id,
                name=tenant.name,
                slug=tenant.slug,
                plan_type=tenant.plan.value,
                max_services=tenant.max_services,
                max_incidents_per_month=tenant.max_incidents_per_month,
                contact_email=tenant.contact_email,
                is_active=tenant.is_active,
                trial_ends_at=tenant.trial_ends_at,
                created_at=tenant.created_at,
                updated_at=tenant.created_at,
            )

    def users(self) -> Sequence[User]:
        """The tenant's people, by creation."""
        rows = models.User.objects.using(ALIAS).filter(tenant_id=self.tenant_id).order_by("created_at", "id")
        return [
            User(
                id=row.id,
                tenant_id=row.tenant_id,
                email=row.email,
                full_name=row.full_name,
                role=Role(row.role),
                created_at=row.created_at,
                is_active=row.is_active,
                slack_user_id=row.slack_user_id or "",
            )
            for row in rows
        ]

    def add_user(self, user: User) -> None:
        """Store a new user. Raises AlreadyExists."""
        with translated():
            models.User.objects.using(ALIAS).create(
                id=user.id,
                tenant_id=self.tenant_id,
                email=user.email,
                full_name=user.full_name,
                role=user.role.value,
                is_active=user.is_active,
                slack_user_id=user.slack_user_id or None,
                created_at=user.created_at,
                updated_at=user.created_at,
            )

    def save_user(self, user: User) -> None:
        """Store what changed of a user. Raises NotFound."""
        with translated():
            changed = models.User.objects.using(ALIAS).filter(tenant_id=self.tenant_id, id=user.id)
            found = changed.update(
                full_name=user.full_name,
                role=user.role.value,
                is_active=user.is_active,
                slack_user_id=user.slack_user_id or None,
            )
        if not found:
            raise NotFound(user=user.id)
