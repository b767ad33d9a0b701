"""Doors: an integration with what is configured of it, kept in mind from one delivery to the next."""

from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.configuring import Configuration, unsealed
from sre_copilot.application.ports.sealing import Sealer
from sre_copilot.application.ports.tenants import Directory
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.errors import IntegrationDisabled, NotFound
from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.tenants import Tenant


@attrs.frozen(kw_only=True)
class Door:
    """An integration with its settings, its tenant and its secrets, as they were when its `mark` was read."""

    tenant: Tenant
    integration: Integration
    configuration: Configuration
    mark: str

    def secrets(self, now: datetime) -> Secrets:
        """The secrets that are valid now."""
        return self.configuration.valid(now)

    def require_open(self, now: datetime) -> None:
        """Raise IntegrationDisabled or TenantInactive where nothing may be taken in."""
        if not self.integration.is_active:
            raise IntegrationDisabled
        self.tenant.require_active(now)


@attrs.frozen
class Doors:
    """The doors of an installation. Thread-safe.

    What is kept in mind may be out of date: whoever stores something compares the mark in the same transaction, and
    whoever refuses somebody looks again first.
    """

    units: UnitOfWorkFactory
    directory: Directory
    sealer: Sealer
    _known: dict[UUID, Door] = attrs.field(factory=dict, init=False, repr=False)

    def of(self, integration_id: UUID) -> Door:
        """The door as it is kept in mind. Raises NotFound, SealBroken, KeyRingUnusable."""
        return self._known.get(integration_id) or self.again(integration_id)

    def is_outdated(self, door: Door) -> bool:
        """Whether it is another door by now; if so, that one is kept in mind from here on. Raises what `again` raises."""
        known = self._known.get(door.integration.id)
        if known is None or known.mark == door.mark:
            # Nobody else has looked in the meantime.
            known = self.again(door.integration.id)
        return known.mark != door.mark

    def forget(self, integration_id: UUID) -> None:
        """Keep nothing in mind of a door."""
        self._known.pop(integration_id, None)

    def again(self, integration_id: UUID) -> Door:
        """The door as it is now. Raises NotFound, SealBroken, KeyRingUnusable."""
        known = self._known.pop(integration_id, None)
        tenant_id = known.tenant.id if known is not None else self.directory.tenant_of_integration(integration_id)
        if tenant_id is None:
            raise NotFound(integration=integration_id)
        with self.units(tenant_id) as uow:
            # Before the rest: what is written in between makes the mark too old, and not the rest.
            mark = uow.integrations.marks([integration_id]).get(integration_id, "")
            tenant, integration = uow.tenants.current(), uow.integrations.get(integration_id)
        configuration = unsealed(self.sealer, integration)
        door = Door(
            tenant=tenant,
            integration=attrs.evolve(integration, settings=configuration.settings),
            configuration=configuration,
            mark=mark,
        )
        self._known[integration_id] = door
        return door
