"""Take an incident from one state to another: acknowledge, investigate, mitigate, resolve, conclude, learn, reopen."""

from uuid import UUID

import attrs

from sre_copilot.application.learning import TEACHING, learn_from
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_transition
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.incidents import Incident, Resolution
from sre_copilot.domain.lifecycle import CLOSING, Action


@attrs.frozen(kw_only=True)
class TransitionIncident:
    """Apply one verb of the lifecycle to an incident. Of several at once exactly one wins."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(
        self,
        *,
        actor: Actor,
        incident_id: UUID,
        action: Action,
        reason: str = "",
        expected_version: int | None = None,
        resolution: Resolution = Resolution.FIXED,
        root_cause: str = "",
        resolution_summary: str = "",
    ) -> Incident:
        """Return the incident afterwards.

        Raises NotPermitted, NotFound, InvalidTransition, MissingConclusion for a learn without what was learnt,
        ConcurrentTransition where the version is not the expected one, and InvalidInput for a bad text.
        """
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            if action in CLOSING:
                # Else a batch that has just chosen this incident would put its alerts where nobody looks any more.
                uow.incidents.lock_correlation()
            changed = uow.incidents.get(incident_id, lock=True).apply(
                action,
                actor=actor,
                at=now,
                transition_id=self.ids.new(),
                reason=reason,
                expected_version=expected_version,
                resolution=resolution,
                root_cause=root_cause,
                resolution_summary=resolution_summary,
            )
            record_transition(uow, self.ids, actor, changed, now)
            if action in TEACHING and actor.is_person:
                learn_from(uow, self.ids, changed.incident, now)
            uow.commit()
        return changed.incident
