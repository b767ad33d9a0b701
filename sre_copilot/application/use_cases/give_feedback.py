"""Say what you think of a hypothesis."""

from uuid import UUID

import attrs

from sre_copilot.application.learning import learn_from
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.diagnoses import FeedbackGiven
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.errors import NotPermitted
from sre_copilot.domain.hypotheses import Feedback, Hypothesis
from sre_copilot.domain.text import checked_text


@attrs.frozen(kw_only=True)
class GiveFeedback:
    """Accept or reject a hypothesis, or say that you are uncertain. Kept per person, and learned from for the next time."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, hypothesis_id: UUID, feedback: Feedback, notes: str = "") -> Hypothesis:
        """Return the hypothesis afterwards.

        Raises NotPermitted for anybody but a person with the role, NotFound, and InvalidInput for bad notes.
        """
        actor.require(Permission.RESPOND)
        if actor.user_id is None:
            raise NotPermitted("Only a person can judge a hypothesis.")
        checked_text("The notes", notes)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            hypothesis = uow.diagnoses.hypothesis(hypothesis_id).judged(
                feedback, user_id=actor.user_id, at=now, notes=notes
            )
            given = FeedbackGiven(
                id=self.ids.new(),
                hypothesis_id=hypothesis_id,
                user_id=actor.user_id,
                feedback=feedback,
                notes=notes,
                at=now,
            )
            uow.diagnoses.judge(hypothesis, given)
            # Locked first, so that two people who judge at once each see what the other said.
            learn_from(uow, self.ids, uow.incidents.get(hypothesis.incident_id, lock=True), now)
            record_audit(
                uow,
                self.ids,
                actor,
                "hypothesis.judged",
                AuditAction.UPDATE,
                at=now,
                resource=("hypothesis", hypothesis_id),
                details={"feedback": feedback.value},
            )
            uow.commit()
        return hypothesis
