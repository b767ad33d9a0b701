"""Record what came of a recommendation that a person carried out."""

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
from sre_copilot.domain.outcomes import Outcome, OutcomeResult
from sre_copilot.domain.recommendations import Recommendation
from sre_copilot.domain.text import checked_text


@attrs.frozen(kw_only=True)
class RecordOutcome:
    """Mark an accepted recommendation as executed and say how it went; its runbook's counts follow."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(
        self, *, actor: Actor, recommendation_id: UUID, result: OutcomeResult, notes: str = ""
    ) -> Recommendation:
        """Return the recommendation afterwards.

        Raises NotPermitted, NotFound, RecommendationDecided unless it was accepted, and InvalidInput for bad notes.
        """
        actor.require(Permission.RESPOND)
        checked_text("The notes", notes)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            executed = uow.recommendations.get(recommendation_id, lock=True).execute(at=now, notes=notes)
            uow.recommendations.save(executed)
            uow.recommendations.record_outcome(
                Outcome(
                    id=self.ids.new(),
                    recommendation_id=recommendation_id,
                    incident_id=executed.incident_id,
                    runbook_id=executed.runbook_id,
                    result=result,
                    notes=notes,
                    recorded_by=actor.user_id,
                    at=now,
                )
            )
            if executed.runbook_id is not None:
                uow.runbooks.save(uow.runbooks.get(executed.runbook_id, lock=True).used(result, now))
            record_audit(
                uow,
                self.ids,
                actor,
                "recommendation.executed",
                AuditAction.UPDATE,
                at=now,
                resource=("recommendation", recommendation_id),
                details={"result": result.value},
            )
            said = done(
                Event.RECOMMENDATION_DECIDED, actor, now, text=executed.title, decision=f"executed, {result.value}"
            )
            announce(uow, self.ids, executed.incident_id, said)
            uow.commit()
        return executed
