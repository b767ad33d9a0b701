"""`/incidents/{id}/postmortem`: a draft of it, and where the finished one is."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from sre_copilot.application.queries.drafts import Postmortem
from sre_copilot.domain.incidents import Incident
from sre_copilot.entrypoints.http.api.conditions import IN_WORDS, expected_version, tag
from sre_copilot.entrypoints.http.api.incidents import IncidentShape
from sre_copilot.entrypoints.http.api.shapes import Asked, shape
from sre_copilot.entrypoints.http.authentication import actor_of
from sre_copilot.entrypoints.http.running import copilot

router = Router(tags=["incidents"])


class Published(Asked):
    """Where the finished postmortem is; null forgets it."""

    url: str | None


@router.get("/incidents/{uuid:incident_id}/postmortem", response=shape(Postmortem))
def draft_postmortem(request: HttpRequest, incident_id: UUID) -> Postmortem:
    """A draft in Markdown from what is on record now."""
    return copilot().drafts.postmortem(actor=actor_of(request), incident_id=incident_id)


@router.put("/incidents/{uuid:incident_id}/postmortem", response=IncidentShape, openapi_extra=IN_WORDS)
def publish_postmortem(request: HttpRequest, response: HttpResponse, incident_id: UUID, body: Published) -> Incident:
    """Say where the finished one was published. `If-Match` is honoured."""
    incident = copilot().publish_postmortem(
        actor=actor_of(request), incident_id=incident_id, url=body.url, expected_version=expected_version(request)
    )
    tag(response, incident)
    return incident
