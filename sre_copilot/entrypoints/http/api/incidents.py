"""`/incidents`: lists, one incident, what people do to it."""

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field, StrictBool

from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.edits import Edit, Impact
from sre_copilot.domain.incidents import Incident, Resolution
from sre_copilot.domain.lifecycle import Action, State
from sre_copilot.domain.signals import Environment, Severity
from sre_copilot.domain.timeline import Note, TimelineEntry, Transition
from sre_copilot.entrypoints.http.api.conditions import IN_WORDS, expected_version, tag
from sre_copilot.entrypoints.http.api.pages import Cursor, Limit, key_of, page, page_from, refuse_unknown
from sre_copilot.entrypoints.http.api.shapes import Asked, Moment, list_shape, page_shape, shape
from sre_copilot.entrypoints.http.authentication import actor_of
from sre_copilot.entrypoints.http.problems import Refused
from sre_copilot.entrypoints.http.running import copilot

router = Router(tags=["incidents"])
IncidentShape = shape(
    Incident,
    mtta_seconds=float | None,
    mttr_seconds=float | None,
    merged_into=UUID | None,
    split_from=UUID | None,
)
Person = Annotated[UUID | Literal["me"], Field(description="The id of a user, or `me`.")]


class IncidentsWanted(Asked):
    """Which incidents. Several of one kind are alternatives; different kinds narrow one another."""

    state: list[State] = []
    severity: list[Severity] = []
    service: str | None = None
    environment: Environment | None = None
    assignee: Person | None = None
    text: str | None = Field(None, description="Part of the title or the description, in any case.")
    since: Moment | None = Field(None, alias="from", description="Detected then or later.")
    until: Moment | None = Field(None, alias="to", description="Detected before.")
    cursor: Cursor = None
    limit: Limit = 50


class Declared(Asked):
    """An incident that no signal opened."""

    title: str
    service: str
    severity: Severity = Severity.MEDIUM
    environment: Environment = Environment.PRODUCTION
    description: str = ""


class ImpactTold(Asked):
    """Whom it hurts; what is left out is no longer said."""

    description: str = ""
    affected_user_count: int | None = Field(None, ge=0, le=2**31 - 1, strict=True)
    slo_breached: StrictBool = False


class Edited(Asked):
    """What to change; what is left out or null stays. `impact` and `tags` are replaced as a whole."""

    title: str | None = None
    description: str | None = None
    severity: Severity | None = None
    impact: ImpactTold | None = None
    tags: list[str] | None = None


class Step(Asked):
    """A verb of the lifecycle. `resolution` counts for resolve, the last two for resolve, conclude and learn."""

    action: Action
    reason: str = ""
    resolution: Resolution = Resolution.FIXED
    root_cause: str = ""
    resolution_summary: str = ""


class Assigned(Asked):
    """Whom to assign it to; null for nobody."""

    assignee: Person | None


class Noted(Asked):
    """A remark for the timeline."""

    text: str


@router.get("/incidents", response=page_shape(IncidentShape))
def list_incidents(request: HttpRequest, wanted: Query[IncidentsWanted]) -> dict[str, Any]:
    """Incidents by detection, newest first."""
    refuse_unknown(request, IncidentsWanted)
    actor = actor_of(request)
    narrowed = IncidentFilter(
        states=frozenset(wanted.state),
        severities=frozenset(wanted.severity),
        service=wanted.service,
        environment=wanted.environment,
        assigned_to=person_of(wanted.assignee, actor),
        text=wanted.text,
        since=wanted.since,
        until=wanted.until,
        before=key_of(wanted.cursor),
        limit=wanted.limit + 1,
    )
    rows = copilot().incidents.list(actor=actor, narrowed=narrowed)
    return page(rows, wanted.limit, lambda row: (row.detected_at, row.id))


@router.post("/incidents", response={201: IncidentShape})
def declare_incident(request: HttpRequest, response: HttpResponse, body: Declared) -> Incident:
    """Declare an incident that no signal opened."""
    incident = copilot().declare(
        actor=actor_of(request),
        title=body.title,
        service=body.service,
        severity=body.severity,
        environment=body.environment,
        description=body.description,
    )
    response["Location"] = f"{request.path}/{incident.id}"
    tag(response, incident)
    return incident


