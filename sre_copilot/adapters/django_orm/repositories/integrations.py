"""The configured sources and targets of the tenant."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import attrs
from django.db.models import Q, QuerySet

from sre_copilot.adapters.django_orm import models, sets
from sre_copilot.adapters.django_orm.arrays import packed
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.integrations import DoorKey, Feature, Health, Integration, SyncStatus
from sre_copilot.domain.signals import Environment

MARKS = """
SELECT i.id, i.xmin::text || ' ' || t.xmin::text FROM integrations i JOIN tenants t ON t.id = i.tenant_id
WHERE i.tenant_id = %(tenant)b AND i.id = ANY (%(ids)b::uuid[])
"""
"""PostgreSQL names with every row the transaction that wrote it."""


@attrs.frozen
class DjangoIntegrations:
    """The tenant's integrations."""

    tenant_id: UUID

    def get(self, integration_id: UUID) -> Integration:
        """One integration. Raises NotFound."""
        return self._one(self._rows(), integration_id)

    def lock(self, integration_id: UUID) -> Integration:
        """One integration that nobody else changes before the unit of work ends. Raises NotFound."""
        with translated():
            return self._one(self._rows().select_for_update(), integration_id)

    def marks(self, integration_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """A mark of each that changes whenever its row or the tenant's is written."""
        if not integration_ids:
            return {}
        with translated():
            asked = {"tenant": self.tenant_id, "ids": packed("uuid", list(integration_ids))}
            return dict(sets.ask(MARKS, asked, prepared=True))

    def all(self) -> Sequence[Integration]:
        """Every integration, by creation."""
        return [_integration(row) for row in self._rows().order_by("created_at", "id")]

    def add(self, integration: Integration) -> None:
        """Store a new integration. Raises AlreadyExists."""
        with translated():
            self._rows().create(
                id=integration.id,
                tenant_id=self.tenant_id,
                integration_type=integration.type,
                created_at=integration.created_at,
                updated_at=integration.created_at,
                cursor=dict(integration.cursor),
                **_told(integration),
                **_health(integration.health),
            )

    def save(self, integration: Integration) -> None:
        """Store what people changed. Raises NotFound, AlreadyExists."""
        with translated():
            found = self._rows().filter(id=integration.id).update(**_told(integration))
        if not found:
            raise NotFound(integration=integration.id)

    def note(self, integration_id: UUID, health: Health) -> None:
        """Store how an integration is doing."""
        with translated():
            self._rows().filter(id=integration_id).update(**_health(health))

    def sealed(self) -> Sequence[tuple[UUID, Mapping[str, Any]]]:
        """The id and the envelope of every integration that has something sealed, by id."""
        rows = self._rows()
        return list(rows.exclude(config={}).order_by("id").values_list("id", "config"))

    def replace_sealed(self, integration_id: UUID, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Store another envelope, unless it is not `before` any more. Waits for whoever changes the integration."""
        with translated():
            rows = self._rows()
            return rows.filter(id=integration_id, config=dict(before)).update(config=dict(after)) == 1

    def begin_poll(self, integration_id: UUID, *, now: datetime, until: datetime) -> bool:
        """Whether the poll is due and nobody's; then it is the caller's until that moment."""
        due = Q(next_poll_at__isnull=True) | Q(next_poll_at__lte=now)
        with translated():
            mine = self._rows().filter(due, id=integration_id, is_active=True).update(next_poll_at=until)
        return bool(mine)

    def end_poll(self, integration_id: UUID, *, cursor: Mapping[str, Any], next_at: datetime) -> None:
        """Store how far a poll came, and when the next one is due."""
        with translated():
            self._rows().filter(id=integration_id).update(cursor=dict(cursor), next_poll_at=next_at)

    def heard(self, integration_id: UUID, at: datetime) -> None:
        """Note a heartbeat."""
        with translated():
            self._rows().filter(id=integration_id).update(last_heartbeat_at=at)

    def silence(self, integration_id: UUID, noticed_at: datetime | None) -> None:
        """Note since when an alarm of its silence stands."""
        with translated():
            self._rows().filter(id=integration_id).update(silence_noticed_at=noticed_at)

    def _rows(self) -> QuerySet[models.Integration]:
        return models.Integration.objects.using(ALIAS).filter(tenant_id=self.tenant_id)

    @staticmethod
    def _one(rows: QuerySet[models.Integration], integration_id: UUID) -> Integration:
        row = rows.filter(id=integration_id).first()
        if row is None:
            raise NotFound(integration=integration_id)
        return _integration(row)


def _told(integration: Integration) -> dict[str, Any]:
    key = integration.key
    expected = integration.expected_every
    return {
        "name": integration.name,
        "config": dict(integration.sealed),
        "dedup_window_seconds": integration.dedup_window.total_seconds(),
        "environments": {word: ours.value for word, ours in integration.environments.items()},
        "is_active": integration.is_active,
        "key_hash": key.current if key else None,
        "previous_key_hash": (key.previous or None) if key else None,
        "previous_key_until": key.previous_until if key else None,
        "sync_interval_seconds": int(integration.sync_interval.total_seconds()),
        "expected_every_seconds": expected.total_seconds() if expected else None,
        "expects_heartbeat": integration.expects_heartbeat,
        "enabled_features": sorted(integration.features),
    }


def _health(health: Health) -> dict[str, Any]:
    return {
        "is_healthy": health.is_healthy,
        "last_sync_at": health.last_sync_at,
        "last_sync_status": health.last_sync_status.value if health.last_sync_status else None,
        "last_error": health.last_error or None,
        "consecutive_failures": health.consecutive_failures,
        "plugin_failures": health.plugin_failures,
    }


def _integration(row: models.Integration) -> Integration:
    key = None
    if row.key_hash:
        key = DoorKey(current=row.key_hash, previous=row.previous_key_hash or "", previous_until=row.previous_key_until)
    return Integration(
        id=row.id,
        tenant_id=row.tenant_id,
        type=row.integration_type,
        name=row.name,
        created_at=row.created_at,
        dedup_window=timedelta(seconds=row.dedup_window_seconds),
        environments={word: Environment(ours) for word, ours in row.environments.items()},
        is_active=row.is_active,
        key=key,
        sealed=row.config,
        health=Health(
            is_healthy=row.is_healthy,
            last_sync_at=row.last_sync_at,
            last_sync_status=SyncStatus(row.last_sync_status) if row.last_sync_status else None,
            last_error=row.last_error or "",
            consecutive_failures=row.consecutive_failures,
            plugin_failures=row.plugin_failures,
        ),
        sync_interval=timedelta(seconds=row.sync_interval_seconds),
        expected_every=timedelta(seconds=row.expected_every_seconds) if row.expected_every_seconds else None,
        expects_heartbeat=row.expects_heartbeat,
        features=frozenset(Feature(word) for word in row.enabled_features if word in list(Feature)),
        cursor=row.cursor,
        last_heartbeat_at=row.last_heartbeat_at,
        silence_noticed_at=row.silence_noticed_at,
    )
