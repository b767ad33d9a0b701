"""The ledger of deliveries."""

from collections.abc import Sequence
from uuid import UUID

import attrs
from django.db import connections
from django.db.models import QuerySet

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.documents import from_document, to_document
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.domain.deliveries import (
    KEPT_HEADERS,
    Delivery,
    DeliveryRecord,
    DeliveryStatus,
    QuarantineReason,
    Receipt,
)


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
                headers={name: text for name, text in delivery.headers.items() if name.lower() in KEPT_HEADERS},
                body=delivery.body,
                body_hash=delivery.body_hash,
                received_at=delivery.received_at,
                status=record.status.value,
                quarantine_reason=record.quarantine_reason.value if record.quarantine_reason else None,
                receipt=to_document(record.receipt),
                assigned_key=delivery.assigned_key,
            )

    def recent(self, limit: int) -> Sequence[DeliveryRecord]:
        """The latest deliveries, newest first."""
        rows = self._rows().order_by("-received_at", "-id")
        return [_record(row) for row in rows[:limit]]

    def _rows(self) -> QuerySet[models.Delivery]:
        return models.Delivery.objects.using(ALIAS).filter(tenant_id=self.tenant_id)


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
        vendor_id=row.vendor_id,
        quarantine_reason=QuarantineReason(row.quarantine_reason) if row.quarantine_reason else None,
        receipt=from_document(row.receipt, Receipt),
    )