@router.get("/incidents/{uuid:incident_id}", response=IncidentShape)
def show_incident(request: HttpRequest, response: HttpResponse, incident_id: UUID) -> Incident:
    """One incident; `ETag` names its version."""
    incident = copilot().incidents.get(actor=actor_of(request), incident_id=incident_id)
    tag(response, incident)
    return incident


@router.patch("/incidents/{uuid:incident_id}", response=IncidentShape, openapi_extra=IN_WORDS)
def edit_incident(request: HttpRequest, response: HttpResponse, incident_id: UUID, body: Edited) -> Incident:
    """Change title, description, severity, impact or tags. `If-Match` is honoured."""
    if not body.model_dump(exclude_none=True):
        raise Refused(
            422, "invalid_input", f"Nothing to change was given; name one of {', '.join(Edited.model_fields)}."
        )
    edit = Edit(
        title=body.title,
        description=body.description,
        severity=body.severity,
        impact=Impact(**body.impact.model_dump()) if body.impact else None,
        tags=None if body.tags is None else tuple(body.tags),
    )
    incident = copilot().edit(
        actor=actor_of(request), incident_id=incident_id, edit=edit, expected_version=expected_version(request)
    )
    tag(response, incident)
    return incident


@router.get("/incidents/{uuid:incident_id}/transitions", response=list_shape(shape(Transition)))
def list_transitions(request: HttpRequest, incident_id: UUID) -> dict[str, Any]:
    """The log of its states."""
    return {"items": list(copilot().incidents.transitions(actor=actor_of(request), incident_id=incident_id))}


@router.post("/incidents/{uuid:incident_id}/transitions", response=IncidentShape, openapi_extra=IN_WORDS)
def take_step(request: HttpRequest, response: HttpResponse, incident_id: UUID, body: Step) -> Incident:
    """Acknowledge, investigate, mitigate, resolve, conclude, learn or reopen it.

    Where its state does not allow that (any more) the answer is 409 and names the state; `If-Match` is honoured.
    """
    incident = copilot().transition(
        actor=actor_of(request),
        incident_id=incident_id,
        action=body.action,
        reason=body.reason,
        expected_version=expected_version(request),
        resolution=body.resolution,
        root_cause=body.root_cause,
        resolution_summary=body.resolution_summary,
    )
    tag(response, incident)
    return incident


@router.post("/incidents/{uuid:incident_id}/assign", response=IncidentShape, openapi_extra=IN_WORDS)
def assign_incident(request: HttpRequest, response: HttpResponse, incident_id: UUID, body: Assigned) -> Incident:
    """Assign it to somebody, or to nobody. `If-Match` is honoured."""
    actor = actor_of(request)
    incident = copilot().assign(
        actor=actor,
        incident_id=incident_id,
        user_id=person_of(body.assignee, actor),
        expected_version=expected_version(request),
    )
    tag(response, incident)
    return incident


@router.post("/incidents/{uuid:incident_id}/notes", response={201: shape(Note)})
def note_on_incident(request: HttpRequest, incident_id: UUID, body: Noted) -> Note:
    """Write a remark on its timeline."""
    return copilot().note(actor=actor_of(request), incident_id=incident_id, text=body.text)


@router.get("/incidents/{uuid:incident_id}/timeline", response=page_shape(shape(TimelineEntry)))
def show_timeline(request: HttpRequest, incident_id: UUID, cursor: Cursor = None, limit: Limit = 200) -> dict[str, Any]:
    """Signals, changes, transitions and notes, the earliest first."""
    view = copilot().incidents.show(actor=actor_of(request), incident_id=incident_id)
    return page_from(view.timeline, key_of(cursor), limit, lambda entry: entry.at)


def person_of(person: UUID | Literal["me"] | None, actor: Actor) -> UUID | None:
    """Return whose id is meant. Raises Refused for a `me` that is no person."""
    if person != "me":
        return person
    if actor.user_id is None:
        raise Refused(
            422, "invalid_input", "This token speaks for no person, so that there is no `me`; give a user's id."
        )
    return actor.user_id
