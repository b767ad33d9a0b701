"""Find out whether a delivery comes from its integration: the first thing that happens at every door."""

from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.doors import Door, Doors
from sre_copilot.application.ports.deliveries import DeliveryGateway
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.audit import AuditAction, audited, repeated_entry_id
from sre_copilot.domain.deliveries import Delivery, Verdict
from sre_copilot.domain.errors import CopilotError, IntegrationDisabled, NotAuthentic, PluginFailed, TenantInactive
from sre_copilot.domain.integrations import Integration


@attrs.frozen(kw_only=True)
class Admitted:
    """Whose delivery it is, how that is known, and at which door."""

    actor: Actor
    verdict: Verdict
    door: Door


@attrs.frozen(kw_only=True)
class AuthenticateDelivery:
    """Let a delivery in, or refuse it; nothing of a refused one is kept but an audit entry per reason and minute.

    That a plugin fails to verify is noted on its integration, so that people see it.
    """

    units: UnitOfWorkFactory
    doors: Doors
    gateway: DeliveryGateway

    def __call__(
        self, *, integration_id: UUID, delivery: Delivery, origin: str = "", compares: bool = False
    ) -> Admitted:
        """Return whose delivery it is.

        A caller who `compares` makes sure that the door is still the same when it stores something; then it may be one
        that was kept in mind.

        Raises NotFound where there is no such integration, NotAuthentic where the sender can't prove itself,
        IntegrationDisabled, TenantInactive, and what `DeliveryGateway.verify` raises.
        """
        door = self.doors.of(integration_id) if compares else self.doors.again(integration_id)
        try:
            return self._admitted(door, delivery, origin)
        except (NotAuthentic, PluginFailed, IntegrationDisabled, TenantInactive) as refusal:
            if compares and self.doors.is_outdated(door):
                # What was kept in mind is no reason to refuse anybody.
                return self(integration_id=integration_id, delivery=delivery, origin=origin)
            self._tell(door, refusal, delivery.received_at, origin)
            raise

    def _admitted(self, door: Door, delivery: Delivery, origin: str) -> Admitted:
        verdict = self._verdict(door, delivery)
        door.require_open(delivery.received_at)
        integration = door.integration
        actor = Actor.integration(door.tenant.id, integration.id, name=integration.name, origin=origin)
        return Admitted(actor=actor, verdict=verdict, door=door)

    def _verdict(self, door: Door, delivery: Delivery) -> Verdict:
        now, integration = delivery.received_at, door.integration
        if self.gateway.verify(integration, door.secrets(now), delivery, now):
            return Verdict.SIGNATURE
        presented = delivery.presented_keys
        if not presented:
            raise NotAuthentic("The integration's key is missing: give it as a bearer token.", reason="missing")
        if integration.key is None or not integration.key.opens(presented, now):
            raise NotAuthentic("The key is not the integration's.", reason="wrong")
        return Verdict.KEY

    def _tell(self, door: Door, refusal: CopilotError, now: datetime, origin: str) -> None:
        integration = door.integration
        if isinstance(refusal, NotAuthentic):
            actor = Actor.integration(door.tenant.id, integration.id, name=integration.name, origin=origin)
            self._audit(actor, refusal.reason, now)
        elif isinstance(refusal, PluginFailed) and integration.is_active:
            self._note_failure(integration, str(refusal))

    def _note_failure(self, integration: Integration, problem: str) -> None:
        if integration.health.unverified(problem) == integration.health:
            # Noted already: whoever finds the address must not make everybody queue up for its row.
            return
        with self.units(integration.tenant_id) as uow:
            health = uow.integrations.lock(integration.id).health
            uow.integrations.note(integration.id, health.unverified(problem))
            uow.commit()

    def _audit(self, actor: Actor, reason: str, now: datetime) -> None:
        minute = now.replace(second=0, microsecond=0)
        entry = audited(
            actor,
            "delivery.refused",
            AuditAction.EXECUTE,
            entry_id=repeated_entry_id(str(actor.tenant_id), str(actor.id), reason, minute.isoformat()),
            at=now,
            resource_type="integration",
            resource_id=actor.id,
            details={"reason": reason},
        )
        with self.units(actor.tenant_id) as uow:
            uow.audit.append_once(attrs.evolve(entry, result="refused"))
            uow.commit()
