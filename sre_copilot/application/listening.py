"""Listening to a vendor through a socket: what comes is taken in like what knocks, and acknowledged once it is durable."""

from collections.abc import Callable
from uuid import UUID

import attrs

from sre_copilot.application.configuring import opened
from sre_copilot.application.copilot import Copilot
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.sealing import Sealer
from sre_copilot.application.ports.sockets import Listeners, Sockets
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.deliveries import Delivery, Receipt, Verdict
from sre_copilot.domain.errors import CopilotError, MalformedDelivery
from sre_copilot.domain.integrations import Integration, Secrets, SyncStatus

LOOK = 1.0
"""Seconds between two looks at whether to go on."""


@attrs.frozen(kw_only=True)
class Listening:
    """Listens for one integration at a time; several threads may share it."""

    copilot: Copilot
    units: UnitOfWorkFactory
    listeners: Listeners
    sockets: Sockets
    sealer: Sealer
    clock: Clock

    def listen(self, tenant_id: UUID, integration_id: UUID, *, goes_on: Callable[[], bool]) -> bool:
        """Connect, and take in what comes until the vendor hangs up or `goes_on` says no.

        False where nothing is set up to listen to. Raises whatever keeps it from listening, which is noted on the integration.
        """
        integration, secrets = self._known(tenant_id, integration_id)
        if not integration.is_active:
            return False
        try:
            address = self.listeners.address(integration, secrets, self.clock.now())
            if address is None:
                return False
            with self.sockets.open(address) as socket:
                self._note(integration, None)
                while goes_on():
                    message = socket.receive(LOOK)
                    if message is None:
                        continue
                    heard = self.listeners.heard(integration, message)
                    if heard.is_last:
                        break
                    if heard.envelope:
                        receipt = self._taken_in(integration, heard.body) if heard.body is not None else None
                        reply = receipt.reply if receipt is not None else None
                        socket.send(self.listeners.acknowledgement(integration, heard, reply))
        except CopilotError as error:
            self._note(integration, error)
            raise
        return True

    def _known(self, tenant_id: UUID, integration_id: UUID) -> tuple[Integration, Secrets]:
        with self.units(tenant_id) as uow:
            integration = uow.integrations.get(integration_id)
        return opened(self.sealer, integration, self.clock.now())

    def _taken_in(self, integration: Integration, body: bytes) -> Receipt | None:
        delivery = Delivery(
            body=body, received_at=self.clock.now(), headers={"content-type": "application/json"}, path="socket"
        )
        sender = Actor.integration(integration.tenant_id, integration.id, name=integration.name, origin="socket")
        try:
            # Whoever holds the secret that opened the connection is the vendor.
            return self.copilot.ingest(
                actor=sender, integration_id=integration.id, delivery=delivery, verdict=Verdict.PULLED
            )
        except MalformedDelivery:
            # It would be as malformed the next time; a door refuses it for good too.
            return None

    def _note(self, integration: Integration, error: CopilotError | None) -> None:
        now = self.clock.now()
        with self.units(integration.tenant_id) as uow:
            health = uow.integrations.lock(integration.id).health
            if error is None:
                after = health.succeeded(now)
            else:
                after = health.failed(now, str(error), status=SyncStatus.FAILED)
            uow.integrations.note(integration.id, after)
            uow.commit()
