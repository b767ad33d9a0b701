"""The audit trail."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.domain.audit import AuditAction, AuditEntry
from sre_copilot.domain.canonical import plain


@attrs.frozen
class DjangoAuditTrail:
    """Append-only."""

    tenant_id: UUID

    def append(self, entry: AuditEntry) -> None:
        """Store an entry with its hash."""
        with translated():
            models.AuditLog.objects.using(ALIAS).create(**self._columns(entry))

    def append_once(self, entry: AuditEntry) -> bool:
        """Store an entry unless its id is known; return whether it was stored."""
        with translated():
            # Not the ids that come back but what is there tells: with ignored conflicts Django doesn't say.
            there = models.AuditLog.objects.using(ALIAS).filter(tenant_id=self.tenant_id, id=entry.id)
            if there.exists():
                return False
            row = models.AuditLog(**self._columns(entry))
            models.AuditLog.objects.using(ALIAS).bulk_create([row], ignore_conflicts=True)
        return True

    def _columns(self, entry: AuditEntry) -> dict[str, Any]:
        return {
            "id": entry.id,
            "tenant_id": self.tenant_id,
            "user_id": entry.user_id,
            "event_type": entry.event_type,
            "resource_type": entry.resource_type,
            "resource_id": entry.resource_id,
            "action": entry.action.value,
            "details": plain(entry.details),
            "result": entry.result,
            "timestamp": entry.at,
            "actor_kind": entry.actor_kind,
            "actor_id": entry.actor_id,
            "origin": entry.origin,
            "row_hash": entry.row_hash,
        }

    def recent(self, limit: int) -> Sequence[AuditEntry]:
        """The latest entries, newest first."""
        rows = models.AuditLog.objects.using(ALIAS).filter(tenant_id=self.tenant_id).order_by("-timestamp", "-id")
        return [_entry(row) for row in rows[:limit]]


def _entry(row: models.AuditLog) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        tenant_id=row.tenant_id,
        event_type=row.event_type,
        action=AuditAction(row.action),
        at=row.timestamp,
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        user_id=row.user_id,
        resource_type=row.resource_type,
        resource_id=row.resource_id,
        origin=row.origin,
        details=row.details,
        result=row.result or "",
    )
