"""Recommendations in memory."""

from collections.abc import Collection, Sequence
from uuid import UUID

import attrs

from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.outcomes import Outcome
from sre_copilot.domain.postmortem import Tried
from sre_copilot.domain.recommendations import Recommendation, RecommendationStatus
from sre_copilot.testing.tables import TenantTables


@attrs.frozen
class InMemoryRecommendations:
    """Proposed actions on incidents. Units of work are serial, so that locks are free."""

    tables: TenantTables

    def add(self, recommendations: Sequence[Recommendation]) -> None:
        """Store new recommendations."""
        self.tables.recommendations.update({row.id: row for row in recommendations})

    def get(self, recommendation_id: UUID, *, lock: bool = False) -> Recommendation:
        """One recommendation. Raises NotFound."""
        if recommendation_id not in self.tables.recommendations:
            raise NotFound(recommendation=recommendation_id)
        return self.tables.recommendations[recommendation_id]

    def save(self, recommendation: Recommendation) -> None:
        """Store a changed recommendation."""
        if recommendation.id in self.tables.recommendations:
            self.tables.recommendations[recommendation.id] = recommendation

    def latest(self, incident_id: UUID) -> Sequence[Recommendation]:
        """Those that were proposed last, by rank."""
        found = [row for row in self.tables.recommendations.values() if row.incident_id == incident_id]
        newest = max((row.created_at for row in found), default=None)
        return sorted((row for row in found if row.created_at == newest), key=lambda row: row.rank)

    def decided(self, incident_id: UUID) -> Sequence[Tried]:
        """Those that people decided, with their outcomes, by decision."""
        rows = [row for row in self.tables.recommendations.values() if row.incident_id == incident_id]
        outcomes = sorted(self.tables.outcomes.values(), key=lambda row: (row.at, row.id))
        return [
            Tried(recommendation=row, outcomes=tuple(one for one in outcomes if one.recommendation_id == row.id))
            for row in sorted(rows, key=lambda row: (row.status_updated_at or row.created_at, row.id))
            if row.status is not RecommendationStatus.PENDING
        ]

    def record_outcome(self, outcome: Outcome) -> None:
        """Store an outcome."""
        self.tables.outcomes[outcome.id] = outcome

    def outcomes(self, runbook_ids: Collection[UUID]) -> Sequence[Outcome]:
        """The outcomes of recommendations that came from these runbooks, by time."""
        found = [row for row in self.tables.outcomes.values() if row.runbook_id in set(runbook_ids)]
        return sorted(found, key=lambda row: (row.at, row.id))
