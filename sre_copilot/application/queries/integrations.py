"""Integrations and what they delivered: how each is configured and doing, and the ledger."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.application.configuring import opened, unsealed
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.deliveries import DeliveryFilter, DeliveryGateway, IntegrationTypes
from sre_copilot.application.ports.sealing import Sealer
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.deliveries import Delivery, DeliveryRecord, Parsed, Sample, StoredDelivery
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.integrations import Integration, Setting


@attrs.frozen(kw_only=True)
class IntegrationView:
    """One integration as people see it: its settings, and of its secrets only whether they are set."""

    integration: Integration
    settings: Mapping[str, Any]
    secrets: Mapping[str, bool]
    known: tuple[Setting, ...]

    @property
    def document(self) -> dict[str, Any]:
        """It as plain data, for people and machines."""
        return {**described(self.integration), "settings": dict(self.settings), "secrets_set": dict(self.secrets)}


def described(integration: Integration) -> dict[str, Any]:
    """An integration as plain data: everything but its key, its secrets and the cursor of its polls."""
    hidden = {"key", "sealed", "settings", "cursor", "tenant_id"}
    return {
        field.name: getattr(integration, field.name) for field in attrs.fields(Integration) if field.name not in hidden
    }


@attrs.frozen(kw_only=True)
class Trial:
    """What trying an integration showed.

    `works` is what its plugin found out, None where it can't tell. `sample` is a delivery as the vendor would send it
    now, `parsed` what it says; nothing of it is stored. Hand `delivery` in to have it stored.
    """

    works: str | None
    sample: Sample | None = None
    delivery: Delivery | None = None
    parsed: Parsed | None = None


@attrs.frozen(kw_only=True)
class IntegrationQueries:
    """Reads integrations and the ledger of deliveries."""

    units: UnitOfWorkFactory
    types: IntegrationTypes
    gateway: DeliveryGateway
    sealer: Sealer
    clock: Clock

    def list(self, *, actor: Actor) -> Sequence[Integration]:
        """The tenant's integrations, by creation. Raises NotPermitted."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.integrations.all()

    def show(self, *, actor: Actor, integration_id: UUID) -> IntegrationView:
        """One integration whole. Raises NotPermitted, NotFound, KeyRingUnusable, SealBroken."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            integration = uow.integrations.get(integration_id)
        configuration = unsealed(self.sealer, integration)
        known = tuple(self.types.settings(integration.type)) if integration.type in self.types.types() else ()
        return IntegrationView(
            integration=integration,
            settings=configuration.settings,
            secrets={setting.name: setting.name in configuration.secrets for setting in known if setting.secret},
            known=known,
        )

    def trial(self, *, actor: Actor, integration_id: UUID, sample: str = "") -> Trial:
        """Check what is configured, and read a sample: the one of that name, else the type's first.

        Raises NotPermitted, NotFound, InvalidInput for an unknown sample, OutgoingFailed and OutgoingRefused
        where the check fails, PluginFailed, KeyRingUnusable, SealBroken.
        """
        actor.require(Permission.ADMINISTER)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            integration = uow.integrations.get(integration_id)
        integration, secrets = opened(self.sealer, integration, now)
        works = self.types.check(integration, secrets, now)
        samples = {one.name: one for one in self.types.samples(integration.type, now)}
        if sample and sample not in samples:
            raise InvalidInput(f"There is no sample {sample!r}; this type has: {', '.join(samples) or 'none'}.")
        if not samples:
            return Trial(works=works)
        chosen = samples[sample] if sample else next(iter(samples.values()))
        delivery = chosen.delivery(now)
        parsed = self.gateway.parse(integration, self.gateway.strip(integration, delivery))
        return Trial(works=works, sample=chosen, delivery=delivery, parsed=parsed)

    def deliveries(self, *, actor: Actor, narrowed: DeliveryFilter | None = None) -> Sequence[StoredDelivery]:
        """Deliveries without their bodies, newest first. Raises NotPermitted."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.deliveries.list(narrowed or DeliveryFilter())

    def delivery(self, *, actor: Actor, delivery_id: UUID) -> DeliveryRecord:
        """One delivery with its bytes. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.deliveries.get(delivery_id)
