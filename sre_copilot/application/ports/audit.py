"""The audit trail."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from sre_copilot.domain.audit import AuditEntry


class AuditTrail(Protocol):
    """Append-only."""

    @abstractmethod
    def append(self, entry: AuditEntry) -> None:
        """Store an entry with its hash."""

    @abstractmethod
    def append_once(self, entry: AuditEntry) -> bool:
        """Store an entry unless the trail has one with its id; return whether it was stored."""

    @abstractmethod
    def recent(self, limit: int) -> Sequence[AuditEntry]:
        """The latest entries, newest first."""
