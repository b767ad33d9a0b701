"""Create a tenant with its first administrator and the seeded runbooks."""

import re

import attrs

from sre_copilot.application.authoring import keep_written
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.runbooks import RunbookSeeds
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Role
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.tenants import Tenant, User, checked_email
from sre_copilot.domain.text import checked_name

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?")


@attrs.frozen(kw_only=True)
class CreateTenant:
    """Create a tenant. Only whoever operates the installation can: there is no actor of any tenant to ask."""

    units: UnitOfWorkFactory
    seeds: RunbookSeeds
    clock: Clock
    ids: Ids

    def __call__(
        self, *, slug: str, admin_email: str, name: str = "", max_services: int = 5, max_incidents_per_month: int = 100
    ) -> tuple[Tenant, User]:
        """Return the tenant and its administrator.

        Raises InvalidInput, also for a limit below 0, and AlreadyExists for a slug or e-mail in use.
        """
        if max_services < 0 or max_incidents_per_month < 0:
            raise InvalidInput("A limit of a plan is 0 or more.")
        if not _SLUG.fullmatch(slug):
            raise InvalidInput(f"A slug has 1 to 100 small letters, digits and hyphens inside; {slug!r} does not fit.")
        email = checked_email(admin_email)
        now = self.clock.now()
        tenant = Tenant(
            id=self.ids.new(),
            name=checked_name("The name", name or slug),
            slug=slug,
            contact_email=email,
            created_at=now,
            max_services=max_services,
            max_incidents_per_month=max_incidents_per_month,
        )
        full_name = email.partition("@")[0]
        admin = User(
            id=self.ids.new(), tenant_id=tenant.id, email=email, full_name=full_name, role=Role.ADMIN, created_at=now
        )
        with self.units(tenant.id) as uow:
            uow.tenants.add(tenant)
            uow.tenants.add_user(admin)
            for runbook in self.seeds.runbooks(ids=self.ids, at=now):
                keep_written(uow, self.ids, runbook, at=now, by=None)
            actor = Actor.system(tenant.id, origin="operator")
            record_audit(
                uow, self.ids, actor, "tenant.created", AuditAction.CREATE, at=now, resource=("tenant", tenant.id)
            )
            uow.commit()
        return tenant, admin
