"""What is behind an incident, and what to do about it: snapshot, diagnosis, hypotheses, recommendations."""

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from pydantic import create_model

from sre_copilot.domain.consultations import Consultation
from sre_copilot.domain.hypotheses import Diagnosis, Feedback, Hypothesis
from sre_copilot.domain.outcomes import OutcomeResult
from sre_copilot.domain.recommendations import Recommendation, RecommendationStatus
from sre_copilot.domain.safeguards import Safeguard
from sre_copilot.domain.snapshots import ContextSnapshot
from sre_copilot.entrypoints.http.api.shapes import Asked, Shape, list_shape, shape
from sre_copilot.entrypoints.http.authentication import actor_of
from sre_copilot.entrypoints.http.problems import Refused
from sre_copilot.entrypoints.http.running import copilot

router = Router(tags=["investigation"])
HypothesisShape, RecommendationShape = shape(Hypothesis), shape(Recommendation, safeguard=Safeguard)
_diagnosis_or_none: Any = shape(Diagnosis) | None
_consultation_or_none: Any = shape(Consultation, note=str) | None
Diagnosed = create_model(
    "Diagnosed",
    __base__=list_shape(HypothesisShape),
    diagnosis=(_diagnosis_or_none, ...),
    consultation=(_consultation_or_none, ...),
)
Investigated = create_model(
    "Investigated",
    __base__=Shape,
    diagnosis=(shape(Diagnosis), ...),
    hypotheses=(list[HypothesisShape], ...),  # type: ignore[valid-type]
    recommendations=(list[RecommendationShape], ...),  # type: ignore[valid-type]
)


class Judged(Asked):
    """What you think of a hypothesis."""

    feedback: Feedback
    notes: str = ""


class Decided(Asked):
    """What was decided, or what came of it: `executed` says that you carried it out, and needs a `result`."""

    status: Literal[RecommendationStatus.ACCEPTED, RecommendationStatus.REJECTED, RecommendationStatus.EXECUTED]
    result: OutcomeResult | None = None
    notes: str = ""


@router.get("/incidents/{uuid:incident_id}/snapshot", response=shape(ContextSnapshot))
def show_snapshot(request: HttpRequest, incident_id: UUID) -> ContextSnapshot:
    """What was known when it was detected; 404 until that is taken, and for incidents that no signal opened."""
    return copilot().incidents.snapshot(actor=actor_of(request), incident_id=incident_id)


@router.post("/incidents/{uuid:incident_id}/diagnose", response={201: Investigated})
def diagnose_incident(request: HttpRequest, incident_id: UUID) -> dict[str, Any]:
    """Rank its causes from what is known now, and recommend what to do. Nothing is executed.

    Where a language model is configured, it reads along later: see `consultation` of the hypotheses.
    """
    actor = actor_of(request)
    diagnosis, hypotheses = copilot().diagnose(actor=actor, incident_id=incident_id)
    proposed = copilot().recommend(actor=actor, incident_id=incident_id)
    return {"diagnosis": diagnosis, "hypotheses": list(hypotheses), "recommendations": list(proposed)}


@router.get("/incidents/{uuid:incident_id}/hypotheses", response=Diagnosed)
def list_hypotheses(request: HttpRequest, incident_id: UUID) -> dict[str, Any]:
    """The hypotheses of its latest diagnosis, by rank; `diagnosis` is null before the first.

    `consultation` is the latest one of a language model, with what came of it and what it cost; null where none was asked.
    Its summary belongs to the diagnosis that `advised_id` names.
    """
    actor = actor_of(request)
    latest = copilot().incidents.diagnosis(actor=actor, incident_id=incident_id)
    return {
        "diagnosis": latest[0] if latest else None,
        "items": list(latest[1]) if latest else [],
        "consultation": copilot().incidents.consultation(actor=actor, incident_id=incident_id),
    }


@router.get("/incidents/{uuid:incident_id}/recommendations", response=list_shape(RecommendationShape))
def list_recommendations(request: HttpRequest, incident_id: UUID) -> dict[str, Any]:
    """What was recommended last, by rank."""
    return {"items": list(copilot().incidents.recommendations(actor=actor_of(request), incident_id=incident_id))}


@router.post("/hypotheses/{uuid:hypothesis_id}/feedback", response=HypothesisShape)
def give_feedback(request: HttpRequest, hypothesis_id: UUID, body: Judged) -> Hypothesis:
    """Accept or reject a hypothesis, or say that you are uncertain."""
    return copilot().give_feedback(
        actor=actor_of(request), hypothesis_id=hypothesis_id, feedback=body.feedback, notes=body.notes
    )


@router.post("/recommendations/{uuid:recommendation_id}/status", response=RecommendationShape)
def decide_recommendation(request: HttpRequest, recommendation_id: UUID, body: Decided) -> Recommendation:
    """Accept or reject a recommendation, or say what came of it."""
    actor = actor_of(request)
    executed = body.status is RecommendationStatus.EXECUTED
    if executed != (body.result is not None):
        words = ", ".join(result.value for result in OutcomeResult)
        raise Refused(422, "invalid_input", f"`result` ({words}) goes with the status executed, and with no other.")
    if body.result is not None:
        return copilot().record_outcome(
            actor=actor, recommendation_id=recommendation_id, result=body.result, notes=body.notes
        )
    accept = body.status is RecommendationStatus.ACCEPTED
    return copilot().decide_recommendation(
        actor=actor, recommendation_id=recommendation_id, accept=accept, notes=body.notes
    )
