"""Runbooks and recommendations."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import attrs
from django.db import connections
from django.db.models import Max

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.documents import from_document, to_document
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.domain.actions import ActionType, Reversibility, RiskLevel
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.outcomes import Outcome, OutcomeResult
from sre_copilot.domain.postmortem import Tried
from sre_copilot.domain.recommendations import Recommendation, RecommendationStatus
from sre_copilot.domain.runbooks import Runbook, RunbookAction, search_words

SEARCH = """
WITH asked AS (
    SELECT word, quote_literal(word)::tsquery AS query
    FROM unnest(tsvector_to_array(to_tsvector('english', %(words)s))) word
), hits AS (
    SELECT id, slug, word, ts_rank('{0.1, 0.2, 0.6, 1.0}', search, query, 1) AS weight, count(*) OVER (PARTITION BY word) AS holders
    FROM runbooks JOIN asked ON search @@ query WHERE tenant_id = %(tenant)s AND is_active
), known AS (
    SELECT word, ln(1 + (total - min(holders) + 0.5) / (min(holders) + 0.5)) AS rarity
    FROM hits, (SELECT count(*) AS total FROM runbooks WHERE tenant_id = %(tenant)s AND is_active) counted
    GROUP BY word, total
)
SELECT id, least(1, sum(weight * rarity) / (%(full)s * (SELECT sum(rarity) FROM known))) AS relevance
FROM hits JOIN known USING (word) GROUP BY id, slug ORDER BY sum(weight * rarity) DESC, slug LIMIT %(limit)s
"""
"""Every word by its place (content, description, tags and services, title) and its rarity among the tenant's runbooks.

The rarity is BM25's inverse document frequency (Robertson and Zaragoza, 2009), without which a long runbook with many
common words beats the one that has the telling word. A long text counts less by 1 + the logarithm of its length.
"""
FULL_MARK = 0.087
"""The weight of a word in the title of a runbook of 400 words. With all words that any runbook knows there, relevance is 1."""

RUNBOOK_NAMES = (
    "slug",
    "title",
    "description",
    "content",
    "content_url",
    "estimated_duration_minutes",
    "usage_count",
    "success_count",
    "failure_count",
    "owner_id",
    "is_active",
    "version",
    "created_at",
    "updated_at",
)
RECOMMENDATION_NAMES = (
    "incident_id",
    "hypothesis_id",
    "runbook_id",
    "description",
    "rationale",
    "estimated_impact",
    "relevance_score",
    "rank",
    "user_notes",
    "created_at",
    "status_updated_at",
)


@attrs.frozen
class DjangoRunbooks:
    """The tenant's runbooks."""

    tenant_id: UUID

    def get(self, runbook_id: UUID, *, lock: bool = False) -> Runbook:
        """One runbook, locked until the unit ends where asked. Raises NotFound."""
        rows = models.Runbook.objects.using(ALIAS).filter(tenant_id=self.tenant_id, id=runbook_id)
        row = (rows.select_for_update() if lock else rows).first()
        if row is None:
            raise NotFound(runbook=runbook_id)
        return _runbook(row)

    def save(self, runbook: Runbook) -> None:
        """Store a runbook, new or changed."""
        columns = {
            **{name: getattr(runbook, name) for name in RUNBOOK_NAMES},
            "service_names": list(runbook.service_names),
            "tags": list(runbook.tags),
            "risk_level": runbook.risk_level.value,
            "actions": to_document(runbook.actions),
        }
        rows = models.Runbook.objects.using(ALIAS)
        with translated():
            if not rows.filter(tenant_id=self.tenant_id, id=runbook.id).update(**columns):
                rows.create(id=runbook.id, tenant_id=self.tenant_id, **columns)

    def search(self, query: str, *, limit: int) -> Sequence[tuple[Runbook, float]]:
        """Active runbooks that match any word, best first."""
        words = " ".join(search_words(query))
        with translated(), connections[ALIAS].cursor() as cursor:
            cursor.execute(SEARCH, {"words": words, "tenant": self.tenant_id, "limit": limit, "full": FULL_MARK})
            found = cursor.fetchall()
        rows = models.Runbook.objects.using(ALIAS).filter(tenant_id=self.tenant_id).in_bulk([one for one, _ in found])
        return [(_runbook(rows[one]), float(relevance)) for one, relevance in found]


