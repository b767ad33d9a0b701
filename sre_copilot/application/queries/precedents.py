"""Precedents: what was learned, and from which incidents."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.ports.precedents import PrecedentFilter
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.precedents import Precedent


@attrs.frozen(kw_only=True)
class PrecedentQueries:
    """Reads precedents."""

    units: UnitOfWorkFactory

    def list(
        self,
        *,
        actor: Actor,
        forgotten: bool | None = None,
        before: tuple[datetime, UUID] | None = None,
        limit: int = 50,
    ) -> Sequence[Precedent]:
        """Precedents by when they were learned, newest first, after the keyset where one is given. Raises NotPermitted.

        `forgotten` True means only those that are not used, False only those that are.
        """
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.precedents.list(PrecedentFilter(forgotten=forgotten, before=before, limit=limit))

    def get(self, *, actor: Actor, precedent_id: UUID) -> Precedent:
        """One precedent. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.precedents.get(precedent_id)
