"""Ingest a delivery: verify, parse, record, correlate, in one transaction."""

from uuid import UUID

import attrs

from sre_copilot.application.acknowledging import acknowledge
from sre_copilot.application.ports.deliveries import DeliveryGateway
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.application.recording import IdReused, Recorder
from sre_copilot.application.retrying import again_on_conflict
from sre_copilot.domain.actors import Actor, ActorKind, Permission
from sre_copilot.domain.deliveries import (
    Delivery,
    DeliveryRecord,
    DeliveryStatus,
    Integration,
    Parsed,
    QuarantineReason,
    Receipt,
)
from sre_copilot.domain.errors import NotFound, PluginFailed, UnreadableDelivery


@attrs.frozen(kw_only=True)
class IngestDelivery:
    """Take in one delivery. Its receive time is its own, so that recordings replay exactly."""

    units: UnitOfWorkFactory
    gateway: DeliveryGateway
    ids: Ids

    def __call__(self, *, actor: Actor, integration_id: UUID, delivery: Delivery) -> Receipt:
        """Return the receipt once the delivery is durable.

        Raises NotPermitted, NotFound, TenantInactive, and MalformedDelivery for bytes that aren't readable at all;
        nothing is stored then. A body that only its plugin can't read is kept in quarantine.
        """
        actor.require(Permission.INGEST)
        if actor.kind is ActorKind.INTEGRATION and actor.id != integration_id:
            # An integration hands in its own deliveries, and of others it doesn't even learn that they exist.
            raise NotFound(integration=integration_id)
        with self.units(actor.tenant_id) as uow:
            uow.tenants.current().require_active(delivery.received_at)
            integration = uow.integrations.get(integration_id)
        if actor.is_person:
            # What a vendor says is the vendor's deed, whoever hands it in.
            actor = Actor.integration(actor.tenant_id, integration_id, name=integration.name, origin=actor.origin)
        try:
            parsed = self.gateway.parse(integration, delivery)
        except UnreadableDelivery as error:
            return self._quarantine(actor, integration, delivery, QuarantineReason.UNREADABLE, str(error))
        except PluginFailed as error:
            return self._quarantine(actor, integration, delivery, QuarantineReason.PLUGIN_FAILED, str(error))
        try:
            return again_on_conflict(lambda: self._stored(actor, integration, delivery, parsed))
        except IdReused as reused:
            return self._quarantine(actor, integration, delivery, QuarantineReason.ID_REUSED, str(reused))

    def _stored(self, actor: Actor, integration: Integration, delivery: Delivery, parsed: Parsed) -> Receipt:
        with self.units(actor.tenant_id) as uow:
            receipt = self._record(uow, actor, integration, delivery, parsed)
            uow.commit()
        return receipt

    def _record(
        self, uow: UnitOfWork, actor: Actor, integration: Integration, delivery: Delivery, parsed: Parsed
    ) -> Receipt:
        known = uow.deliveries.claim(integration.id, parsed.vendor_id) if parsed.vendor_id else None
        if known is not None and known.delivery.body_hash != delivery.body_hash:
            raise IdReused(f"The delivery id {parsed.vendor_id} is known with another body.")
        recorder = Recorder(
            uow=uow,
            ids=self.ids,
            actor=actor,
            integration=integration,
            delivery=delivery,
            delivery_id=known.id if known else self.ids.new(),
        )
        receipt = recorder.record(parsed)
        if known is not None:
            return attrs.evolve(known.receipt, redelivered=True)
        for acknowledgement in parsed.acknowledgements:
            changed = acknowledge(uow, self.ids, actor, integration, acknowledgement, delivery.received_at)
            if changed is not None:
                receipt = attrs.evolve(receipt, incidents=tuple(sorted({*receipt.incidents, changed})))
        uow.deliveries.add(_accepted(receipt, actor, integration, delivery, parsed))
        return receipt

    def _quarantine(
        self, actor: Actor, integration: Integration, delivery: Delivery, reason: QuarantineReason, problem: str
    ) -> Receipt:
        receipt = Receipt(delivery_id=self.ids.new(), quarantined=True, problem=problem)
        with self.units(actor.tenant_id) as uow:
            uow.deliveries.add(
                DeliveryRecord(
                    id=receipt.delivery_id,
                    tenant_id=actor.tenant_id,
                    integration_id=integration.id,
                    delivery=delivery,
                    status=DeliveryStatus.QUARANTINED,
                    quarantine_reason=reason,
                    receipt=receipt,
                )
            )
            uow.commit()
        return receipt


def _accepted(
    receipt: Receipt, actor: Actor, integration: Integration, delivery: Delivery, parsed: Parsed
) -> DeliveryRecord:
    return DeliveryRecord(
        id=receipt.delivery_id,
        tenant_id=actor.tenant_id,
        integration_id=integration.id,
        delivery=delivery,
        status=DeliveryStatus.ACCEPTED,
        vendor_id=parsed.vendor_id,
        receipt=receipt,
    )
