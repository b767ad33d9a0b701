"""Tenants, people and integrations in memory, and the way in before a tenant is known."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.application.use_cases.run_due_timers import SNAPSHOT_WITHIN
from sre_copilot.domain.errors import AlreadyExists, NotFound
from sre_copilot.domain.integrations import Feature, Health, Integration
from sre_copilot.domain.tenants import Tenant, User, month_of
from sre_copilot.testing.incidents import InMemoryIncidents
from sre_copilot.testing.outbox import InMemoryOutbox
from sre_copilot.testing.series import InMemorySeriesStore, InMemorySignals
from sre_copilot.testing.silences import InMemorySilences
from sre_copilot.testing.tables import InMemoryDatabase, TenantTables


@attrs.frozen
class InMemoryDirectory:
    """Finds tenants across the database."""

    database: InMemoryDatabase

    def tenants(self) -> Sequence[Tenant]:
        """Every tenant, by creation."""
        with self.database.lock:
            found = [tenant for tables in self.database.everywhere() for tenant in tables.tenants.values()]
        return sorted(found, key=lambda tenant: (tenant.created_at, tenant.id))

    def tenant_of_integration(self, integration_id: UUID) -> UUID | None:
        """The tenant that an integration belongs to, or None."""
        with self.database.lock:
            owners = [
                tenant for tenant, tables in self.database.tables.items() if integration_id in tables.integrations
            ]
        return owners[0] if owners else None

    def integration_of_key(self, key_hash: str) -> tuple[UUID, UUID] | None:
        """Tenant and id of the integration with this key, or that once had it."""
        with self.database.lock:
            everyone = [one for tables in self.database.everywhere() for one in tables.integrations.values()]
        fitting = (one for one in everyone if one.key and key_hash in (one.key.current, one.key.previous))
        return next(((one.tenant_id, one.id) for one in fitting), None)

    def due_polls(self, now: datetime) -> Sequence[tuple[UUID, UUID]]:
        """Tenant and id of every active integration whose poll is due."""
        with self.database.lock:
            due = [
                (tables.polls.get(one.id, one.created_at), one.tenant_id, one.id)
                for tables in self.database.everywhere()
                for one in tables.integrations.values()
                if one.is_active and Feature.PULL in one.features and tables.polls.get(one.id, now) <= now
            ]
        return [(tenant_id, row_id) for _, tenant_id, row_id in sorted(due)]

    def changed_silences(self, now: datetime) -> Sequence[tuple[UUID, UUID]]:
        """Tenant and id of every active integration that fell silent, or is heard again."""
        with self.database.lock:
            everyone = [one for tables in self.database.everywhere() for one in tables.integrations.values()]
        return [(one.tenant_id, one.id) for one in everyone if one.is_active and one.silence_changes(now)]

    def integrations_of(self, kinds: Collection[str]) -> Sequence[tuple[UUID, UUID]]:
        """Tenant and id of every active integration of these types."""
        with self.database.lock:
            everyone = [one for tables in self.database.everywhere() for one in tables.integrations.values()]
        found = [one for one in everyone if one.is_active and one.type in kinds]
        return [(one.tenant_id, one.id) for one in sorted(found, key=lambda one: one.id)]

    def token_of_hash(self, token_hash: str) -> tuple[UUID, UUID] | None:
        """Tenant and id of the API token with this hash."""
        with self.database.lock:
            everyone = [token for tables in self.database.everywhere() for token in tables.tokens.values()]
        return next(((token.tenant_id, token.id) for token in everyone if token.hash == token_hash), None)

    def due_tenants(self, now: datetime) -> Sequence[UUID]:
        """Ids of the tenants whose timers have something to do, sorted."""
        with self.database.lock:
            return sorted(tenant_id for tenant_id, tables in self.database.tables.items() if _is_due(tables, now))


def _is_due(tables: TenantTables, now: datetime) -> bool:
    incidents, series = InMemoryIncidents(tables), InMemorySeriesStore(tables)
    if incidents.settling(now) or incidents.without_snapshot(now - SNAPSHOT_WITHIN) or series.due(now):
        return True
    if InMemoryOutbox(tables).due(now) or InMemorySilences(tables).over(now):
        return True
    used = incidents.opened_since(month_of(now))
    has_room = any(tenant.max_incidents_per_month > used for tenant in tables.tenants.values())
    return has_room and bool(InMemorySignals(tables).waiting())


@attrs.frozen
class InMemoryTenants:
    """The tenant of the unit of work, and its people."""

    tenant_id: UUID
    tables: TenantTables
    database: InMemoryDatabase

    def current(self) -> Tenant:
        """The tenant. Raises NotFound."""
        if self.tenant_id not in self.tables.tenants:
            raise NotFound(tenant=self.tenant_id)
        return self.tables.tenants[self.tenant_id]

    def add(self, tenant: Tenant) -> None:
        """Store a new tenant. Raises AlreadyExists where the slug is taken by any."""
        everyone = [other for tables in self.database.everywhere() for other in tables.tenants.values()]
        if any(other.slug == tenant.slug or other.id == tenant.id for other in everyone):
            raise AlreadyExists(slug=tenant.slug)
        self.tables.tenants[tenant.id] = tenant

    def users(self) -> Sequence[User]:
        """The tenant's people, by creation."""
        return sorted(self.tables.users.values(), key=lambda user: (user.created_at, user.id))

    def add_user(self, user: User) -> None:
        """Store a new user. Raises AlreadyExists where the e-mail is taken by anybody."""
        everyone = [other for tables in self.database.everywhere() for other in tables.users.values()]
        if any(other.email == user.email or other.id == user.id for other in everyone):
            raise AlreadyExists(email=user.email)
        self.tables.users[user.id] = user

    def save_user(self, user: User) -> None:
        """Store what changed of a user. Raises NotFound."""
        if user.id not in self.tables.users:
            raise NotFound(user=user.id)
        self.tables.users[user.id] = user


