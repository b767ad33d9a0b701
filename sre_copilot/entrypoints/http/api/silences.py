"""`/silences`: what opens and joins no incident for a time."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from sre_copilot.application.queries.silences import SilencePreview
from sre_copilot.domain.silences import Matcher, Operator, ShownSilence, SilenceState
from sre_copilot.entrypoints.http.api.pages import Cursor, Limit, key_of, page, refuse_unknown
from sre_copilot.entrypoints.http.api.shapes import Asked, Moment, page_shape, shape
from sre_copilot.entrypoints.http.authentication import actor_of
from sre_copilot.entrypoints.http.running import copilot

router = Router(tags=["silences"])
SilenceShape = shape(ShownSilence)


class SilencesWanted(Asked):
    """Which silences."""

    state: SilenceState | None = Field(None, description="Where they stand now.")
    cursor: Cursor = None
    limit: Limit = 50


class MatcherTold(Asked):
    """One condition on a label, or on `service`, `environment`, `severity`, `alertname` or `integration`; absent equals empty."""

    name: str
    operator: Operator = Operator.EQUAL
    value: str = Field(description="A text, or for =~ and !~ a regular expression that has to fit as a whole.")

    def as_matcher(self) -> Matcher:
        """The matcher."""
        return Matcher(self.name, self.operator, self.value)


class Matched(Asked):
    """Conditions, all of which have to hold."""

    matchers: list[MatcherTold]


class SilenceWanted(Matched):
    """A new silence. Without a start, or with one that has passed, it starts now."""

    ends_at: Moment
    starts_at: Moment | None = None
    comment: str = Field(description="Why.")


@router.get("/silences", response=page_shape(SilenceShape))
def list_silences(request: HttpRequest, wanted: Query[SilencesWanted]) -> dict[str, Any]:
    """Silences by creation, newest first."""
    refuse_unknown(request, SilencesWanted)
    rows = copilot().silences.list(
        actor=actor_of(request), state=wanted.state, before=key_of(wanted.cursor), limit=wanted.limit + 1
    )
    return page(rows, wanted.limit, lambda row: (row.created_at, row.id))


@router.post("/silences", response={201: SilenceShape})
def create_silence(request: HttpRequest, response: HttpResponse, body: SilenceWanted) -> ShownSilence:
    """Keep signals that fit from opening or joining incidents for a time. They are recorded like any others."""
    silence = copilot().create_silence(
        actor=actor_of(request),
        matchers=[matcher.as_matcher() for matcher in body.matchers],
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        comment=body.comment,
    )
    response["Location"] = f"{request.path}/{silence.id}"
    return silence


@router.post("/silences/preview", response=shape(SilencePreview))
def preview_silence(request: HttpRequest, body: Matched) -> SilencePreview:
    """Which open episodes, and how many signals of the last 24 h, a silence with these matchers would fit."""
    return copilot().silences.preview(
        actor=actor_of(request), matchers=[matcher.as_matcher() for matcher in body.matchers]
    )


@router.get("/silences/{uuid:silence_id}", response=SilenceShape)
def show_silence(request: HttpRequest, silence_id: UUID) -> ShownSilence:
    """One silence."""
    return copilot().silences.get(actor=actor_of(request), silence_id=silence_id)


@router.post("/silences/{uuid:silence_id}/end", response=SilenceShape)
def end_silence(request: HttpRequest, silence_id: UUID) -> ShownSilence:
    """End it now, or call it off. What it held and still goes on is correlated within seconds."""
    return copilot().end_silence(actor=actor_of(request), silence_id=silence_id)
