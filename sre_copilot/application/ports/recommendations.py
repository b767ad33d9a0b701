"""Runbooks and recommendations."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sre_copilot.application.ports.ids import Ids
from sre_copilot.domain.outcomes import Outcome
from sre_copilot.domain.postmortem import Tried
from sre_copilot.domain.recommendations import Recommendation
from sre_copilot.domain.runbooks import Runbook


class Runbooks(Protocol):
    """The tenant's runbooks."""

    @abstractmethod
    def get(self, runbook_id: UUID, *, lock: bool = False) -> Runbook:
        """One runbook; with `lock`, nobody else can change it until the unit of work ends. Raises NotFound."""

    @abstractmethod
    def save(self, runbook: Runbook) -> None:
        """Store a runbook, new or changed."""

    @abstractmethod
    def search(self, query: str, *, limit: int) -> Sequence[tuple[Runbook, float]]:
        """Active runbooks that match any word of the query, with relevance in [0, 1], best first, then by slug."""


class RunbookSeeds(Protocol):
    """The runbooks that every new tenant begins with."""

    @abstractmethod
    def runbooks(self, *, ids: Ids, at: datetime) -> Sequence[Runbook]:
        """Return them with fresh ids, created at `at`."""


class Recommendations(Protocol):
    """Proposed actions on incidents."""

    @abstractmethod
    def add(self, recommendations: Sequence[Recommendation]) -> None:
        """Store new recommendations."""

    @abstractmethod
    def get(self, recommendation_id: UUID, *, lock: bool = False) -> Recommendation:
        """One recommendation; with `lock`, nobody else can change it until the unit of work ends. Raises NotFound."""

    @abstractmethod
    def save(self, recommendation: Recommendation) -> None:
        """Store a changed recommendation."""

    @abstractmethod
    def latest(self, incident_id: UUID) -> Sequence[Recommendation]:
        """The recommendations of an incident that were proposed last (those with the latest `created_at`), by rank."""

    @abstractmethod
    def decided(self, incident_id: UUID) -> Sequence[Tried]:
        """The recommendations of an incident that people decided, whenever proposed, with their outcomes, by decision."""

    @abstractmethod
    def record_outcome(self, outcome: Outcome) -> None:
        """Store an outcome."""

    @abstractmethod
    def outcomes(self, runbook_ids: Collection[UUID]) -> Sequence[Outcome]:
        """The outcomes of recommendations that came from these runbooks, by time."""
