"""End a silence early."""

from uuid import UUID

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.silences import ShownSilence


@attrs.frozen(kw_only=True)
class EndSilence:
    """End a silence, or call off one that is to come. What it held and still goes on is correlated when timers run next."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, silence_id: UUID) -> ShownSilence:
        """Return the silence, which is over; ending one that was over already changes nothing. Raises NotPermitted, NotFound."""
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            known = uow.silences.get(silence_id, lock=True)
            ended = known.ended(actor.user_id, now)
            if ended != known:
                uow.silences.end(ended)
                record_audit(
                    uow, self.ids, actor, "silence.ended", AuditAction.UPDATE, at=now, resource=("silence", silence_id)
                )
                uow.commit()
        return ShownSilence.of(ended, now)
