"""Configure a source of deliveries."""

from collections.abc import Mapping
from datetime import timedelta

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.deliveries import DeliveryGateway
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.deliveries import Integration
from sre_copilot.domain.episodes import DEDUP_WINDOW
from sre_copilot.domain.errors import InvalidInput, UnknownIntegrationType
from sre_copilot.domain.signals import Environment
from sre_copilot.domain.text import checked_name, checked_text


@attrs.frozen(kw_only=True)
class CreateIntegration:
    """Create an integration of an installed type."""

    units: UnitOfWorkFactory
    gateway: DeliveryGateway
    clock: Clock
    ids: Ids

    def __call__(
        self,
        *,
        actor: Actor,
        type: str,  # noqa: A002 - the document's word for it
        name: str = "",
        dedup_window: timedelta = DEDUP_WINDOW,
        environments: Mapping[str, Environment] | None = None,
    ) -> Integration:
        """Return the integration.

        Raises NotPermitted, UnknownIntegrationType, AlreadyExists, and InvalidInput for a window <= 0 or a bad text.
        """
        actor.require(Permission.ADMINISTER)
        if type not in self.gateway.types():
            raise UnknownIntegrationType(type=type, installed=list(self.gateway.types()))
        if dedup_window <= timedelta(0):
            raise InvalidInput("A dedup window must be longer than nothing; the default is 12 hours.")
        now = self.clock.now()
        integration = Integration(
            id=self.ids.new(),
            tenant_id=actor.tenant_id,
            type=type,
            name=checked_name("The name", name or type),
            created_at=now,
            dedup_window=dedup_window,
            environments={
                checked_text("The word for an environment", word): ours for word, ours in (environments or {}).items()
            },
        )
        with self.units(actor.tenant_id) as uow:
            uow.integrations.add(integration)
            record_audit(
                uow,
                self.ids,
                actor,
                "integration.created",
                AuditAction.CREATE,
                at=now,
                resource=("integration", integration.id),
                details={"type": type, "name": integration.name},
            )
            uow.commit()
        return integration
