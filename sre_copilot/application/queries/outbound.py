"""Who is told what, who would be, and what waits, was sent or died in the outbox."""

from collections.abc import Sequence
from uuid import UUID

import attrs

from sre_copilot.application.ports.outbox import OutboxFilter
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.outbound import Event, IncidentFacts, facts_of
from sre_copilot.domain.outbox import OutboxEntry
from sre_copilot.domain.routing import Routed, RoutingRule, Target, recipients, route


@attrs.frozen(kw_only=True)
class DryRun:
    """Who would be told: what each rule says and why, and the targets, each of which gets one message."""

    event: Event
    incident: IncidentFacts
    rules: tuple[tuple[RoutingRule, Routed], ...]
    targets: tuple[Target, ...]


@attrs.frozen(kw_only=True)
class OutboundQueries:
    """Reads routing rules and the outbox."""

    units: UnitOfWorkFactory

    def rules(self, *, actor: Actor) -> Sequence[RoutingRule]:
        """Every rule, by name. Raises NotPermitted."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.routes.all()

    def dry_run(self, *, actor: Actor, event: Event, incident: IncidentFacts) -> DryRun:
        """Say who would be told of this; nothing is sent. Raises NotPermitted."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            rules = uow.routes.all()
        return _dry(event, incident, rules, told=())

    def dry_run_of(self, *, actor: Actor, event: Event, incident_id: UUID) -> DryRun:
        """Say who would be told if this happened to an incident as it is now. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            facts = facts_of(uow.incidents.get(incident_id))
            told = () if event is Event.OPENED else tuple(uow.outbox.sequences(incident_id))
            rules = uow.routes.all()
        return _dry(event, facts, rules, told=told)

    def messages(self, *, actor: Actor, narrowed: OutboxFilter | None = None) -> Sequence[OutboxEntry]:
        """Messages, newest first. Raises NotPermitted."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.outbox.list(narrowed or OutboxFilter())

    def message(self, *, actor: Actor, message_id: UUID) -> OutboxEntry:
        """One message. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.outbox.get(message_id)


def _dry(event: Event, incident: IncidentFacts, rules: Sequence[RoutingRule], *, told: Sequence[Target]) -> DryRun:
    return DryRun(
        event=event,
        incident=incident,
        rules=tuple((rule, route(rule, event, incident, told=told)) for rule in rules),
        targets=recipients(rules, event, incident, told=told),
    )
