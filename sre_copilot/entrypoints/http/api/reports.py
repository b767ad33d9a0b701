"""`/reports`: figures over many incidents."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from sre_copilot.application.queries.calibration import CalibrationReport
from sre_copilot.application.queries.reports import A_MONTH, MOST_DAYS, ResponseTimesReport
from sre_copilot.domain.consultations import DayOfConsultations
from sre_copilot.domain.signals import Severity
from sre_copilot.entrypoints.http.api.pages import refuse_unknown
from sre_copilot.entrypoints.http.api.shapes import Asked, Moment, list_shape, shape
from sre_copilot.entrypoints.http.authentication import actor_of
from sre_copilot.entrypoints.http.running import copilot

router = Router(tags=["reports"])


class ResponseTimesWanted(Asked):
    """Which incidents; different kinds narrow one another."""

    since: Moment | None = Field(None, alias="from", description="The week in which this lies is the first.")
    until: Moment | None = Field(None, alias="to", description="The week in which this lies is the last.")
    service: str | None = None
    severity: Severity | None = None


@router.get("/reports/response-times", response=shape(ResponseTimesReport))
def report_response_times(request: HttpRequest, wanted: Query[ResponseTimesWanted]) -> ResponseTimesReport:
    """How long it took until a person acknowledged incidents, and until they were resolved, in whole seconds.

    By week of detection (Monday to Sunday, UTC) and over all weeks; 52 weeks to this one where no time is given.
    False alarms, duplicates and merged incidents stay out.
    """
    refuse_unknown(request, ResponseTimesWanted)
    return copilot().reports.response_times(
        actor=actor_of(request),
        since=wanted.since,
        until=wanted.until,
        service=wanted.service,
        severity=wanted.severity,
    )


class CalibrationWanted(Asked):
    """Which answers, by when they were given."""

    since: Moment | None = Field(None, alias="from", description="The month in which this lies is the first.")
    until: Moment | None = Field(None, alias="to", description="The month in which this lies is the last.")


@router.get("/reports/calibration", response=shape(CalibrationReport))
def report_calibration(request: HttpRequest, wanted: Query[CalibrationWanted]) -> CalibrationReport:
    """How far confidences could be relied on: of each incident's first answer, what was said and whether it was right.

    Over whole months (UTC), 12 to this one where no time is given. Brier score, expected calibration error and the
    reliability table are null or empty while fewer than `needed` answers have a known outcome.
    """
    refuse_unknown(request, CalibrationWanted)
    return copilot().calibration.report(actor=actor_of(request), since=wanted.since, until=wanted.until)


class ModelUsageWanted(Asked):
    """How far back."""

    days: int = Field(A_MONTH, ge=1, le=MOST_DAYS, description="Today and the days before it, in UTC.")


@router.get("/reports/language-model", response=list_shape(shape(DayOfConsultations)))
def report_model_usage(request: HttpRequest, wanted: Query[ModelUsageWanted]) -> dict[str, Any]:
    """What a language model was asked, and what that cost, by day; costs are millionths of a US dollar."""
    refuse_unknown(request, ModelUsageWanted)
    return {"items": list(copilot().reports.model_usage(actor=actor_of(request), days=wanted.days))}
