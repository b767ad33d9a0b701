"""The audit trail in memory."""

from collections.abc import Sequence

import attrs

from sre_copilot.domain.audit import AuditEntry
from sre_copilot.domain.errors import AlreadyExists
from sre_copilot.testing.tables import TenantTables


@attrs.frozen
class InMemoryAuditTrail:
    """Append-only."""

    tables: TenantTables

    def append(self, entry: AuditEntry) -> None:
        """Store an entry. Raises AlreadyExists for an id that the trail has."""
        if entry.id in self.tables.audit:
            raise AlreadyExists(entry=entry.id)
        self.tables.audit[entry.id] = entry

    def append_once(self, entry: AuditEntry) -> bool:
        """Store an entry unless its id is known; return whether it was stored."""
        if entry.id in self.tables.audit:
            return False
        self.tables.audit[entry.id] = entry
        return True

    def recent(self, limit: int) -> Sequence[AuditEntry]:
        """The latest entries, newest first."""
        return sorted(self.tables.audit.values(), key=lambda entry: (entry.at, entry.id), reverse=True)[:limit]
