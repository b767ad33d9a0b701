"""Runbooks and their versions."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import attrs

from sre_copilot.application.ports.ids import Ids
from sre_copilot.domain.runbooks import Runbook, RunbookVersion


@attrs.frozen(kw_only=True)
class RunbookFilter:
    """Which runbooks. `before` is the keyset (created_at, id) of the last one seen; the limit is at least 1.

    `service` are those that name it or apply to any. `tag` has to be given as it is written.
    """

    deleted: bool = False
    service: str | None = None
    tag: str | None = None
    before: tuple[datetime, UUID] | None = None
    limit: int = 50


class Runbooks(Protocol):
    """The tenant's runbooks."""

    @abstractmethod
    def get(self, runbook_id: UUID, *, lock: bool = False) -> Runbook:
        """One runbook; with `lock`, nobody else can change it until the unit of work ends. Raises NotFound."""

    @abstractmethod
    def by_slug(self, slug: str) -> Runbook | None:
        """The one with this slug, a deleted one too, or None."""

    @abstractmethod
    def by_source(self, source: str) -> Runbook | None:
        """The one that was imported from there, a deleted one too, or None; nobody else can change it until the unit ends."""

    @abstractmethod
    def list(self, narrowed: RunbookFilter) -> Sequence[Runbook]:
        """Runbooks by creation, newest first."""

    @abstractmethod
    def save(self, runbook: Runbook) -> None:
        """Store a runbook, new or changed. Raises AlreadyExists where another one has its slug or source."""

    @abstractmethod
    def keep(self, version: RunbookVersion) -> None:
        """Store a version, which never changes. Raises AlreadyExists where the runbook has one of that number."""

    @abstractmethod
    def versions(self, runbook_id: UUID) -> Sequence[RunbookVersion]:
        """The versions of a runbook, newest first."""

    @abstractmethod
    def version(self, runbook_id: UUID, number: int) -> RunbookVersion:
        """One version of a runbook. Raises NotFound."""

    @abstractmethod
    def search(self, query: str, *, limit: int) -> Sequence[tuple[Runbook, float]]:
        """Active runbooks that match any word of the query, with relevance in [0, 1], best first, then by slug."""


class RunbookSeeds(Protocol):
    """The runbooks that every new tenant begins with."""

    @abstractmethod
    def runbooks(self, *, ids: Ids, at: datetime) -> Sequence[Runbook]:
        """Return them with fresh ids, created at `at`."""
