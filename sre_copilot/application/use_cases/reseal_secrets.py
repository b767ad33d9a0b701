"""Move what is sealed to the current key."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.sealing import Place, Sealer
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.retrying import again_on_conflict
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.errors import SealBroken

AT_ONCE = 200
"""Values of one transaction, so that nobody who edits an integration waits long."""


@attrs.frozen(kw_only=True)
class Resealed:
    """What one step did. `last` is where the next one goes on, None at the end."""

    moved: int
    broken: tuple[UUID, ...]
    """Integrations whose value can't be opened; it stays as it is."""
    last: UUID | None


@attrs.frozen
class Move:
    """The envelope of an integration under its old and its new key."""

    integration_id: UUID
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class ResealSecrets:
    """Put the sealed values of a tenant under the current key, some at a time.

    The values are rewrapped outside of any transaction, and stored only where nobody changed them meanwhile: who did
    sealed with the current key. So it may be killed and repeated at any moment, beside everything else.
    """

    units: UnitOfWorkFactory
    sealer: Sealer
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, after: UUID | None = None, limit: int = AT_ONCE) -> Resealed:
        """Look at up to `limit` (at least 1) values of integrations whose id is greater than `after`, and return what was done.

        Leaves one audit entry where a value was moved. Raises NotPermitted, KeyRingUnusable.
        """
        actor.require(Permission.AUTOMATE)
        with self.units(actor.tenant_id) as uow:
            left = [row for row in uow.integrations.sealed() if after is None or row[0] > after]
        step = left[:limit]
        moves, broken = self._rewrapped(actor.tenant_id, step)
        moved = again_on_conflict(lambda: self._store(actor, moves)) if moves else 0
        return Resealed(moved=moved, broken=broken, last=step[-1][0] if len(left) > limit else None)

    def _rewrapped(
        self, tenant_id: UUID, rows: Sequence[tuple[UUID, Mapping[str, Any]]]
    ) -> tuple[list[Move], tuple[UUID, ...]]:
        moves, broken = [], []
        for integration_id, envelope in rows:
            try:
                after = self.sealer.reseal(envelope, Place.of_integration(tenant_id, integration_id))
            except SealBroken:
                broken.append(integration_id)
                continue
            if after is not None:
                moves.append(Move(integration_id, envelope, after))
        return moves, tuple(broken)

    def _store(self, actor: Actor, moves: Sequence[Move]) -> int:
        with self.units(actor.tenant_id) as uow:
            moved = sum(uow.integrations.replace_sealed(row.integration_id, row.before, row.after) for row in moves)
            if moved:
                record_audit(
                    uow,
                    self.ids,
                    actor,
                    "secrets.resealed",
                    AuditAction.UPDATE,
                    at=self.clock.now(),
                    resource=("tenant", actor.tenant_id),
                    details={"count": moved, "key": moves[-1].after["key_id"]},
                )
                uow.commit()
        return moved
