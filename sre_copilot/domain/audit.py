"""The audit trail: one entry per change, hashed over a canonical, versioned form when written."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.domain.actors import Actor
from sre_copilot.domain.canonical import content_hash

FORMAT = 1


class AuditAction(StrEnum):
    """What kind of access it was."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"
    EXECUTE = "execute"


@attrs.frozen(kw_only=True)
class AuditEntry:
    """Who did what to which resource, from where, with what result. `details` holds ids and plain values, no secrets."""

    id: UUID
    tenant_id: UUID
    event_type: str
    action: AuditAction
    at: datetime
    actor_kind: str
    actor_id: UUID | None = None
    user_id: UUID | None = None
    resource_type: str | None = None
    resource_id: UUID | None = None
    origin: str = ""
    details: Mapping[str, Any] = attrs.field(factory=dict)
    result: str = "success"

    @property
    def row_hash(self) -> str:
        """SHA-256 over the canonical form of every field and the format version: 64 hex characters."""
        return content_hash({"format": FORMAT, **{f.name: getattr(self, f.name) for f in attrs.fields(AuditEntry)}})


def audited(
    actor: Actor,
    event_type: str,
    action: AuditAction,
    *,
    entry_id: UUID,
    at: datetime,
    resource_type: str,
    resource_id: UUID | None,
    details: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Return the entry for what `actor` did."""
    return AuditEntry(
        id=entry_id,
        tenant_id=actor.tenant_id,
        event_type=event_type,
        action=action,
        at=at,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        user_id=actor.user_id,
        resource_type=resource_type,
        resource_id=resource_id,
        origin=actor.origin,
        details=details or {},
    )


def repeated_entry_id(*parts: str) -> UUID:
    """Return the id of an entry that is written once however often the same happens; UUID version 8, RFC 9562."""
    digest = int(content_hash(list(parts))[:32], 16)
    return UUID(int=digest & ~(0xF << 76) & ~(0x3 << 62) | 0x8 << 76 | 0x2 << 62)
