"""Ingest a delivery: strip it of credentials, parse, record, correlate, in one transaction."""

from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

import attrs

from sre_copilot.application.configuring import opened
from sre_copilot.application.ports.deliveries import DeliveryGateway
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.outgoing import Outgoing, Request
from sre_copilot.application.ports.sealing import Sealer
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.taking_in import TakeIn
from sre_copilot.domain.actors import Actor, ActorKind, Permission
from sre_copilot.domain.deliveries import Delivery, Receipt, Verdict
from sre_copilot.domain.errors import (
    IntegrationDisabled,
    NotFound,
    OutgoingFailed,
    OutgoingRefused,
)


@attrs.frozen(kw_only=True)
class IngestDelivery:
    """Take in one delivery. Its receive time is its own, so that recordings replay exactly."""

    units: UnitOfWorkFactory
    gateway: DeliveryGateway
    sealer: Sealer
    outgoing: Outgoing
    ids: Ids

    def __call__(
        self, *, actor: Actor, integration_id: UUID, delivery: Delivery, verdict: Verdict = Verdict.HANDED_IN
    ) -> Receipt:
        """Return the receipt once the delivery is durable.

        Raises NotPermitted, NotFound, IntegrationDisabled, TenantInactive, and MalformedDelivery for bytes that aren't
        readable at all; nothing is stored then. What only the plugin can't read is kept in quarantine.
        """
        actor.require(Permission.INGEST)
        if actor.kind is ActorKind.INTEGRATION and actor.id != integration_id:
            # An integration hands in its own deliveries, and of others it doesn't even learn that they exist.
            raise NotFound(integration=integration_id)
        with self.units(actor.tenant_id) as uow:
            uow.tenants.current().require_active(delivery.received_at)
            integration = uow.integrations.get(integration_id)
        if not integration.is_active:
            raise IntegrationDisabled
        if actor.is_person:
            # What a vendor says is the vendor's deed, whoever hands it in.
            actor = Actor.integration(actor.tenant_id, integration_id, name=integration.name, origin=actor.origin)
        integration, _ = opened(self.sealer, integration, delivery.received_at)
        delivery = self.gateway.strip(integration, delivery)
        taken = TakeIn(
            units=self.units, ids=self.ids, actor=actor, integration=integration, delivery=delivery, verdict=verdict
        )
        receipt, parsed = taken.read_by(self.gateway)
        self._visit(parsed.visits)
        return attrs.evolve(receipt, reply=parsed.reply, command=parsed.command)

    def _visit(self, addresses: Iterable[str]) -> None:
        # A vendor that isn't confirmed asks again, so that a visit which fails is no reason to refuse the delivery.
        for address in addresses:
            with suppress(OutgoingFailed, OutgoingRefused):
                self.outgoing.send(Request(url=address))
