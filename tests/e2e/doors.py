"""Doors of tenants of their own at a running server, and what is stored of what knocks there."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import attrs
import psycopg

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.adapters.system import new_id
from sre_copilot.application.copilot import Copilot
from sre_copilot.domain.actors import Role
from tests.e2e.installation import Installation
from tests.e2e.senders import Sent, Vendor, new_secret
from tests.e2e.server import Reply, Server


@attrs.frozen(kw_only=True)
class Door:
    """An integration of a tenant of its own."""

    server: Server
    installation: Installation
    tenant_id: UUID
    token: str = attrs.field(repr=False)
    id: str
    key: str = attrs.field(repr=False)
    secrets: Mapping[str, str] = attrs.field(repr=False)

    def knock(self, sent: Sent, query: str = "") -> Reply:
        """Send something."""
        return self.server.ask("POST", f"/webhooks/{self.id}{query}", body=sent.body, headers=sent.headers)

    def let_in(self, sent: Sent) -> Reply:
        """Send what has to be taken."""
        reply = self.knock(sent)
        assert reply.status in (200, 202), (sent.name, reply.body)
        return reply

    def refuse(self, *deliveries: Sent) -> None:
        """Send what has to be refused."""
        for sent in deliveries:
            reply = self.knock(sent)
            assert (sent.name, reply.status) == (sent.name, 401), reply.body
            reply.in_form()
            assert not [text for text in (self.key, *self.secrets.values()) if text in reply.body.decode()]

    def ask(self, method: str, path: str = "", **body: Any) -> Any:
        """Ask the API about the integration."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        asked = json.dumps(body) if body else None
        return self.server.ask(method, f"/api/v1/integrations/{self.id}{path}", body=asked, headers=headers).document

    def stored(self) -> dict[str, int]:
        """How many rows of the tenant every table has."""
        with self.database() as db:
            found = db.execute(
                "SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id'"
                " AND table_schema = 'public' AND table_name IN"
                " (SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE')"
            ).fetchall()
            query = " UNION ALL ".join(
                f"SELECT '{name}', count(*) FROM \"{name}\" WHERE tenant_id = %(tenant)s" for (name,) in found
            )
            rows = db.execute(query.encode(), {"tenant": self.tenant_id}).fetchall()
        return {name: count for name, count in rows if name != "audit_logs"}

    def refusals(self) -> Counter[tuple[str, str]]:
        """How many audit entries there are of refused deliveries, by reason and minute."""
        with self.database() as db:
            rows = db.execute(
                "SELECT details->>'reason', date_trunc('minute', timestamp)::text FROM audit_logs"
                " WHERE event_type = 'delivery.refused' AND resource_id = %s AND tenant_id = %s",
                (self.id, self.tenant_id),
            ).fetchall()
        return Counter((reason, minute) for reason, minute in rows)

    def database(self) -> "psycopg.Connection[Any]":
        """A connection that sees everything."""
        return psycopg.connect(EmbeddedPostgres(self.installation.data_folder).superuser_url("sre_copilot"))


@attrs.frozen(kw_only=True)
class Doors:
    """Makes doors."""

    server: Server
    installation: Installation
    copilot: Copilot

    def of(self, kind: str, settings: Mapping[str, object] | None = None) -> Door:
        """A new tenant with an integration, made as its admin would."""
        slug = f"door-{new_id()}"
        tenant, admin = self.copilot.create_tenant(slug=slug, admin_email=f"ada@{slug}.example.com")
        made = self.copilot.create_token(actor=admin.as_actor(), user_id=admin.id, name="doors", role=Role.ADMIN)
        headers = {"Authorization": f"Bearer {made.secret}", "Content-Type": "application/json"}
        body = json.dumps({"type": kind, "settings": dict(settings or {})})
        told = self.server.ask("POST", "/api/v1/integrations", body=body, headers=headers).expect(201).document
        return Door(
            server=self.server,
            installation=self.installation,
            tenant_id=tenant.id,
            token=made.secret,
            id=told["integration"]["id"],
            key=told["key"],
            secrets=told["secrets"],
        )

    def signed(self, vendor: Vendor) -> Door:
        """A door with a secret, made by the copilot or given to it."""
        given = {} if vendor.is_made_here else {vendor.secret: new_secret()}
        door = self.of(vendor.kind, {**vendor.settings, **given})
        return attrs.evolve(door, secrets={**door.secrets, **given})
