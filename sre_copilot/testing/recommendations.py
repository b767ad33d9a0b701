"""Runbooks and recommendations in memory."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.ports.ids import Ids
from sre_copilot.domain.errors import AlreadyExists, NotFound
from sre_copilot.domain.outcomes import Outcome
from sre_copilot.domain.postmortem import Tried
from sre_copilot.domain.recommendations import Recommendation, RecommendationStatus
from sre_copilot.domain.runbooks import Runbook, search_words
from sre_copilot.testing.tables import TenantTables

_ENDINGS = ("ings", "ing", "ies", "ied", "es", "ed", "s", "e", "y")


@attrs.frozen
class InMemoryRunbooks:
    """The tenant's runbooks."""

    tables: TenantTables

    def get(self, runbook_id: UUID, *, lock: bool = False) -> Runbook:
        """One runbook. Raises NotFound."""
        if runbook_id not in self.tables.runbooks:
            raise NotFound(runbook=runbook_id)
        return self.tables.runbooks[runbook_id]

    def save(self, runbook: Runbook) -> None:
        """Store a runbook, new or changed. Raises AlreadyExists where another one has the slug."""
        others = (other for other in self.tables.runbooks.values() if other.id != runbook.id)
        if any(other.slug == runbook.slug for other in others):
            raise AlreadyExists(slug=runbook.slug)
        self.tables.runbooks[runbook.id] = runbook

    def search(self, query: str, *, limit: int) -> Sequence[tuple[Runbook, float]]:
        """Active runbooks that match any word, best first, then by slug. Knows the commonest English endings only."""
        wanted = {_stem(word) for word in search_words(query)}
        scored = [(runbook, _relevance(runbook, wanted)) for runbook in self.tables.runbooks.values()]
        found = [(runbook, relevance) for runbook, relevance in scored if runbook.is_active and relevance > 0]
        return sorted(found, key=lambda match: (-match[1], match[0].slug))[:limit]


@attrs.frozen
class FixedRunbooks:
    """The runbooks that new tenants begin with in a test."""

    known: tuple[Runbook, ...] = ()

    def runbooks(self, *, ids: Ids, at: datetime) -> Sequence[Runbook]:
        """Return them with fresh ids, created at `at`."""
        return [attrs.evolve(runbook, id=ids.new(), created_at=at, updated_at=at) for runbook in self.known]


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


def _relevance(runbook: Runbook, wanted: set[str]) -> float:
    """rank / (rank + 1), where rank adds up, per word found, the weight of the weightiest place that has it."""
    places = (
        (1.0, _stems([runbook.title])),
        (0.6, _stems([*runbook.tags, *runbook.service_names])),
        (0.2, _stems([runbook.description])),
        (0.05, _stems([runbook.content])),
    )
    rank = sum(max((weight for weight, words in places if word in words), default=0.0) for word in wanted)
    return rank / (rank + 1)


def _stems(texts: Iterable[str]) -> set[str]:
    return {_stem(word) for text in texts for word in search_words(text)}


def _stem(word: str) -> str:
    ending = next((end for end in _ENDINGS if word.endswith(end) and len(word) - len(end) >= 3), "")
    return word.removesuffix(ending)
