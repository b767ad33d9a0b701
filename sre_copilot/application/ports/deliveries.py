"""The ledger of deliveries, and the gateway that reads them."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from sre_copilot.domain.deliveries import Delivery, DeliveryRecord, Integration, Parsed


class Deliveries(Protocol):
    """The tenant's deliveries."""

    @abstractmethod
    def claim(self, integration_id: UUID, vendor_id: str) -> DeliveryRecord | None:
        """Return the delivery known under a vendor id, or None.

        Until the unit of work ends, nobody else can claim the same id.
        """

    @abstractmethod
    def add(self, record: DeliveryRecord) -> None:
        """Store a delivery."""

    @abstractmethod
    def recent(self, limit: int) -> Sequence[DeliveryRecord]:
        """The latest deliveries, newest first."""


class DeliveryGateway(Protocol):
    """Reads deliveries through the plugin of the integration's type. Thread-safe."""

    @abstractmethod
    def parse(self, integration: Integration, delivery: Delivery) -> Parsed:
        """Return what the delivery says.

        Raises MalformedDelivery for bytes that aren't readable JSON within the limits, UnreadableDelivery
        where the plugin can't make sense of them, PluginFailed where the plugin itself failed or overran its
        deadline, UnknownIntegrationType where there is no such plugin.
        """

    @abstractmethod
    def types(self) -> Sequence[str]:
        """The integration types that deliveries can be parsed for, sorted."""
