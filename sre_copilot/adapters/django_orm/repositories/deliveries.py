"""The ledger of deliveries."""

from collections.abc import Sequence
from uuid import UUID

import attrs
from django.db import connections
from django.db.models import Func, IntegerField, Q, QuerySet

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.documents import from_document, to_document
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.application.ports.deliveries import DeliveryFilter
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


@attrs.frozen
class DjangoDeliveries:
    """The tenant's deliveries."""

    tenant_id: UUID

    def claim(self, integration_id: UUID, vendor_id: str) -> DeliveryRecord | None:
        """Return the delivery known under a vendor id, or None; the id is ours until the unit ends."""
        with translated():
            with connections[ALIAS].cursor() as cursor:
                cursor.execute(
                    "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))",
                    [f"{self.tenant_id} {integration_id} {vendor_id}"],
                )
            row = self._rows().filter(integration_id=integration_id, vendor_id=vendor_id).first()
        return _record(row) if row is not None else None

    def add(self, record: DeliveryRecord) -> None:
        """Store a delivery."""
        delivery = record.delivery
        with translated():
            self._rows().create(
                id=record.id,
                tenant_id=self.tenant_id,
                integration_id=record.integration_id,
                vendor_id=record.vendor_id,
                path=delivery.path,
                headers=dict(delivery.headers),
                body=delivery.body,
                body_hash=delivery.body_hash,
                received_at=delivery.received_at,
                status=record.status.value,
                quarantine_reason=record.quarantine_reason.value if record.quarantine_reason else None,
                receipt=to_document(record.receipt),
                assigned_key=delivery.assigned_key,
                verdict=record.verdict.value,
                replayed_at=record.replayed_at,
            )

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
