"""`/incidents/.../merge`, `split` and `move-signal`: what people do with what correlation decided."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status
from pydantic import Field

from sre_copilot.application.use_cases.split_incident import MOST_SIGNALS
from sre_copilot.domain.incidents import Incident
from sre_copilot.entrypoints.http.api.conditions import IN_WORDS, expected_version, tag
from sre_copilot.entrypoints.http.api.incidents import IncidentShape
from sre_copilot.entrypoints.http.api.shapes import Asked
from sre_copilot.entrypoints.http.authentication import actor_of
from sre_copilot.entrypoints.http.running import copilot

router = Router(tags=["incidents"])


class Merged(Asked):
    """Which incident to merge this one with, and why."""

    other: UUID
    reason: str = ""


class SplitOff(Asked):
    """Which signals to take out; `into` is an incident that is open, null for a new one, which may get a `title`."""

    signals: list[UUID] = Field(min_length=1, max_length=MOST_SIGNALS)
    into: UUID | None = None
    title: str | None = None
    reason: str = ""


class Moved(Asked):
    """Which signal to move; `into` is an incident that is open, null for a new one."""

    signal: UUID
    into: UUID | None = None
    reason: str = ""


@router.post("/incidents/{uuid:incident_id}/merge", response=IncidentShape, openapi_extra=IN_WORDS)
def merge_incidents(request: HttpRequest, response: HttpResponse, incident_id: UUID, body: Merged) -> Incident:
    """Put all of the younger of two open incidents into the older one, and answer with that.

    The younger one is resolved, and `merged_into` says where it went. `If-Match` is of the incident in the path.
    """
    into = copilot().merge(
        actor=actor_of(request),
        incident_id=incident_id,
        other_id=body.other,
        reason=body.reason,
        expected_version=expected_version(request),
    )
    tag(response, into)
    return into


@router.post(
    "/incidents/{uuid:incident_id}/split", response={200: IncidentShape, 201: IncidentShape}, openapi_extra=IN_WORDS
)
def split_incident(request: HttpRequest, response: HttpResponse, incident_id: UUID, body: SplitOff) -> Status[Incident]:
    """Take signals, each with all of its episode, out of an incident, and answer with the one that they are in then.

    `If-Match` is of the incident in the path.
    """
    after = copilot().split(
        actor=actor_of(request),
        incident_id=incident_id,
        signal_ids=body.signals,
        into_id=body.into,
        title=body.title,
        reason=body.reason,
        expected_version=expected_version(request),
    )
    return _answer(request, response, incident_id, after, is_new=body.into is None)


@router.post(
    "/incidents/{uuid:incident_id}/move-signal",
    response={200: IncidentShape, 201: IncidentShape},
    openapi_extra=IN_WORDS,
)
def move_signal(request: HttpRequest, response: HttpResponse, incident_id: UUID, body: Moved) -> Status[Incident]:
    """Move a signal of this incident, with all of its episode, and answer with the incident that it is in then.

    Where it is elsewhere already, because somebody was faster, the answer is 409. `If-Match` is of the incident in the path.
    """
    after = copilot().move_signal(
        actor=actor_of(request),
        signal_id=body.signal,
        from_id=incident_id,
        into_id=body.into,
        reason=body.reason,
        expected_version=expected_version(request),
    )
    return _answer(request, response, incident_id, after, is_new=body.into is None)


def _answer(
    request: HttpRequest, response: HttpResponse, incident_id: UUID, after: Incident, *, is_new: bool
) -> Status[Incident]:
    tag(response, after)
    if is_new:
        response["Location"] = f"{request.path.partition(str(incident_id))[0]}{after.id}"
    return Status(201 if is_new else 200, after)
