"""The ledger of deliveries, and the gateway to the plugins that verify and read them."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import attrs

from sre_copilot.domain.commands import Command, Response
from sre_copilot.domain.deliveries import (
    Delivery,
    DeliveryRecord,
    DeliveryStatus,
    Parsed,
    Pulled,
    Receipt,
    Reply,
    Sample,
    StoredDelivery,
)
from sre_copilot.domain.integrations import Feature, Integration, Secrets, Setting
from sre_copilot.domain.snapshots import MetricSeries
from sre_copilot.domain.telemetry import Telemetry


@attrs.frozen(kw_only=True)
class DeliveryFilter:
    """Which deliveries a list is to hold: newest first, those received before `before` (and `before_id` of that time)."""

    status: DeliveryStatus | None = None
    integration_id: UUID | None = None
    before: datetime | None = None
    before_id: UUID | None = None
    limit: int = 50


@attrs.frozen(kw_only=True)
class Claimed:
    """What the ledger has under a vendor's id."""

    delivery_id: UUID
    body_hash: str
    status: DeliveryStatus
    receipt: Receipt


class Deliveries(Protocol):
    """The tenant's deliveries."""

    @abstractmethod
    def claim(self, keys: Collection[tuple[UUID, str]]) -> Mapping[tuple[UUID, str], Claimed]:
        """Return the deliveries known under these ids of integrations' vendors.

        Until the unit of work ends, nobody else can claim the same ids. They are claimed in sorted order, so that two
        units of work never wait for each other.
        """

    @abstractmethod
    def add(self, records: Sequence[DeliveryRecord]) -> None:
        """Store deliveries. Raises AlreadyExists where an id of a vendor's is known."""

    @abstractmethod
    def get(self, delivery_id: UUID, *, lock: bool = False) -> DeliveryRecord:
        """One delivery; with `lock` nobody else gets it so before the unit of work ends. Raises NotFound."""

    @abstractmethod
    def replayed(self, record: DeliveryRecord) -> None:
        """Store what became of a delivery that was parsed again: status, reason, vendor id, receipt, time of the replay."""

    @abstractmethod
    def acted(self, delivery_id: UUID, receipt: Receipt) -> None:
        """Store the receipt of a delivery after its command was acted on. Of an unknown one nothing is kept."""

    @abstractmethod
    def list(self, narrowed: DeliveryFilter) -> Sequence[StoredDelivery]:
        """Deliveries without their bodies, by receive time and id, newest first."""


class DeliveryGateway(Protocol):
    """Verifies and reads deliveries through the plugin of the integration's type. Thread-safe.

    Each raises PluginBusy where the type has as many calls to answer as it may have at a time: nothing is wrong with
    the delivery, and the sender does well to repeat it.
    """

    @abstractmethod
    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, now: datetime) -> bool:
        """Whether the vendor's signature proves the sender; False where no signature is set up.

        Raises NotAuthentic for a signature that is missing, wrong or stale, DeliveryTooLarge, MalformedDelivery where
        the body has to be read for it and can't be, OutgoingFailed and OutgoingRefused where a certificate can't be
        fetched, PluginFailed, UnknownIntegrationType.
        """

    @abstractmethod
    def strip(self, integration: Integration, delivery: Delivery) -> Delivery:
        """The delivery without credentials, as it may be kept and parsed. Raises PluginFailed, UnknownIntegrationType."""

    @abstractmethod
    def heeds_429(self, integration: Integration) -> bool:
        """Whether the vendor's sender repeats what was answered with 429. Raises UnknownIntegrationType."""

    @abstractmethod
    def parse(self, integration: Integration, delivery: Delivery) -> Parsed:
        """Return what a stripped delivery says.

        Raises MalformedDelivery for bytes that aren't readable within the limits, UnreadableDelivery where the plugin
        can't make sense of them (or the vendor's text is a template and malformed), PluginFailed where the plugin
        itself failed or overran its deadline, UnknownIntegrationType where there is no such plugin.
        """

    @abstractmethod
    def answer(self, integration: Integration, command: Command, response: Response) -> Reply | None:
        """What the vendor is answered to a command; None where the plugin can't answer. Raises PluginFailed, PluginBusy."""


class SignalSource(Protocol):
    """Asks vendors for what is new, and for context. Thread-safe; every call is bounded and contained."""

    @abstractmethod
    def pull(self, integration: Integration, secrets: Secrets, now: datetime) -> Pulled:
        """Return what is new since the integration's cursor.

        Raises OutgoingFailed, OutgoingRefused, PluginFailed, and UnknownIntegrationType where the type
        can't be pulled from.
        """

    @abstractmethod
    def metrics(
        self, integration: Integration, secrets: Secrets, start: datetime, end: datetime, now: datetime
    ) -> Sequence[MetricSeries]:
        """Return the metrics of a window. Raises what `pull` raises."""

    @abstractmethod
    def telemetry(
        self, integration: Integration, secrets: Secrets, start: datetime, end: datetime, now: datetime
    ) -> Telemetry:
        """Return the counts of logs and traces, and the notices, of a window. Raises what `pull` raises."""


class IntegrationTypes(Protocol):
    """What the installed plugins offer. Thread-safe. Raises UnknownIntegrationType, PluginFailed, PluginBusy."""

    @abstractmethod
    def types(self) -> Sequence[str]:
        """The installed integration types, sorted."""

    @abstractmethod
    def features(self, kind: str) -> frozenset[Feature]:
        """What a type can do besides taking in what is sent to it."""

    @abstractmethod
    def settings(self, kind: str) -> Sequence[Setting]:
        """What can be set of a type."""

    @abstractmethod
    def samples(self, kind: str, now: datetime) -> Sequence[Sample]:
        """What the vendor sends around `now`; nothing where the plugin has no samples."""

    @abstractmethod
    def sign(self, integration: Integration, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        """The delivery as the vendor would sign it; as it is where nothing is signed."""

    @abstractmethod
    def check(self, integration: Integration, secrets: Secrets, now: datetime) -> str | None:
        """What works, in a sentence; None where the plugin can't tell. Raises OutgoingFailed, OutgoingRefused."""
