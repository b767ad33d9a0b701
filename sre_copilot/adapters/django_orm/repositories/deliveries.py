"""The ledger of deliveries."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import attrs
import orjson
from django.db.models import Func, IntegerField, Q, QuerySet

from sre_copilot.adapters.django_orm import models, sets
from sre_copilot.adapters.django_orm.arrays import packed
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.documents import from_document, text_of, to_document, to_text
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.application.ports.deliveries import Claimed, DeliveryFilter
from sre_copilot.domain.deliveries import (
    Delivery,
    DeliveryRecord,
    DeliveryStatus,
    QuarantineReason,
    Receipt,
    StoredDelivery,
    Verdict,
)
from sre_copilot.domain.errors import NotFound

OURS = "SELECT pg_advisory_xact_lock(hashtextextended(name, 1)) FROM unnest(%(names)b::text[]) name"
KNOWN = """
SELECT d.integration_id, d.vendor_id, d.id, d.body_hash, d.status, d.receipt::text FROM deliveries d
JOIN unnest(%(integrations)b::uuid[], %(vendor_ids)b::text[]) AS n (integration_id, vendor_id)
ON d.integration_id = n.integration_id AND d.vendor_id = n.vendor_id WHERE d.tenant_id = %(tenant)b
"""


@attrs.frozen
class DjangoDeliveries:
    """The tenant's deliveries."""

    tenant_id: UUID

    def claim(self, keys: Collection[tuple[UUID, str]]) -> Mapping[tuple[UUID, str], Claimed]:
        """Return the deliveries known under vendors' ids; the ids are ours until the unit ends."""
        if not keys:
            return {}
        wanted = sorted(set(keys))
        names = [f"{self.tenant_id} {integration_id} {vendor_id}" for integration_id, vendor_id in wanted]
        with translated():
            asked = {
                "tenant": self.tenant_id,
                "names": packed("text", names),
                "integrations": packed("uuid", [integration_id for integration_id, _ in wanted]),
                "vendor_ids": packed("text", [vendor_id for _, vendor_id in wanted]),
            }
            sets.ask(OURS, asked)
            # A statement of its own, because it has to see what those stored whom we waited for.
            rows = sets.ask(KNOWN, asked)
        return {
            (integration_id, vendor_id): Claimed(
                delivery_id=delivery_id,
                body_hash=body_hash,
                status=DeliveryStatus(status),
                receipt=from_document(orjson.loads(receipt), Receipt),
            )
            for integration_id, vendor_id, delivery_id, body_hash, status, receipt in rows
        }

    def add(self, records: Sequence[DeliveryRecord]) -> None:
        """Store deliveries, in one statement."""
        deliveries = [record.delivery for record in records]
        columns: dict[str, list[Any]] = {
            "id": [record.id for record in records],
            "tenant_id": [self.tenant_id] * len(records),
            "integration_id": [record.integration_id for record in records],
            "vendor_id": [record.vendor_id for record in records],
            "path": [delivery.path for delivery in deliveries],
            "headers": [text_of(dict(delivery.headers)) for delivery in deliveries],
            "body": [delivery.body for delivery in deliveries],
            "body_hash": [delivery.body_hash for delivery in deliveries],
            "received_at": [delivery.received_at for delivery in deliveries],
            "status": [record.status.value for record in records],
            "quarantine_reason": [record.quarantine_reason and record.quarantine_reason.value for record in records],
            "receipt": [to_text(record.receipt) for record in records],
            "assigned_key": [delivery.assigned_key for delivery in deliveries],
            "verdict": [record.verdict.value for record in records],
            "replayed_at": [record.replayed_at for record in records],
        }
        with translated():
            sets.insert(models.Delivery, columns)

    def get(self, delivery_id: UUID, *, lock: bool = False) -> DeliveryRecord:
        """One delivery. Raises NotFound."""
        rows = self._rows().select_for_update() if lock else self._rows()
        with translated():
            row = rows.filter(id=delivery_id).first()
        if row is None:
            raise NotFound(delivery=delivery_id)
        return _record(row)

    def replayed(self, record: DeliveryRecord) -> None:
        """Store what became of a delivery that was parsed again."""
        with translated():
            self._rows().filter(id=record.id).update(
                status=record.status.value,
                quarantine_reason=record.quarantine_reason.value if record.quarantine_reason else None,
                vendor_id=record.vendor_id,
                receipt=to_document(record.receipt),
                assigned_key=record.delivery.assigned_key,
                replayed_at=record.replayed_at,
            )

    def acted(self, delivery_id: UUID, receipt: Receipt) -> None:
        """Store the receipt of a delivery after its command was acted on."""
        with translated():
            self._rows().filter(id=delivery_id).update(receipt=to_document(receipt))

    def list(self, narrowed: DeliveryFilter) -> Sequence[StoredDelivery]:
        """Deliveries without their bodies, by receive time and id, newest first."""
        size = Func("body", function="octet_length", output_field=IntegerField())
        rows = self._rows().order_by("-received_at", "-id").defer("body").annotate(body_bytes=size)
        if narrowed.status is not None:
            rows = rows.filter(status=narrowed.status.value)
        if narrowed.integration_id is not None:
            rows = rows.filter(integration_id=narrowed.integration_id)
        if narrowed.before is not None:
            earlier = Q(received_at__lt=narrowed.before)
            if narrowed.before_id is not None:
                earlier |= Q(received_at=narrowed.before, id__lt=narrowed.before_id)
            rows = rows.filter(earlier, received_at__lte=narrowed.before)
        return [_stored(row, row.body_bytes) for row in rows[: narrowed.limit]]

    def _rows(self) -> QuerySet[models.Delivery]:
        return models.Delivery.objects.using(ALIAS).filter(tenant_id=self.tenant_id)


def _stored(row: models.Delivery, body_bytes: int) -> StoredDelivery:
    return StoredDelivery(
        id=row.id,
        integration_id=row.integration_id,
        received_at=row.received_at,
        path=row.path,
        headers=row.headers,
        body_bytes=body_bytes,
        body_hash=row.body_hash,
        status=DeliveryStatus(row.status),
        verdict=Verdict(row.verdict),
        vendor_id=row.vendor_id,
        quarantine_reason=QuarantineReason(row.quarantine_reason) if row.quarantine_reason else None,
        replayed_at=row.replayed_at,
        receipt=from_document(row.receipt, Receipt),
    )


def _record(row: models.Delivery) -> DeliveryRecord:
    return DeliveryRecord(
        id=row.id,
        tenant_id=row.tenant_id,
        integration_id=row.integration_id,
        delivery=Delivery(
            body=bytes(row.body),
            received_at=row.received_at,
            headers=row.headers,
            path=row.path,
            assigned_key=row.assigned_key,
        ),
        status=DeliveryStatus(row.status),
        verdict=Verdict(row.verdict),
        vendor_id=row.vendor_id,
        quarantine_reason=QuarantineReason(row.quarantine_reason) if row.quarantine_reason else None,
        receipt=from_document(row.receipt, Receipt),
        replayed_at=row.replayed_at,
    )
