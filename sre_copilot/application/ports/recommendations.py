"""Recommendations, and what came of them."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from sre_copilot.domain.outcomes import Outcome
from sre_copilot.domain.postmortem import Tried
from sre_copilot.domain.recommendations import Recommendation


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
