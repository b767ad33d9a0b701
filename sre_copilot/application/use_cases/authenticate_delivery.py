"""Find out whether a delivery comes from its integration: the first thing that happens at every door."""

from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.configuring import opened
from sre_copilot.application.ports.deliveries import DeliveryGateway
from sre_copilot.application.ports.sealing import Sealer
from sre_copilot.application.ports.tenants import Directory
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.audit import AuditAction, audited, repeated_entry_id
from sre_copilot.domain.deliveries import Delivery, Verdict
from sre_copilot.domain.errors import IntegrationDisabled, NotAuthentic, NotFound, PluginFailed
from sre_copilot.domain.integrations import Integration


@attrs.frozen(kw_only=True)
class Admitted:
    """Whose delivery it is, and how that is known."""

    actor: Actor
    verdict: Verdict


@attrs.frozen(kw_only=True)
class AuthenticateDelivery:
    """Let a delivery in, or refuse it; nothing of a refused one is kept but an audit entry per reason and minute.

    That a plugin fails to verify is noted on its integration, so that people see it.
    """

    units: UnitOfWorkFactory
    directory: Directory
    gateway: DeliveryGateway
    sealer: Sealer

    def __call__(self, *, integration_id: UUID, delivery: Delivery, origin: str = "") -> Admitted:
        """Return whose delivery it is.

        Raises NotFound where there is no such integration, NotAuthentic where the sender can't prove itself,
        IntegrationDisabled, TenantInactive, and what `DeliveryGateway.verify` raises.
        """
        tenant_id = self.directory.tenant_of_integration(integration_id)
        if tenant_id is None:
            raise NotFound(integration=integration_id)
        with self.units(tenant_id) as uow:
            tenant = uow.tenants.current()
            integration = uow.integrations.get(integration_id)
        actor = Actor.integration(tenant_id, integration_id, name=integration.name, origin=origin)
        now = delivery.received_at
        try:
            verdict = self._verdict(integration, delivery, now)
        except NotAuthentic as refusal:
            self._audit(actor, refusal.reason, now)
            raise
        except PluginFailed as failure:
            if integration.is_active:
                self._note_failure(integration, str(failure))
            raise
        if not integration.is_active:
            raise IntegrationDisabled
        tenant.require_active(now)
        return Admitted(actor=actor, verdict=verdict)

    def _verdict(self, integration: Integration, delivery: Delivery, now: datetime) -> Verdict:
        with_settings, secrets = opened(self.sealer, integration, now)
        if self.gateway.verify(with_settings, secrets, delivery, now):
            return Verdict.SIGNATURE
        if not delivery.presented_keys:
            raise NotAuthentic("The integration's key is missing: give it as a bearer token.", reason="missing")
        if integration.key is None or not integration.key.opens(delivery.presented_keys, now):
            raise NotAuthentic("The key is not the integration's.", reason="wrong")
        return Verdict.KEY

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
