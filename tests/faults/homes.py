"""Installations of their own, and tenants in them that receive what is sent."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import attrs
import psycopg

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.adapters.system import new_id
from sre_copilot.domain.actors import Role
from sre_copilot.domain.service_graph import ServiceGraph
from tests.e2e.installation import Installation


@attrs.frozen(kw_only=True)
class Home:
    """A tenant with one door for the generic integration."""

    tenant_id: UUID
    integration_id: UUID
    key: str = attrs.field(repr=False)
    token: str = attrs.field(repr=False)

    @property
    def door(self) -> str:
        """Where deliveries go."""
        return f"/webhooks/{self.integration_id}"

    @property
    def headers(self) -> dict[str, str]:
        """What somebody sends along who reads."""
        return {"Authorization": f"Bearer {self.token}"}


@contextmanager
def installed(data_folder: Path) -> Iterator[Installation]:
    """A migrated data folder, erased at the end. It is as durable as anybody's."""
    made = Installation(data_folder=data_folder)
    try:
        made.call("migrate").expect(0)
        yield made
    finally:
        EmbeddedPostgres(data_folder).erase()


def home(installation: Installation, word: str = "home", graph: ServiceGraph | None = None) -> Home:
    """Let a tenant move in that no limit of a plan bothers, with this service graph."""
    slug = f"{word}-{os.getpid()}-{str(new_id())[-8:]}"
    with installation.open() as copilot:
        tenant, admin = copilot.create_tenant(
            slug=slug,
            admin_email=f"admin@{slug}.example.com",
            max_services=100_000,
            max_incidents_per_month=1_000_000,
        )
        actor = admin.as_actor(origin="test")
        if graph is not None:
            copilot.import_services(actor=actor, graph=graph)
        made = copilot.create_integration(actor=actor, type="generic", settings={"accept_key": True})
        token = copilot.create_token(actor=actor, user_id=admin.id, name="reader", role=Role.VIEWER)
    return Home(tenant_id=tenant.id, integration_id=made.integration.id, key=made.key, token=token.secret)


def all_diagnosed(installation: Installation, tenant: Home) -> bool:
    """Whether workers have done everything that opened incidents asked of them."""
    with psycopg.connect(EmbeddedPostgres(installation.data_folder).superuser_url("sre_copilot")) as db:
        (count,) = db.execute(
            "SELECT count(*) FROM incidents i WHERE tenant_id = %s"
            " AND NOT EXISTS (SELECT FROM diagnoses d WHERE d.incident_id = i.id)",
            [tenant.tenant_id],
        ).fetchone() or (1,)
    return int(count) == 0
