"""`/deliveries`: what vendors sent, and what is kept aside of it."""

from base64 import b64encode
from typing import Any
from uuid import UUID

import attrs
from django.http import HttpRequest
from ninja import Query, Router

from sre_copilot.application.ports.deliveries import DeliveryFilter
from sre_copilot.domain.deliveries import DeliveryStatus, Receipt, StoredDelivery
from sre_copilot.entrypoints.http.api.pages import Cursor, Limit, key_of, page, refuse_unknown
from sre_copilot.entrypoints.http.api.shapes import Asked, page_shape, shape
from sre_copilot.entrypoints.http.authentication import actor_of
from sre_copilot.entrypoints.http.running import copilot

router = Router(tags=["deliveries"])


@attrs.frozen(kw_only=True)
class WholeDelivery(StoredDelivery):
    """The same with its body: as text where it is UTF-8, else in base64."""

    body: str | None
    body_base64: str | None


class DeliveriesWanted(Asked):
    """Which deliveries; different kinds narrow one another."""

    status: DeliveryStatus | None = None
    integration: UUID | None = None
    cursor: Cursor = None
    limit: Limit = 50


@router.get("/deliveries", response=page_shape(shape(StoredDelivery)))
def list_deliveries(request: HttpRequest, wanted: Query[DeliveriesWanted]) -> dict[str, Any]:
    """Deliveries, newest first."""
    refuse_unknown(request, DeliveriesWanted)
    before = key_of(wanted.cursor)
    narrowed = DeliveryFilter(
        status=wanted.status,
        integration_id=wanted.integration,
        before=before[0] if before else None,
        before_id=before[1] if before else None,
        limit=wanted.limit + 1,
    )
    rows = copilot().integrations.deliveries(actor=actor_of(request), narrowed=narrowed)
    return page(rows, wanted.limit, lambda row: (row.received_at, row.id))


@router.get("/deliveries/{uuid:delivery_id}", response=shape(WholeDelivery))
def show_delivery(request: HttpRequest, delivery_id: UUID) -> WholeDelivery:
    """One delivery with its body."""
    row = copilot().integrations.delivery(actor=actor_of(request), delivery_id=delivery_id)
    text = _text(row.delivery.body)
    encoded = b64encode(row.delivery.body).decode() if text is None else None
    return WholeDelivery(**attrs.asdict(row.without_body, recurse=False), body=text, body_base64=encoded)


@router.post("/deliveries/{uuid:delivery_id}/replay", response=shape(Receipt))
def replay_delivery(request: HttpRequest, delivery_id: UUID) -> Receipt:
    """Parse a quarantined delivery again, after its integration or plugin was mended. It keeps its id."""
    return copilot().replay(actor=actor_of(request), delivery_id=delivery_id)


def _text(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None
