"""The key ring, and what is sealed with its keys."""

from collections import Counter
from collections.abc import Mapping, Sequence

import attrs

from sre_copilot.application.ports.key_ring import KeyOnRing, KeyRing
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission


@attrs.frozen(kw_only=True)
class KeyRingQueries:
    """Reads for whoever operates the installation."""

    ring: KeyRing
    units: UnitOfWorkFactory

    def all(self) -> Sequence[KeyOnRing]:
        """The keys of the installation, oldest first. Raises KeyRingUnusable."""
        return self.ring.all()

    def sealed(self, *, actor: Actor) -> Mapping[str, int]:
        """How many values of the tenant are sealed with which key, by the key's id; "" for what is no envelope. Raises NotPermitted."""
        actor.require(Permission.AUTOMATE)
        with self.units(actor.tenant_id) as uow:
            return Counter(str(envelope.get("key_id", "")) for _, envelope in uow.integrations.sealed())
