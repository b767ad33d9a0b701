"""Move a signal into another incident, or into one of its own."""

from uuid import UUID

import attrs

from sre_copilot.application.moving import Wanted, moved
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.corrections import CorrectionKind
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.text import checked_text


@attrs.frozen(kw_only=True)
class MoveSignal:
    """Put a signal with all of its episode elsewhere. Where that was all that its incident had, the incident is merged."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(
        self,
        *,
        actor: Actor,
        signal_id: UUID,
        from_id: UUID | None = None,
        into_id: UUID | None = None,
        reason: str = "",
        expected_version: int | None = None,
    ) -> Incident:
        """Return the incident that it is in afterwards: that of `into_id`, else a new one.

        `from_id` is the incident that it must be in, None where any will do, or none; `expected_version` is that one's.
        Raises NotPermitted, and what `Moving.move` raises.
        """
        actor.require(Permission.RESPOND)
        wanted = Wanted(
            kind=CorrectionKind.MOVED,
            signal_ids=(signal_id,),
            from_id=from_id,
            into_id=into_id,
            reason=checked_text("The reason", reason).strip(),
            expected_version=expected_version,
        )
        return moved(wanted, actor, units=self.units, clock=self.clock, ids=self.ids)
