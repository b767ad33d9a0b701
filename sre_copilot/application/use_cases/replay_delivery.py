"""Parse a quarantined delivery again, after the plugin or the configuration was mended."""

from uuid import UUID

import attrs

from sre_copilot.application.configuring import opened
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.deliveries import DeliveryGateway
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.intake import Arrived, Replay
from sre_copilot.application.ports.sealing import Sealer
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.taking_in import TakeIn, require_quarantined
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.deliveries import QuarantineReason, Receipt
from sre_copilot.domain.errors import MalformedDelivery


@attrs.frozen(kw_only=True)
class ReplayDelivery:
    """Replay one delivery from its stored bytes, as of the time that it was received."""

    units: UnitOfWorkFactory
    gateway: DeliveryGateway
    sealer: Sealer
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, delivery_id: UUID) -> Receipt:
        """Return what became of it: taken in, or in quarantine again with its problem.

        It keeps its id, and takes the place of the first parse. Raises NotPermitted, NotFound, NotQuarantined.
        """
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            record = require_quarantined(uow.deliveries.get(delivery_id))
            integration = uow.integrations.get(record.integration_id)
        integration, _ = opened(self.sealer, integration, now)
        arrived = Arrived(
            actor=Actor.integration(actor.tenant_id, integration.id, name=integration.name, origin=actor.origin),
            integration=integration,
            delivery=record.delivery,
            verdict=record.verdict,
            replay=Replay(known=record, by=actor, at=now),
        )
        try:
            arrived = arrived.read_by(self.gateway)
        except MalformedDelivery as error:
            arrived = arrived.kept_aside(QuarantineReason.UNREADABLE, str(error), record.vendor_id)
        return TakeIn(units=self.units, ids=self.ids).one(arrived)
