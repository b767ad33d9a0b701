"""`/deliveries`: what vendors sent, and what is kept aside of it."""

from base64 import b64encode
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
from django.http import HttpRequest
from ninja import Query, Router

from sre_copilot.application.ports.deliveries import DeliveryFilter
from sre_copilot.domain.deliveries import DeliveryRecord, DeliveryStatus, QuarantineReason, Receipt, Verdict
from sre_copilot.entrypoints.http.api.pages import Cursor, Limit, key_of, page, refuse_unknown
from sre_copilot.entrypoints.http.api.shapes import Asked, page_shape, shape
from sre_copilot.entrypoints.http.authentication import actor_of
from sre_copilot.entrypoints.http.running import copilot

router = Router(tags=["deliveries"])


@attrs.frozen(kw_only=True)
class StoredDelivery:
    """A delivery of the ledger: how it came, how it is known whose it is, and what became of it."""

    id: UUID
    integration_id: UUID
    received_at: datetime
    path: str
    headers: dict[str, str]
    body_bytes: int
    body_hash: str
    status: DeliveryStatus
    verdict: Verdict
    vendor_id: str | None
    quarantine_reason: QuarantineReason | None
    replayed_at: datetime | None
    receipt: Receipt


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
    found = copilot().integrations.deliveries(actor=actor_of(request), narrowed=narrowed)
    rows = [StoredDelivery(**_told(row)) for row in found]
    return page(rows, wanted.limit, lambda row: (row.received_at, row.id))


@router.get("/deliveries/{uuid:delivery_id}", response=shape(WholeDelivery))
def show_delivery(request: HttpRequest, delivery_id: UUID) -> WholeDelivery:
    """One delivery with its body."""
    row = copilot().integrations.delivery(actor=actor_of(request), delivery_id=delivery_id)
    text = _text(row.delivery.body)
    encoded = b64encode(row.delivery.body).decode() if text is None else None
    return WholeDelivery(**_told(row), body=text, body_base64=encoded)


@router.post("/deliveries/{uuid:delivery_id}/replay", response=shape(Receipt))
def replay_delivery(request: HttpRequest, delivery_id: UUID) -> Receipt:
    """Parse a quarantined delivery again, after its integration or plugin was mended. It keeps its id."""
    return copilot().replay(actor=actor_of(request), delivery_id=delivery_id)


def _told(row: DeliveryRecord) -> dict[str, Any]:
    delivery = row.delivery
    same = ("id", "integration_id", "status", "verdict", "vendor_id", "quarantine_reason", "replayed_at", "receipt")
    return {
        **{name: getattr(row, name) for name in same},
        "received_at": delivery.received_at,
        "path": delivery.path,
        "headers": dict(delivery.headers),
        "body_bytes": len(delivery.body),
        "body_hash": delivery.body_hash,
    }


def _text(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None
