"""The ledger of deliveries in memory, and a gateway that reads what it was told to."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.application.ports.deliveries import Claimed, DeliveryFilter
from sre_copilot.domain.commands import Command, Response
from sre_copilot.domain.deliveries import (
    Delivery,
    DeliveryRecord,
    Parsed,
    Pulled,
    Receipt,
    Reply,
    Sample,
    StoredDelivery,
)
from sre_copilot.domain.errors import AlreadyExists, CopilotError, NotFound, UnknownIntegrationType
from sre_copilot.domain.integrations import Feature, Integration, Secrets, Setting
from sre_copilot.domain.snapshots import MetricSeries
from sre_copilot.domain.telemetry import Telemetry
from sre_copilot.testing.tables import TenantTables


@attrs.frozen
class InMemoryDeliveries:
    """The tenant's deliveries. Units of work are serial, so that a claim needs no lock of its own."""

    tables: TenantTables

    def claim(self, keys: Collection[tuple[UUID, str]]) -> Mapping[tuple[UUID, str], Claimed]:
        """Return the deliveries known under vendors' ids."""
        return {
            (record.integration_id, record.vendor_id): Claimed(
                delivery_id=record.id,
                body_hash=record.delivery.body_hash,
                status=record.status,
                receipt=record.receipt,
            )
            for record in self.tables.deliveries.values()
            if record.vendor_id is not None and (record.integration_id, record.vendor_id) in keys
        }

    def add(self, records: Sequence[DeliveryRecord]) -> None:
        """Store deliveries with the headers that are kept. Raises AlreadyExists for a vendor id that the ledger has."""
        for record in records:
            if record.vendor_id is not None and self.claim([(record.integration_id, record.vendor_id)]):
                raise AlreadyExists(vendor_id=record.vendor_id)
            self.tables.deliveries[record.id] = record

    def get(self, delivery_id: UUID, *, lock: bool = False) -> DeliveryRecord:
        """One delivery. Raises NotFound."""
        if delivery_id not in self.tables.deliveries:
            raise NotFound(delivery=delivery_id)
        return self.tables.deliveries[delivery_id]

    def replayed(self, record: DeliveryRecord) -> None:
        """Store what became of a delivery that was parsed again."""
        self.tables.deliveries[record.id] = record

    def acted(self, delivery_id: UUID, receipt: Receipt) -> None:
        """Store the receipt of a delivery after its command was acted on."""
        if delivery_id in self.tables.deliveries:
            self.tables.deliveries[delivery_id] = attrs.evolve(self.tables.deliveries[delivery_id], receipt=receipt)

    def list(self, narrowed: DeliveryFilter) -> Sequence[StoredDelivery]:
        """Deliveries without their bodies, by receive time and id, newest first."""
        found = sorted(self.tables.deliveries.values(), key=_place, reverse=True)
        limit = (narrowed.before, narrowed.before_id or UUID(int=0)) if narrowed.before else None
        wanted = (
            record.without_body
            for record in found
            if narrowed.status in (None, record.status)
            and narrowed.integration_id in (None, record.integration_id)
            and (limit is None or _place(record) < limit)
        )
        return list(islice(wanted, narrowed.limit))


def _place(record: DeliveryRecord) -> tuple[datetime, UUID]:
    return (record.delivery.received_at, record.id)


@attrs.frozen(kw_only=True)
class ScriptedGateway:
    """Verifies and reads deliveries by functions, one per integration type. Each returns what it read, or the error to raise.

    `verifiers` are for types whose vendor signs; without one the key decides.
    """

    readers: Mapping[str, Callable[[Integration, Delivery], Parsed | CopilotError]] = attrs.field(factory=dict)
    verifiers: Mapping[str, Callable[[Secrets, Delivery], bool | CopilotError]] = attrs.field(factory=dict)

    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, now: datetime) -> bool:
        """Return what the verifier of the integration's type says. Raises its error."""
        said = self.verifiers[integration.type](secrets, delivery) if integration.type in self.verifiers else False
        if isinstance(said, CopilotError):
            raise said
        return said

    def strip(self, integration: Integration, delivery: Delivery) -> Delivery:
        """Return the delivery with the headers that are always kept."""
        return delivery.without_credentials(())

    def heeds_429(self, integration: Integration) -> bool:
        """Only of generic senders."""
        return integration.type == "generic"

    def parse(self, integration: Integration, delivery: Delivery) -> Parsed:
        """Return what the reader of the integration's type says. Raises its error, or UnknownIntegrationType."""
        if integration.type not in self.readers:
            raise UnknownIntegrationType(type=integration.type)
        said = self.readers[integration.type](integration, delivery)
        if isinstance(said, CopilotError):
            raise said
        return said

    def answer(self, integration: Integration, command: Command, response: Response) -> Reply | None:
        """Return the response's text."""
        return Reply(body=response.text, content_type="text/plain")


@attrs.define
class ScriptedSource:
    """Vendors that answer what a test scripts: each poll takes the next answer, the last one stays. Not for threads.

    `asked` are the cursors that were handed over, oldest first.
    """

    answers: list[Pulled | CopilotError] = attrs.field(factory=list)
    series: Sequence[MetricSeries] | CopilotError = ()
    told: Telemetry | CopilotError = attrs.field(factory=Telemetry)
    asked: list[Mapping[str, Any]] = attrs.field(factory=list, init=False)

    def pull(self, integration: Integration, secrets: Secrets, now: datetime) -> Pulled:
        """Return the next answer. Raises it where it is an error."""
        self.asked.append(integration.cursor)
        said = self.answers[0] if self.answers else Pulled()
        if len(self.answers) > 1:
            del self.answers[0]
        if isinstance(said, CopilotError):
            raise said
        return said

    def metrics(
        self, integration: Integration, secrets: Secrets, start: datetime, end: datetime, now: datetime
    ) -> Sequence[MetricSeries]:
        """Return the series. Raises them where they are an error."""
        if isinstance(self.series, CopilotError):
            raise self.series
        return self.series

    def telemetry(
        self, integration: Integration, secrets: Secrets, start: datetime, end: datetime, now: datetime
    ) -> Telemetry:
        """Return what was told. Raises it where it is an error."""
        if isinstance(self.told, CopilotError):
            raise self.told
        return self.told


@attrs.frozen(kw_only=True)
class FixedTypes:
    """Integration types with settings and samples that a test gives; `broken` is what a check of any of them raises."""

    known: Mapping[str, Sequence[Setting]] = attrs.field(factory=dict)
    shown: Mapping[str, Sequence[Sample]] = attrs.field(factory=dict)
    broken: CopilotError | None = None

    def types(self) -> Sequence[str]:
        """The types, sorted."""
        return sorted(self.known)

    def features(self, kind: str) -> frozenset[Feature]:
        """Every feature, of every type."""
        return frozenset(Feature)

    def settings(self, kind: str) -> Sequence[Setting]:
        """What can be set of a type. Raises UnknownIntegrationType."""
        if kind not in self.known:
            raise UnknownIntegrationType(type=kind)
        return self.known[kind]

    def samples(self, kind: str, now: datetime) -> Sequence[Sample]:
        """What was given."""
        return self.shown.get(kind, ())

    def sign(self, integration: Integration, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        """The delivery as it is."""
        return delivery

    def check(self, integration: Integration, secrets: Secrets, now: datetime) -> str | None:
        """Say that it works, or raise what is broken."""
        if self.broken is not None:
            raise self.broken
        return "It works."
