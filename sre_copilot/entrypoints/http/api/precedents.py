"""`/precedents`: what was learned from past incidents, turned off and on again; `/incidents/{id}/runbook-draft`."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from sre_copilot.application.queries.drafts import RunbookDraft
from sre_copilot.domain.precedents import Precedent
from sre_copilot.entrypoints.http.api.pages import Cursor, Limit, key_of, page, refuse_unknown
from sre_copilot.entrypoints.http.api.shapes import Asked, page_shape, shape
from sre_copilot.entrypoints.http.authentication import actor_of
from sre_copilot.entrypoints.http.running import copilot

router = Router(tags=["precedents"])
PrecedentShape = shape(Precedent)


class PrecedentsWanted(Asked):
    """Which precedents."""

    forgotten: bool | None = Field(None, description="Only those that are not used, or only those that are.")
    cursor: Cursor = None
    limit: Limit = 50


@router.get("/precedents", response=page_shape(PrecedentShape))
def list_precedents(request: HttpRequest, wanted: Query[PrecedentsWanted]) -> dict[str, Any]:
    """What was learned from past incidents, newest first."""
    refuse_unknown(request, PrecedentsWanted)
    rows = copilot().precedents.list(
        actor=actor_of(request), forgotten=wanted.forgotten, before=key_of(wanted.cursor), limit=wanted.limit + 1
    )
    return page(rows, wanted.limit, lambda row: (row.learned_at, row.id))


@router.get("/precedents/{uuid:precedent_id}", response=PrecedentShape)
def show_precedent(request: HttpRequest, precedent_id: UUID) -> Precedent:
    """One precedent."""
    return copilot().precedents.get(actor=actor_of(request), precedent_id=precedent_id)


@router.post("/precedents/{uuid:precedent_id}/forget", response=PrecedentShape)
def forget_precedent(request: HttpRequest, precedent_id: UUID) -> Precedent:
    """Stop using it: from the next diagnosis on it speaks neither for nor against anything."""
    return copilot().forget_precedent(actor=actor_of(request), precedent_id=precedent_id)


@router.post("/precedents/{uuid:precedent_id}/restore", response=PrecedentShape)
def restore_precedent(request: HttpRequest, precedent_id: UUID) -> Precedent:
    """Use it again, from the next diagnosis on."""
    return copilot().restore_precedent(actor=actor_of(request), precedent_id=precedent_id)


@router.get("/incidents/{uuid:incident_id}/runbook-draft", response=shape(RunbookDraft))
def draft_runbook(request: HttpRequest, incident_id: UUID) -> RunbookDraft:
    """A runbook in Markdown, drafted from what the incident taught. Nothing is stored; save it where you keep runbooks."""
    return copilot().drafts.runbook(actor=actor_of(request), incident_id=incident_id)
