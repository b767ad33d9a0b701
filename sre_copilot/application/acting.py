"""Acting on commands: once the delivery that brought one is durable, as the person whom the tenant knows, exactly once.

What came of it is kept with the delivery in the same transaction as the deed. Whoever brings the delivery again, because
an answer was lost or a process died in between, gets what came of it, and if nothing had come of it yet it happens now.
"""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import attrs

from sre_copilot.application.announcing import have_sent
from sre_copilot.application.performing import Performing
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.deliveries import DeliveryGateway
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.application.queries.incidents import IncidentQueries
from sre_copilot.application.retrying import again_on_conflict
from sre_copilot.application.use_cases.decide_recommendation import DecideRecommendation
from sre_copilot.application.use_cases.declare_incident import DeclareIncident
from sre_copilot.application.use_cases.note_on_incident import NoteOnIncident
from sre_copilot.application.use_cases.transition_incident import TransitionIncident
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.audit import repeated_entry_id
from sre_copilot.domain.commands import Command, Response, Way
from sre_copilot.domain.deliveries import Receipt
from sre_copilot.domain.errors import (
    InvalidInput,
    InvalidTransition,
    NotFound,
    NotPermitted,
    PluginBusy,
    PluginFailed,
    RefusedByRule,
)
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.outbound import Answer, Content
from sre_copilot.domain.outbox import OutboxEntry
from sre_copilot.domain.routing import Target

TOLD = (RefusedByRule, InvalidInput, NotPermitted, NotFound)
"""What the person is told; anything else is for whoever brought the delivery to try again."""
NOTHING = Response(text="")
ANSWER = "answer"
"""The event of a message that answers somebody."""

Perform = Callable[[UnitOfWork, Integration], Response]


@attrs.frozen(kw_only=True)
class Acting:
    """Does what a delivery's command asks for. The verdict on the delivery must be that it comes from its vendor."""

    units: UnitOfWorkFactory
    clock: Clock
    gateway: DeliveryGateway
    transition: TransitionIncident
    note: NoteOnIncident
    decide: DecideRecommendation
    declare: DeclareIncident
    incidents: IncidentQueries

    def __call__(self, *, actor: Actor, integration_id: UUID, receipt: Receipt) -> Receipt:
        """Return the receipt with what its sender is answered. `actor` is the integration.

        Raises NotFound for another tenant's delivery, and EnvironmentFault where nothing happened and it is to be
        brought again; what the person may not do, or asked for wrongly, is part of the answer.
        """
        command = receipt.command
        if command is None:
            return receipt

        def perform(uow: UnitOfWork, integration: Integration) -> Response:
            return self._performed(uow, integration, command)

        try:
            return self._answered(actor, integration_id, receipt, command, perform)
        except TOLD as refused:
            text = str(refused)
            return self._answered(
                actor, integration_id, receipt, command, lambda uow, integration: Response(text=text, ok=False)
            )

    def _answered(
        self, actor: Actor, integration_id: UUID, receipt: Receipt, command: Command, perform: Perform
    ) -> Receipt:
        try:
            integration, response = self._kept(actor, integration_id, receipt, command, perform)
        except InvalidTransition:
            # Somebody was faster. Perhaps with the same step, and then it is done.
            integration, response = self._kept(actor, integration_id, receipt, command, perform)
        reply = receipt.reply
        if command.answered is Way.REPLY:
            # It is done, whether the plugin finds words for it or not.
            with suppress(PluginFailed, PluginBusy):
                reply = self.gateway.answer(integration, command, response) or reply
        return attrs.evolve(receipt, reply=reply, response=response)

    def _kept(
        self, actor: Actor, integration_id: UUID, receipt: Receipt, command: Command, perform: Perform
    ) -> tuple[Integration, Response]:
        return again_on_conflict(lambda: self._in_one_unit(actor, integration_id, receipt, command, perform))

    def _in_one_unit(
        self, actor: Actor, integration_id: UUID, receipt: Receipt, command: Command, perform: Perform
    ) -> tuple[Integration, Response]:
        with self.units(actor.tenant_id) as uow:
            record = uow.deliveries.get(receipt.delivery_id, lock=True)
            integration = uow.integrations.get(integration_id)
            if record.integration_id != integration_id:
                raise NotFound(delivery=receipt.delivery_id)
            if record.receipt.response is not None:
                return integration, record.receipt.response
            response = perform(uow, integration)
            uow.deliveries.acted(record.id, attrs.evolve(record.receipt, response=response))
            self._say(uow, integration, receipt.delivery_id, command, response)
            uow.commit()
        return integration, response

    def _performed(self, uow: UnitOfWork, integration: Integration, command: Command) -> Response:
        performing = Performing(
            uow=uow,
            command=command,
            transition=self.transition,
            note=self.note,
            decide=self.decide,
            declare=self.declare,
            incidents=self.incidents,
        )
        return performing.perform(origin=f"{integration.type} {command.by}")

    def _say(
        self, uow: UnitOfWork, integration: Integration, delivery_id: UUID, command: Command, response: Response
    ) -> None:
        """Answer by a message, where nothing else shows the person what came of it."""
        if command.answered is Way.REPLY or not response.text or response.changed:
            return
        if command.answered is Way.SILENT and response.ok:
            return
        now = self.clock.now()
        # Who may not write in a thread is told so once, not at every word.
        told_once = [command.channel, command.thread, command.by] if command.answered is Way.SILENT else []
        about = told_once or [str(delivery_id)]
        uow.outbox.add(
            [
                OutboxEntry(
                    id=repeated_entry_id(ANSWER, str(integration.tenant_id), str(integration.id), *about),
                    tenant_id=integration.tenant_id,
                    target=Target(integration.id),
                    incident_id=None,
                    sequence=0,
                    event=ANSWER,
                    content=Content(
                        answer=Answer(to=command.by, channel=command.channel, thread=command.thread, text=response.text)
                    ),
                    created_at=now,
                    due_at=now,
                )
            ]
        )
        have_sent(uow, integration.tenant_id, [integration.id])