@attrs.frozen
class DjangoRecommendations:
    """Proposed actions on incidents."""

    tenant_id: UUID

    def add(self, recommendations: Sequence[Recommendation]) -> None:
        """Store new recommendations."""
        with translated():
            models.Recommendation.objects.using(ALIAS).bulk_create(
                models.Recommendation(id=row.id, tenant_id=self.tenant_id, **_columns(row)) for row in recommendations
            )

    def get(self, recommendation_id: UUID, *, lock: bool = False) -> Recommendation:
        """One recommendation. Raises NotFound."""
        rows = models.Recommendation.objects.using(ALIAS).filter(tenant_id=self.tenant_id, id=recommendation_id)
        row = (rows.select_for_update() if lock else rows).first()
        if row is None:
            raise NotFound(recommendation=recommendation_id)
        return _recommendation(row)

    def save(self, recommendation: Recommendation) -> None:
        """Store a changed recommendation."""
        with translated():
            models.Recommendation.objects.using(ALIAS).filter(tenant_id=self.tenant_id, id=recommendation.id).update(
                **_columns(recommendation)
            )

    def latest(self, incident_id: UUID) -> Sequence[Recommendation]:
        """Those that were proposed last, by rank."""
        rows = models.Recommendation.objects.using(ALIAS).filter(tenant_id=self.tenant_id, incident_id=incident_id)
        newest = rows.aggregate(newest=Max("created_at"))["newest"]
        return [_recommendation(row) for row in rows.filter(created_at=newest).order_by("rank")] if newest else []

    def record_outcome(self, outcome: Outcome) -> None:
        """Store an outcome."""
        with translated():
            models.RecommendationOutcome.objects.using(ALIAS).create(
                id=outcome.id,
                tenant_id=self.tenant_id,
                recommendation_id=outcome.recommendation_id,
                incident_id=outcome.incident_id,
                runbook_id=outcome.runbook_id,
                result=outcome.result.value,
                notes=outcome.notes,
                recorded_by_id=outcome.recorded_by,
                at=outcome.at,
            )

    def outcomes(self, runbook_ids: Collection[UUID]) -> Sequence[Outcome]:
        """The outcomes of recommendations that came from these runbooks, by time."""
        rows = models.RecommendationOutcome.objects.using(ALIAS).filter(
            tenant_id=self.tenant_id, runbook_id__in=list(runbook_ids)
        )
        return [_outcome(row) for row in rows.order_by("at", "id")]

    def decided(self, incident_id: UUID) -> Sequence[Tried]:
        """Those that people decided, with their outcomes, by decision."""
        mine = {"tenant_id": self.tenant_id, "incident_id": incident_id}
        outcomes: dict[UUID, list[Outcome]] = {}
        for found in models.RecommendationOutcome.objects.using(ALIAS).filter(**mine).order_by("at", "id"):
            outcomes.setdefault(found.recommendation_id, []).append(_outcome(found))
        rows = models.Recommendation.objects.using(ALIAS).filter(**mine)
        return [
            Tried(recommendation=_recommendation(row), outcomes=tuple(outcomes.get(row.id, ())))
            for row in rows.exclude(status=RecommendationStatus.PENDING.value).order_by("status_updated_at", "id")
        ]


def _outcome(row: models.RecommendationOutcome) -> Outcome:
    return Outcome(
        id=row.id,
        recommendation_id=row.recommendation_id,
        incident_id=row.incident_id,
        runbook_id=row.runbook_id,
        result=OutcomeResult(row.result),
        notes=row.notes,
        recorded_by=row.recorded_by_id,
        at=row.at,
    )


def _runbook(row: models.Runbook) -> Runbook:
    return Runbook(
        **{name: getattr(row, name) for name in RUNBOOK_NAMES},
        id=row.id,
        service_names=tuple(row.service_names),
        tags=tuple(row.tags),
        risk_level=RiskLevel(row.risk_level),
        actions=tuple(from_document(item, RunbookAction) for item in row.actions),
    )


def _columns(row: Recommendation) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in RECOMMENDATION_NAMES},
        "action_type": row.action_type.value,
        "risk_level": row.risk_level.value,
        "reversibility": row.reversibility.value,
        "status": row.status.value,
    }


def _recommendation(row: models.Recommendation) -> Recommendation:
    return Recommendation(
        **{name: getattr(row, name) for name in RECOMMENDATION_NAMES},
        id=row.id,
        action_type=ActionType(row.action_type),
        risk_level=RiskLevel(row.risk_level),
        reversibility=Reversibility(row.reversibility),
        status=RecommendationStatus(row.status),
    )
