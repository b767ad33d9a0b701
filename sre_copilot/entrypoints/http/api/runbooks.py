"""`/runbooks`: written procedures, their versions, and finding them by words."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from sre_copilot.application.ports.runbooks import RunbookFilter
from sre_copilot.domain.actions import ActionType, RiskLevel
from sre_copilot.domain.runbook_texts import (
    LONGEST_ACTION,
    LONGEST_CONTENT,
    LONGEST_DESCRIPTION,
    LONGEST_MINUTES,
    LONGEST_SLUG,
    MOST_NAMES,
)
from sre_copilot.domain.runbooks import Runbook, RunbookAction, RunbookEdit, RunbookVersion
from sre_copilot.entrypoints.http.api.conditions import IN_WORDS, expected_version, tag
from sre_copilot.entrypoints.http.api.pages import Cursor, Limit, key_of, page, refuse_unknown
from sre_copilot.entrypoints.http.api.shapes import Asked, Shape, list_shape, page_shape, shape
from sre_copilot.entrypoints.http.authentication import actor_of
from sre_copilot.entrypoints.http.problems import Refused
from sre_copilot.entrypoints.http.running import copilot

router = Router(tags=["runbooks"])
TEXT = frozenset({"content"})
RunbookShape = shape(Runbook, success_rate=float | None)
ListedShape = shape(Runbook, "ListedRunbook", TEXT, success_rate=float | None)
VersionNumber = Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]


class FoundShape(Shape):
    """A runbook that words lead to, without its text."""

    runbook: ListedShape  # type: ignore[valid-type]  # made at run time
    relevance: float = Field(description="From 0 to 1.")


class RunbooksWanted(Asked):
    """Which runbooks."""

    deleted: bool = Field(False, description="Those that were deleted, instead of those that are there.")
    service: str | None = Field(None, description="Those that name this service, and those for any.")
    tag: str | None = None
    cursor: Cursor = None
    limit: Limit = 50


class WordsWanted(Asked):
    """Words, such as the title of an alert."""

    text: str = Field(max_length=10_000)
    limit: Limit = 10


class ActionTold(Asked):
    """One thing that the runbook tells to do."""

    action_type: ActionType
    description: str = Field(max_length=LONGEST_ACTION)


class Written(Asked):
    """What a runbook says; what is left out or null stays. Lists are replaced as a whole."""

    title: str | None = None
    description: str | None = Field(None, max_length=LONGEST_DESCRIPTION)
    content: str | None = Field(None, max_length=LONGEST_CONTENT, description="Markdown.")
    content_url: str | None = Field(None, description="Where it is kept outside; an empty text for nowhere.")
    service_names: list[str] | None = Field(None, max_length=MOST_NAMES, description="Without any it is for all.")
    tags: list[str] | None = Field(None, max_length=MOST_NAMES)
    risk_level: RiskLevel | None = None
    estimated_duration_minutes: int | None = Field(
        None, ge=0, le=LONGEST_MINUTES, strict=True, description="0 for unknown."
    )
    actions: list[ActionTold] | None = Field(None, max_length=MOST_NAMES, description="In the order to try them.")
    owner_id: UUID | None = None

    def as_edit(self) -> RunbookEdit:
        """The edit."""
        actions = None
        if self.actions is not None:
            actions = tuple(RunbookAction(**action.model_dump()) for action in self.actions)
        return RunbookEdit(
            title=self.title,
            description=self.description,
            content=self.content,
            content_url=self.content_url,
            service_names=None if self.service_names is None else tuple(self.service_names),
            tags=None if self.tags is None else tuple(self.tags),
            risk_level=self.risk_level,
            estimated_duration_minutes=self.estimated_duration_minutes,
            actions=actions,
            owner_id=self.owner_id,
        )


class RunbookWanted(Written):
    """A new runbook. Without a slug its title gives one; whoever writes it owns it unless an owner is named."""

    title: str
    slug: str = Field("", max_length=LONGEST_SLUG)


class VersionWanted(Asked):
    """Which version to go back to."""

    version: VersionNumber


@router.get("/runbooks", response=page_shape(ListedShape))
def list_runbooks(request: HttpRequest, wanted: Query[RunbooksWanted]) -> dict[str, Any]:
    """Runbooks without their texts, newest first."""
    refuse_unknown(request, RunbooksWanted)
    narrowed = RunbookFilter(
        deleted=wanted.deleted,
        service=wanted.service,
        tag=wanted.tag,
        before=key_of(wanted.cursor),
        limit=wanted.limit + 1,
    )
    rows = copilot().runbooks.list(actor=actor_of(request), narrowed=narrowed)
    return page(rows, wanted.limit, lambda row: (row.created_at, row.id))


@router.post("/runbooks", response={201: RunbookShape})
def create_runbook(request: HttpRequest, response: HttpResponse, body: RunbookWanted) -> Runbook:
    """Write a runbook, which is recommended from then on wherever its words fit."""
    runbook = copilot().create_runbook(actor=actor_of(request), edit=body.as_edit(), slug=body.slug)
    response["Location"] = f"{request.path}/{runbook.id}"
    tag(response, runbook)
    return runbook


@router.get("/runbooks/search", response=list_shape(FoundShape))
def search_runbooks(request: HttpRequest, wanted: Query[WordsWanted]) -> dict[str, Any]:
    """Runbooks that any of the words leads to, best first, as recommendations look for them."""
    refuse_unknown(request, WordsWanted)
    found = copilot().runbooks.search(actor=actor_of(request), text=wanted.text, limit=wanted.limit)
    return {"items": list(found)}


@router.get("/runbooks/{uuid:runbook_id}", response=RunbookShape)
def show_runbook(request: HttpRequest, response: HttpResponse, runbook_id: UUID) -> Runbook:
    """One runbook, also a deleted one; `ETag` names its version."""
    runbook = copilot().runbooks.get(actor=actor_of(request), runbook_id=runbook_id)
    tag(response, runbook)
    return runbook


@router.patch("/runbooks/{uuid:runbook_id}", response=RunbookShape, openapi_extra=IN_WORDS)
def edit_runbook(request: HttpRequest, response: HttpResponse, runbook_id: UUID, body: Written) -> Runbook:
    """Change what it says; what it said before stays readable as a version. `If-Match` is honoured."""
    if not body.model_dump(exclude_none=True):
        raise Refused(
            422, "invalid_input", f"Nothing to change was given; name one of {', '.join(Written.model_fields)}."
        )
    runbook = copilot().edit_runbook(
        actor=actor_of(request), runbook_id=runbook_id, edit=body.as_edit(), expected_version=expected_version(request)
    )
    tag(response, runbook)
    return runbook


@router.delete("/runbooks/{uuid:runbook_id}", response=RunbookShape, openapi_extra=IN_WORDS)
def delete_runbook(request: HttpRequest, response: HttpResponse, runbook_id: UUID) -> Runbook:
    """Have it found and recommended no more. It can be restored. `If-Match` is honoured."""
    runbook = copilot().delete_runbook(
        actor=actor_of(request), runbook_id=runbook_id, expected_version=expected_version(request)
    )
    tag(response, runbook)
    return runbook


@router.post("/runbooks/{uuid:runbook_id}/restore", response=RunbookShape)
def restore_runbook(request: HttpRequest, response: HttpResponse, runbook_id: UUID) -> Runbook:
    """Have a deleted one found and recommended again."""
    runbook = copilot().restore_runbook(actor=actor_of(request), runbook_id=runbook_id)
    tag(response, runbook)
    return runbook


@router.get("/runbooks/{uuid:runbook_id}/versions", response=list_shape(shape(RunbookVersion, "ListedVersion", TEXT)))
def list_runbook_versions(request: HttpRequest, runbook_id: UUID) -> dict[str, Any]:
    """Everything that it ever said, without the texts, newest first."""
    return {"items": list(copilot().runbooks.versions(actor=actor_of(request), runbook_id=runbook_id))}


@router.get("/runbooks/{uuid:runbook_id}/versions/{int:version}", response=shape(RunbookVersion))
def show_runbook_version(request: HttpRequest, runbook_id: UUID, version: int) -> RunbookVersion:
    """What it said then."""
    return copilot().runbooks.version(actor=actor_of(request), runbook_id=runbook_id, version=version)


@router.post("/runbooks/{uuid:runbook_id}/revert", response=RunbookShape, openapi_extra=IN_WORDS)
def revert_runbook(request: HttpRequest, response: HttpResponse, runbook_id: UUID, body: VersionWanted) -> Runbook:
    """Write again what a version said, as a new version. `If-Match` is honoured."""
    runbook = copilot().revert_runbook(
        actor=actor_of(request),
        runbook_id=runbook_id,
        version=body.version,
        expected_version=expected_version(request),
    )
    tag(response, runbook)
    return runbook
