"""`/signals`: what arrived, and why it ended up where it is."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from sre_copilot.application.ports.series import SignalFilter
from sre_copilot.application.queries.signals import Explanation
from sre_copilot.domain.signals import Environment, Severity, Signal, SignalType
from sre_copilot.entrypoints.http.api.pages import Cursor, Limit, key_of, page, refuse_unknown
from sre_copilot.entrypoints.http.api.shapes import Asked, Moment, page_shape, shape
from sre_copilot.entrypoints.http.authentication import actor_of
from sre_copilot.entrypoints.http.running import copilot

router = Router(tags=["signals"])


class SignalsWanted(Asked):
    """Which signals. Several of one kind are alternatives; different kinds narrow one another."""

    type: list[SignalType] = []
    severity: list[Severity] = []
    service: str | None = None
    environment: Environment | None = None
    integration: UUID | None = None
    waiting: bool | None = Field(None, description="Whether the plan's limit keeps them waiting for an incident.")
    since: Moment | None = Field(None, alias="from", description="Of then or later.")
    until: Moment | None = Field(None, alias="to", description="Of before.")
    cursor: Cursor = None
    limit: Limit = 50

    def as_filter(self, incident_id: UUID | None = None) -> SignalFilter:
        """The filter, for one item more than a page has."""
        return SignalFilter(
            types=frozenset(self.type),
            severities=frozenset(self.severity),
            service=self.service,
            environment=self.environment,
            integration_id=self.integration,
            incident_id=incident_id,
            waiting=self.waiting,
            since=self.since,
            until=self.until,
            before=key_of(self.cursor),
            limit=self.limit + 1,
        )


@router.get("/signals", response=page_shape(shape(Signal)))
def list_signals(request: HttpRequest, wanted: Query[SignalsWanted]) -> dict[str, Any]:
    """Signals by their time, newest first."""
    refuse_unknown(request, SignalsWanted)
    rows = copilot().signals.list(actor=actor_of(request), narrowed=wanted.as_filter())
    return page(rows, wanted.limit, lambda row: (row.timestamp, row.id))


@router.get("/incidents/{uuid:incident_id}/signals", response=page_shape(shape(Signal)))
def list_signals_of_incident(request: HttpRequest, incident_id: UUID, wanted: Query[SignalsWanted]) -> dict[str, Any]:
    """The signals of an incident, newest first."""
    refuse_unknown(request, SignalsWanted)
    rows = copilot().signals.list(actor=actor_of(request), narrowed=wanted.as_filter(incident_id))
    return page(rows, wanted.limit, lambda row: (row.timestamp, row.id))


@router.get("/signals/{uuid:signal_id}/decision", response=shape(Explanation))
def show_decision(request: HttpRequest, signal_id: UUID) -> Explanation:
    """A signal, and the correlation decision of its episode with every candidate, score and factor."""
    return copilot().signals.explain(actor=actor_of(request), signal_id=signal_id)
