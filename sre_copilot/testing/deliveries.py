"""The ledger of deliveries in memory, and a gateway that reads what it was told to."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import attrs

from sre_copilot.domain.deliveries import KEPT_HEADERS, Delivery, DeliveryRecord, Integration, Parsed
from sre_copilot.domain.errors import AlreadyExists, CopilotError, UnknownIntegrationType
from sre_copilot.testing.tables import TenantTables


@attrs.frozen
class InMemoryDeliveries:
    """The tenant's deliveries. Units of work are serial, so that a claim needs no lock of its own."""

    tables: TenantTables

    def claim(self, integration_id: UUID, vendor_id: str) -> DeliveryRecord | None:
        """Return the delivery known under a vendor id, or None."""
        wanted = (integration_id, vendor_id)
        known = self.tables.deliveries.values()
        return next((record for record in known if (record.integration_id, record.vendor_id) == wanted), None)

    def add(self, record: DeliveryRecord) -> None:
        """Store a delivery with the headers that are kept. Raises AlreadyExists for a vendor id that the ledger has."""
        if record.vendor_id is not None and self.claim(record.integration_id, record.vendor_id) is not None:
            raise AlreadyExists(vendor_id=record.vendor_id)
        headers = {name: text for name, text in record.delivery.headers.items() if name.lower() in KEPT_HEADERS}
        kept = attrs.evolve(record, delivery=attrs.evolve(record.delivery, headers=headers))
        self.tables.deliveries[record.id] = kept

    def recent(self, limit: int) -> Sequence[DeliveryRecord]:
        """The latest deliveries, newest first."""
        known = self.tables.deliveries.values()
        return sorted(known, key=lambda record: (record.delivery.received_at, record.id), reverse=True)[:limit]


@attrs.frozen
class ScriptedGateway:
    """Reads deliveries by functions, one per integration type. Each returns what it read, or the error to raise."""

    readers: Mapping[str, Callable[[Integration, Delivery], Parsed | CopilotError]] = attrs.field(factory=dict)

    def parse(self, integration: Integration, delivery: Delivery) -> Parsed:
        """Return what the reader of the integration's type says. Raises its error, or UnknownIntegrationType."""
        if integration.type not in self.readers:
            raise UnknownIntegrationType(type=integration.type)
        said = self.readers[integration.type](integration, delivery)
        if isinstance(said, CopilotError):
            raise said
        return said

    def types(self) -> Sequence[str]:
        """The types that it has readers for, sorted."""
        return sorted(self.readers)
