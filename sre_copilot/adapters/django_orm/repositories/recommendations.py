"""Recommendations, and what came of them."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import attrs
from django.db.models import Max

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.domain.actions import ActionType, Reversibility, RiskLevel
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.outcomes import Outcome, OutcomeResult
from sre_copilot.domain.postmortem import Tried
from sre_copilot.domain.recommendations import Recommendation, RecommendationStatus

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
