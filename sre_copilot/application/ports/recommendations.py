"""Runbooks and recommendations."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import attrs

from sre_copilot.domain.recommendations import OutcomeResult, Recommendation
from sre_copilot.domain.runbooks import Runbook


@attrs.frozen(kw_only=True)
class OutcomeRecorded:
    """What came of an executed recommendation."""

    id: UUID
    recommendation_id: UUID
    user_id: UUID | None
    result: OutcomeResult
    notes: str
    at: datetime


class Runbooks(Protocol):
    """The tenant's runbooks."""

    @abstractmethod
    def get(self, runbook_id: UUID) -> Runbook:
        """One runbook. Raises NotFound."""

    @abstractmethod
    def save(self, runbook: Runbook) -> None:
        """Store a runbook, new or changed."""

    @abstractmethod
    def search(self, query: str, *, limit: int) -> Sequence[tuple[Runbook, float]]:
        """Active runbooks that match any word of the query, with relevance in [0, 1], best first, then by slug."""


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
        """The recommendations that belong to the incident's latest diagnosis, by rank."""

    @abstractmethod
    def record_outcome(self, outcome: OutcomeRecorded) -> None:
        """Store an outcome."""
