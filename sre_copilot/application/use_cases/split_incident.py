"""Split an incident: some of its signals go into an incident of their own, or into another one."""

from collections.abc import Collection
from uuid import UUID

import attrs

from sre_copilot.application.moving import Wanted, moved
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.corrections import CorrectionKind
from sre_copilot.domain.edits import checked_title
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.text import checked_text

MOST_SIGNALS = 500
"""Signals that one split names; their episodes bring all others along."""


@attrs.frozen(kw_only=True)
class SplitIncident:
    """Take signals, each with all of its episode, out of an incident; something has to be left of it."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(
        self,
        *,
        actor: Actor,
        incident_id: UUID,
        signal_ids: Collection[UUID],
        into_id: UUID | None = None,
        title: str | None = None,
        reason: str = "",
        expected_version: int | None = None,
    ) -> Incident:
        """Return the incident that they are in afterwards: that of `into_id`, else a new one, by default titled as they are.

        Raises NotPermitted, and what `Moving.move` raises.
        """
        actor.require(Permission.RESPOND)
        if not 0 < len(set(signal_ids)) <= MOST_SIGNALS:
            raise InvalidInput(f"Name 1 to {MOST_SIGNALS} signals to take out of the incident.")
        wanted = Wanted(
            kind=CorrectionKind.SPLIT,
            signal_ids=tuple(dict.fromkeys(signal_ids)),
            from_id=incident_id,
            into_id=into_id,
            title=None if title is None else checked_title(title),
            reason=checked_text("The reason", reason).strip(),
            expected_version=expected_version,
        )
        return moved(wanted, actor, units=self.units, clock=self.clock, ids=self.ids)
