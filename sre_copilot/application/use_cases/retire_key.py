"""Destroy a key that seals nothing any more."""

from datetime import datetime, timedelta
from uuid import UUID

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.key_ring import KeyRing
from sre_copilot.application.ports.tenants import Directory
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.errors import KeyInUse

SETTLING = timedelta(seconds=10)
"""How long after a rotation a value may still be on its way into the database that was sealed with the key before."""


@attrs.frozen(kw_only=True)
class RetireKey:
    """Take a key off the ring of the installation, once no value of any tenant is sealed with it."""

    ring: KeyRing
    directory: Directory
    units: UnitOfWorkFactory
    clock: Clock

    def __call__(self, *, key_id: str) -> None:
        """Destroy the key.

        Raises NotFound, KeyRingUnusable, and KeyInUse where it is the current one, where values are sealed with it, and
        within SETTLING of the last rotation; then the error says in `free_at` from when on it may be.
        """
        on_ring = {key.id: key for key in self.ring.all()}
        if key_id in on_ring and not on_ring[key_id].is_current:
            self._check(key_id, free_at=max(key.created_at for key in on_ring.values()) + SETTLING)
        self.ring.retire(key_id)

    def _check(self, key_id: str, free_at: datetime) -> None:
        count = sum(self._sealed_with(key_id, tenant.id) for tenant in self.directory.tenants())
        if count:
            raise KeyInUse(
                f"Values are sealed with {key_id} ({count}); `sre-copilot keys rotate --no-new-key` moves them to the current "
                "key."
            )
        if self.clock.now() < free_at:
            raise KeyInUse(
                f"Something that was sealed with {key_id} may be on its way into the database; try again at "
                f"{free_at:%H:%M:%S} UTC.",
                free_at=free_at,
            )

    def _sealed_with(self, key_id: str, tenant_id: UUID) -> int:
        with self.units(tenant_id) as uow:
            return sum(envelope.get("key_id") == key_id for _, envelope in uow.integrations.sealed())
