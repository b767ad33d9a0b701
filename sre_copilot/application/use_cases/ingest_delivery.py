"""Ingest a delivery: strip it of credentials, parse, record, correlate, in one transaction."""

from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

import attrs

from sre_copilot.application.doors import Door, Doors
from sre_copilot.application.ports.deliveries import DeliveryGateway
from sre_copilot.application.ports.intake import Arrived, Intake
from sre_copilot.application.ports.outgoing import Outgoing, Request
from sre_copilot.domain.actors import Actor, ActorKind, Permission
from sre_copilot.domain.deliveries import Delivery, Receipt, Verdict
from sre_copilot.domain.errors import (
    IntegrationChanged,
    IntegrationDisabled,
    NotFound,
    OutgoingFailed,
    OutgoingRefused,
    TenantBusy,
    TenantInactive,
)

LOOKS = 5
"""So often it is tried anew where its integration changes in between."""


@attrs.frozen(kw_only=True)
class IngestDelivery:
    """Take in one delivery. Its receive time is its own, so that recordings replay exactly."""

    doors: Doors
    gateway: DeliveryGateway
    outgoing: Outgoing
    intake: Intake

    def __call__(
        self,
        *,
        actor: Actor,
        integration_id: UUID,
        delivery: Delivery,
        verdict: Verdict = Verdict.HANDED_IN,
        admitted_by: Door | None = None,
    ) -> Receipt:
        """Return the receipt once the delivery is durable.

        `admitted_by` is the door at which the sender was found to be who it is. Raises NotPermitted, NotFound,
        IntegrationDisabled, TenantInactive, TenantBusy, IntegrationChanged where that door is another one now, and
        MalformedDelivery for bytes that aren't readable at all; nothing is stored then. What only the plugin can't read
        is kept in quarantine.
        """
        actor.require(Permission.INGEST)
        if actor.kind is ActorKind.INTEGRATION and actor.id != integration_id:
            # An integration hands in its own deliveries, and of others it doesn't even learn that they exist.
            raise NotFound(integration=integration_id)
        for _ in range(LOOKS):
            door = admitted_by or self._door(actor, integration_id)
            try:
                return self._taken_in(door, actor, delivery, verdict)
            except (IntegrationChanged, IntegrationDisabled, TenantInactive):
                # What is kept in mind of the integration may be out of date.
                if not self.doors.is_outdated(door) or admitted_by is not None:
                    raise
        raise IntegrationChanged

    def _door(self, actor: Actor, integration_id: UUID) -> Door:
        door = self.doors.of(integration_id)
        if door.tenant.id != actor.tenant_id:
            raise NotFound(integration=integration_id)
        return door

    def _taken_in(self, door: Door, actor: Actor, delivery: Delivery, verdict: Verdict) -> Receipt:
        door.require_open(delivery.received_at)
        integration = door.integration
        if actor.is_person:
            # What a vendor says is the vendor's deed, whoever hands it in.
            actor = Actor.integration(actor.tenant_id, integration.id, name=integration.name, origin=actor.origin)
        arrived = Arrived(
            actor=actor,
            integration=integration,
            delivery=self.gateway.strip(integration, delivery),
            verdict=verdict,
            mark=door.mark,
        ).read_by(self.gateway)
        try:
            receipt = self.intake.take_in(arrived)
        except TenantBusy as busy:
            raise TenantBusy(str(busy), is_heeded=self.gateway.heeds_429(integration)) from None
        if receipt.quarantined or integration.is_success_to_note(delivery.received_at):
            # Its health is another one now, and may keep its plugin from being asked again.
            self.doors.forget(integration.id)
        parsed = arrived.parsed
        self._visit(parsed.visits)
        if receipt.reply is parsed.reply and receipt.command is parsed.command:
            return receipt
        return attrs.evolve(receipt, reply=parsed.reply, command=parsed.command)

    def _visit(self, addresses: Iterable[str]) -> None:
        # A vendor that isn't confirmed asks again, so that a visit which fails is no reason to refuse the delivery.
        for address in addresses:
            with suppress(OutgoingFailed, OutgoingRefused):
                self.outgoing.send(Request(url=address))