@attrs.frozen
class InMemoryIntegrations:
    """The configured sources of the tenant."""

    tables: TenantTables

    def get(self, integration_id: UUID) -> Integration:
        """One integration. Raises NotFound."""
        if integration_id not in self.tables.integrations:
            raise NotFound(integration=integration_id)
        return self.tables.integrations[integration_id]

    def marks(self, integration_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """A mark of each that changes whenever it or the tenant does."""
        known = {one: self.tables.integrations.get(one) for one in integration_ids}
        return {
            one: repr((row, row.key, row.sealed, self.tables.tenants)) for one, row in known.items() if row is not None
        }

    def all(self) -> Sequence[Integration]:
        """Every integration, by creation."""
        return sorted(self.tables.integrations.values(), key=lambda one: (one.created_at, one.id))

    def add(self, integration: Integration) -> None:
        """Store a new integration. Raises AlreadyExists where the name is taken in the tenant."""
        if any(other.name == integration.name for other in self.tables.integrations.values()):
            raise AlreadyExists(name=integration.name)
        # Settings are only in the envelope, as they are in the database.
        self.tables.integrations[integration.id] = attrs.evolve(integration, settings={})

    def save(self, integration: Integration) -> None:
        """Store what people changed; health and cursor stay. Raises NotFound, AlreadyExists."""
        known = self.get(integration.id)
        others = (one for one in self.tables.integrations.values() if one.id != integration.id)
        if any(other.name == integration.name for other in others):
            raise AlreadyExists(name=integration.name)
        kept = attrs.evolve(
            integration,
            health=known.health,
            cursor=known.cursor,
            last_heartbeat_at=known.last_heartbeat_at,
            silence_noticed_at=known.silence_noticed_at,
            settings={},
        )
        self.tables.integrations[integration.id] = kept

    def lock(self, integration_id: UUID) -> Integration:
        """One integration; units of work are serial. Raises NotFound."""
        return self.get(integration_id)

    def note(self, integration_id: UUID, health: Health) -> None:
        """Store how an integration is doing."""
        self._change(integration_id, health=health)

    def sealed(self) -> Sequence[tuple[UUID, Mapping[str, Any]]]:
        """The id and the envelope of every integration that has something sealed, by id."""
        return [(one.id, one.sealed) for _, one in sorted(self.tables.integrations.items()) if one.sealed]

    def replace_sealed(self, integration_id: UUID, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Store another envelope, unless it is not `before` any more."""
        known = self.tables.integrations.get(integration_id)
        if known is None or known.sealed != before:
            return False
        self.tables.integrations[integration_id] = attrs.evolve(known, sealed=after)
        return True

    def begin_poll(self, integration_id: UUID, *, now: datetime, until: datetime) -> bool:
        """Whether the poll is due and nobody's; then it is the caller's until that moment."""
        known, due_at = self.tables.integrations.get(integration_id), self.tables.polls.get(integration_id)
        if known is None or not known.is_active or (due_at is not None and due_at > now):
            return False
        self.tables.polls[integration_id] = until
        return True

    def end_poll(self, integration_id: UUID, *, cursor: Mapping[str, Any], next_at: datetime) -> None:
        """Store how far a poll came, and when the next one is due."""
        self._change(integration_id, cursor=dict(cursor))
        self.tables.polls[integration_id] = next_at

    def heard(self, integration_id: UUID, at: datetime) -> None:
        """Note a heartbeat."""
        self._change(integration_id, last_heartbeat_at=at)

    def silence(self, integration_id: UUID, noticed_at: datetime | None) -> None:
        """Note since when an alarm of its silence stands."""
        self._change(integration_id, silence_noticed_at=noticed_at)

    def _change(self, integration_id: UUID, **fields: Any) -> None:
        if integration_id in self.tables.integrations:
            known = self.tables.integrations[integration_id]
            self.tables.integrations[integration_id] = attrs.evolve(known, **fields)
