"""Poll an integration: ask its vendor for what is new, and take that in."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

import attrs

from sre_copilot.application.configuring import opened
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.deliveries import DeliveryGateway, SignalSource
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.intake import Arrived
from sre_copilot.application.ports.sealing import Sealer
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.taking_in import TakeIn
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.deliveries import Delivery, Pulled, QuarantineReason, Receipt, Verdict
from sre_copilot.domain.errors import CopilotError, MalformedDelivery
from sre_copilot.domain.integrations import Integration, SyncStatus, next_poll

HELD = timedelta(minutes=2)
"""A poll belongs to its process for this long; if that dies, somebody else polls afterwards."""


@attrs.frozen(kw_only=True)
class Polled:
    """What a poll brought: the receipts of its deliveries, oldest first, and the problem that it ended with, if any."""

    receipts: tuple[Receipt, ...] = ()
    problem: str = ""

    @property
    def opened(self) -> tuple[UUID, ...]:
        """The incidents that were opened."""
        return tuple(incident for receipt in self.receipts for incident in receipt.opened)


@attrs.frozen(kw_only=True)
class PollIntegration:
    """Poll one integration where its poll is due; of several processes one does it."""

    units: UnitOfWorkFactory
    source: SignalSource
    gateway: DeliveryGateway
    sealer: Sealer
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, integration_id: UUID) -> Polled | None:
        """Return what came, None where the poll is not due or somebody else's.

        Where asking fails, the integration's health says so and the next poll waits longer. The cursor moves on only
        after everything that came is durable. Raises NotPermitted, NotFound.
        """
        actor.require(Permission.AUTOMATE)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            mine = uow.integrations.begin_poll(integration_id, now=now, until=now + HELD)
            integration = uow.integrations.get(integration_id)
            uow.commit()
        if not mine:
            return None
        try:
            integration, secrets = opened(self.sealer, integration, now)
            pulled = self.source.pull(integration, secrets, now)
        except CopilotError as error:
            return self._failed(integration, str(error), now)
        receipts = tuple(self._taken_in(self._arrived(integration, one, now)) for one in pulled.deliveries)
        self._succeeded(integration, pulled, receipts, now)
        return Polled(receipts=receipts)

    def _taken_in(self, arrived: Arrived) -> Receipt:
        return TakeIn(units=self.units, ids=self.ids).one(arrived)

    def _arrived(self, integration: Integration, delivery: Delivery, now: datetime) -> Arrived:
        arrived = Arrived(
            actor=Actor.integration(integration.tenant_id, integration.id, name=integration.name, origin="poll"),
            integration=integration,
            delivery=self.gateway.strip(integration, attrs.evolve(delivery, received_at=now)),
            verdict=Verdict.PULLED,
        )
        try:
            return arrived.read_by(self.gateway)
        except MalformedDelivery as error:
            # Nobody would send it again: what was fetched is kept, whatever it is.
            return arrived.kept_aside(QuarantineReason.MALFORMED, str(error), None)

    def _succeeded(
        self, integration: Integration, pulled: Pulled, receipts: tuple[Receipt, ...], now: datetime
    ) -> None:
        wait = (
            timedelta(0)
            if pulled.is_more
            else next_poll(integration.sync_interval, 0, spread=_spread(integration, now))
        )
        with self.units(integration.tenant_id) as uow:
            uow.integrations.end_poll(integration.id, cursor=pulled.cursor, next_at=now + wait)
            if not any(receipt.quarantined for receipt in receipts):
                health = uow.integrations.lock(integration.id).health
                uow.integrations.note(integration.id, health.succeeded(now))
            uow.commit()

    def _failed(self, integration: Integration, problem: str, now: datetime) -> Polled:
        with self.units(integration.tenant_id) as uow:
            known = uow.integrations.lock(integration.id)
            health = known.health.failed(now, problem, status=SyncStatus.FAILED)
            uow.integrations.note(integration.id, health)
            wait = next_poll(known.sync_interval, health.consecutive_failures, spread=_spread(known, now))
            uow.integrations.end_poll(integration.id, cursor=known.cursor, next_at=now + wait)
            uow.commit()
        return Polled(problem=problem)


def _spread(integration: Integration, now: datetime) -> float:
    """A number in [0, 1) that is another one for every integration and every poll, without chance."""
    digest = hashlib.sha256(f"{integration.id} {now.isoformat()}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
