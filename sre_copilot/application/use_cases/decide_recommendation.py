"""Accept or reject a recommendation."""

from uuid import UUID

import attrs

from sre_copilot.application.announcing import announce, done
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.outbound import Event
from sre_copilot.domain.recommendations import Recommendation
from sre_copilot.domain.text import checked_text


@attrs.frozen(kw_only=True)
class DecideRecommendation:
    """Accept or reject what was proposed. Accepting executes nothing."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, recommendation_id: UUID, accept: bool, notes: str = "") -> Recommendation:
        """Return the recommendation afterwards. Raises NotPermitted, NotFound, RecommendationDecided, InvalidInput."""
        actor.require(Permission.RESPOND)
        checked_text("The notes", notes)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            found = uow.recommendations.get(recommendation_id, lock=True)
            decided = found.accept(at=now, notes=notes) if accept else found.reject(at=now, notes=notes)
            uow.recommendations.save(decided)
            record_audit(
                uow,
                self.ids,
                actor,
                f"recommendation.{decided.status.value}",
                AuditAction.UPDATE,
                at=now,
                resource=("recommendation", recommendation_id),
            )
            said = done(Event.RECOMMENDATION_DECIDED, actor, now, text=decided.title, decision=decided.status.value)
            announce(uow, self.ids, decided.incident_id, said)
            uow.commit()
        return decided
