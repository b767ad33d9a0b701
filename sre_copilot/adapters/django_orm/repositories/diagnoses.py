"""Context snapshots, diagnoses and hypotheses."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import attrs
from django.db.models import QuerySet

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.documents import from_document, to_document
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.application.ports.diagnoses import FeedbackGiven
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.hypotheses import (
    CandidateKind,
    Component,
    ComponentScore,
    Confidence,
    Diagnosis,
    Evidence,
    Feedback,
    Hypothesis,
    NextEvidence,
    RankedCause,
    SimilarIncident,
)
from sre_copilot.domain.learning import Said
from sre_copilot.domain.snapshots import ContextSnapshot


@attrs.frozen
class DjangoDiagnoses:
    """What was known, and what was made of it."""

    tenant_id: UUID

    def add_snapshot(self, snapshot: ContextSnapshot) -> None:
        """Store an immutable snapshot."""
        with translated():
            models.ContextSnapshot.objects.using(ALIAS).create(
                id=snapshot.id,
                tenant_id=self.tenant_id,
                incident_id=snapshot.incident_id,
                as_of=snapshot.as_of,
                body=to_document(snapshot),
                content_hash=snapshot.content_hash,
            )

    def snapshot(self, snapshot_id: UUID) -> ContextSnapshot:
        """One snapshot. Raises NotFound."""
        row = models.ContextSnapshot.objects.using(ALIAS).filter(tenant_id=self.tenant_id, id=snapshot_id).first()
        if row is None:
            raise NotFound(snapshot=snapshot_id)
        return from_document(row.body, ContextSnapshot)

    def add(self, diagnosis: Diagnosis, hypotheses: Sequence[Hypothesis]) -> None:
        """Store a diagnosis with its hypotheses."""
        with translated():
            models.Diagnosis.objects.using(ALIAS).create(
                id=diagnosis.id,
                tenant_id=self.tenant_id,
                incident_id=diagnosis.incident_id,
                snapshot_id=diagnosis.snapshot_id,
                engine_version=diagnosis.engine_version,
                at=diagnosis.at,
                convincing=diagnosis.convincing,
                next_evidence=to_document(diagnosis.next_evidence),
                calibration=diagnosis.calibration,
                slope=diagnosis.slope,
                similar=to_document(diagnosis.similar),
            )
            models.Hypothesis.objects.using(ALIAS).bulk_create(self._row(row) for row in hypotheses)

    def latest(self, incident_id: UUID) -> tuple[Diagnosis, Sequence[Hypothesis]] | None:
        """The latest diagnosis of an incident with its hypotheses by rank, or None."""
        return self._whole(self._diagnoses().filter(incident_id=incident_id).order_by("-at", "-id").first())

    def first(self, incident_id: UUID) -> tuple[Diagnosis, Sequence[Hypothesis]] | None:
        """The first diagnosis of an incident with its hypotheses by rank, or None."""
        return self._whole(self._diagnoses().filter(incident_id=incident_id).order_by("at", "id").first())

    def get(self, diagnosis_id: UUID) -> Diagnosis:
        """One diagnosis. Raises NotFound."""
        row = self._diagnoses().filter(id=diagnosis_id).first()
        if row is None:
            raise NotFound(diagnosis=diagnosis_id)
        return _diagnosis(row)

    def said_of(self, incident_id: UUID) -> Sequence[Said]:
        """What people said of the hypotheses of all diagnoses of an incident, by time."""
        rows = models.HypothesisFeedback.objects.using(ALIAS).select_related("hypothesis")
        rows = rows.filter(tenant_id=self.tenant_id, hypothesis__incident_id=incident_id)
        return [
            Said(
                hypothesis=_hypothesis(row.hypothesis),
                user_id=row.user_id,
                feedback=Feedback(row.feedback),
                at=row.at,
            )
            for row in rows.order_by("at", "id")
        ]

    def diagnosed(self, since: datetime, until: datetime) -> int:
        """How many incidents were diagnosed in [since, until)."""
        return self._diagnoses().filter(at__gte=since, at__lt=until).values("incident_id").distinct().count()

    def hypothesis(self, hypothesis_id: UUID) -> Hypothesis:
        """One hypothesis. Raises NotFound."""
        row = models.Hypothesis.objects.using(ALIAS).filter(tenant_id=self.tenant_id, id=hypothesis_id).first()
        if row is None:
            raise NotFound(hypothesis=hypothesis_id)
        return _hypothesis(row)

    def judge(self, hypothesis: Hypothesis, given: FeedbackGiven) -> None:
        """Store feedback: the hypothesis' latest word, and the person's own row."""
        with translated():
            models.Hypothesis.objects.using(ALIAS).filter(tenant_id=self.tenant_id, id=hypothesis.id).update(
                user_feedback=given.feedback.value,
                feedback_timestamp=given.at,
                feedback_user_id=given.user_id,
                feedback_notes=given.notes,
            )
            models.HypothesisFeedback.objects.using(ALIAS).create(
                id=given.id,
                tenant_id=self.tenant_id,
                hypothesis_id=given.hypothesis_id,
                user_id=given.user_id,
                feedback=given.feedback.value,
                notes=given.notes,
                at=given.at,
            )

    def _diagnoses(self) -> QuerySet[models.Diagnosis]:
        return models.Diagnosis.objects.using(ALIAS).filter(tenant_id=self.tenant_id)

    def _whole(self, row: models.Diagnosis | None) -> tuple[Diagnosis, Sequence[Hypothesis]] | None:
        if row is None:
            return None
        hypotheses = models.Hypothesis.objects.using(ALIAS).filter(tenant_id=self.tenant_id, diagnosis_id=row.id)
        return _diagnosis(row), [_hypothesis(one) for one in hypotheses.order_by("rank")]

    def _row(self, hypothesis: Hypothesis) -> models.Hypothesis:
        cause = hypothesis.cause
        return models.Hypothesis(
            id=hypothesis.id,
            tenant_id=self.tenant_id,
            incident_id=hypothesis.incident_id,
            diagnosis_id=hypothesis.diagnosis_id,
            rank=hypothesis.rank,
            claim=cause.claim,
            description=cause.description,
            confidence_lower=cause.confidence.lower,
            confidence_primary=cause.confidence.primary,
            confidence_upper=cause.confidence.upper,
            calibrated_on=cause.confidence.calibrated_on,
            confidence_components={name.value: to_document(score) for name, score in cause.components.items()},
            supporting_evidence=to_document(cause.supporting),
            contradicting_evidence=to_document(cause.contradicting),
            kind=cause.kind.value,
            subject=cause.subject,
            change_id=cause.change_id,
            change_summary=cause.change_summary,
            similar_incidents=[str(incident_id) for incident_id in cause.similar_incidents],
            precedent_count=len(cause.similar_incidents),
            score=cause.score,
            llm_model=hypothesis.llm_model,
            llm_prompt_tokens=hypothesis.llm_prompt_tokens,
            llm_completion_tokens=hypothesis.llm_completion_tokens,
            llm_cost_microdollars=hypothesis.llm_cost_microdollars,
            created_at=hypothesis.created_at,
        )


def _diagnosis(row: models.Diagnosis) -> Diagnosis:
    return Diagnosis(
        id=row.id,
        incident_id=row.incident_id,
        snapshot_id=row.snapshot_id,
        engine_version=row.engine_version,
        at=row.at,
        convincing=row.convincing,
        next_evidence=tuple(from_document(item, NextEvidence) for item in row.next_evidence),
        calibration=row.calibration,
        slope=row.slope,
        similar=tuple(from_document(item, SimilarIncident) for item in row.similar),
    )


def _hypothesis(row: models.Hypothesis) -> Hypothesis:
    cause = RankedCause(
        kind=CandidateKind(row.kind),
        subject=row.subject,
        claim=row.claim,
        description=row.description,
        score=row.score,
        confidence=Confidence(
            lower=row.confidence_lower,
            primary=row.confidence_primary,
            upper=row.confidence_upper,
            calibrated_on=row.calibrated_on,
        ),
        components={
            Component(name): from_document(score, ComponentScore) for name, score in row.confidence_components.items()
        },
        supporting=tuple(from_document(item, Evidence) for item in row.supporting_evidence),
        contradicting=tuple(from_document(item, Evidence) for item in row.contradicting_evidence),
        change_id=row.change_id,
        similar_incidents=tuple(map(UUID, row.similar_incidents)),
        change_summary=row.change_summary,
    )
    return Hypothesis(
        id=row.id,
        incident_id=row.incident_id,
        diagnosis_id=row.diagnosis_id,
        rank=row.rank,
        cause=cause,
        created_at=row.created_at,
        llm_model=row.llm_model,
        llm_prompt_tokens=row.llm_prompt_tokens,
        llm_completion_tokens=row.llm_completion_tokens,
        llm_cost_microdollars=row.llm_cost_microdollars,
        feedback=Feedback(row.user_feedback) if row.user_feedback else None,
        feedback_at=row.feedback_timestamp,
        feedback_user_id=row.feedback_user_id,
        feedback_notes=row.feedback_notes,
    )
