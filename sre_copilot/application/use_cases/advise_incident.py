"""Have an advisor read along: it adds evidence and words to a diagnosis, within the tenant's budget."""

from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.announcing import announce, name_of
from sre_copilot.application.ports.advisor import Advisor, Terms
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.diagnoses import DiagnosisEngine, MetricContext
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.application.reading import Reading
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.advice import Answer, Question, Reply
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.consultations import Consultation, Hindrance, Outcome, hindrance
from sre_copilot.domain.diagnosis.advised import Counsel, counsel
from sre_copilot.domain.diagnosis.asking import question
from sre_copilot.domain.diagnosis.retelling import retold
from sre_copilot.domain.hypotheses import Diagnosis, Hypothesis
from sre_copilot.domain.outbound import diagnosed
from sre_copilot.domain.snapshots import ContextSnapshot


@attrs.frozen(kw_only=True)
class _Begun:
    """A consultation that runs, and what it is about."""

    consultation: Consultation
    diagnosis: Diagnosis
    hypotheses: tuple[Hypothesis, ...]
    taken: ContextSnapshot
    asked: Question


@attrs.frozen(kw_only=True)
class AdviseIncident:
    """Ask the advisor about an incident's latest diagnosis, and keep what is founded as a diagnosis of its own.

    What is asked is reserved in one unit of work and ended in another, with nothing open between: the offline diagnosis
    stands whatever happens there.
    """

    units: UnitOfWorkFactory
    metrics: MetricContext
    engine: DiagnosisEngine
    advisor: Advisor
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, incident_id: UUID, asked_by_person: bool | None = None) -> Consultation | None:
        """Return the consultation, which may be one that ran just before; None where nobody is to be asked, or nothing about.

        `asked_by_person` says whether a person wants it now, as far as it isn't the actor. Raises NotPermitted, NotFound.
        """
        actor.require(Permission.RESPOND)
        terms = self.advisor.terms
        by_person = actor.is_person if asked_by_person is None else asked_by_person
        begun = self._begin(actor, incident_id, terms, by_person=by_person)
        if not isinstance(begun, _Begun):
            return begun
        tools = Reading(
            units=self.units,
            metrics=self.metrics,
            tenant_id=actor.tenant_id,
            snapshot=begun.taken,
            question=begun.asked,
        ).tools()
        answer = self.advisor.ask(begun.asked, tools, tenant_id=actor.tenant_id)
        return self._end(actor, begun, answer)

    def _begin(
        self, actor: Actor, incident_id: UUID, terms: Terms | None, *, by_person: bool
    ) -> _Begun | Consultation | None:
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            incident = uow.incidents.get(incident_id)
            latest = uow.diagnoses.latest(incident_id)
            if terms is None or latest is None:
                return None
            uow.consultations.hold()
            last = uow.consultations.latest(incident_id)
            used = uow.consultations.tokens_of(now.date())
            why = hindrance(
                last, by_person=by_person, now=now, used_today=used, a_day=terms.tokens_a_day, each=terms.tokens_each
            )
            if why in (Hindrance.RUNNING, Hindrance.RECENT):
                return last
            diagnosis, hypotheses = latest
            consultation = Consultation(
                id=self.ids.new(),
                incident_id=incident_id,
                diagnosis_id=diagnosis.id,
                at=now,
                asked_by_person=by_person,
                model=terms.model,
                prompt=terms.prompt,
                outcome=Outcome.RUNNING,
                reserved=terms.tokens_each,
            )
            if why is Hindrance.OVER_BUDGET:
                return self._refused(uow, actor, consultation, terms, used)
            taken = uow.diagnoses.snapshot(diagnosis.snapshot_id)
            uow.consultations.add(consultation)
            uow.commit()
        causes = tuple(row.cause for row in hypotheses)
        asked = question(taken, causes, title=incident.title)
        return _Begun(
            consultation=consultation, diagnosis=diagnosis, hypotheses=tuple(hypotheses), taken=taken, asked=asked
        )

    def _refused(
        self, uow: UnitOfWork, actor: Actor, consultation: Consultation, terms: Terms, used: int
    ) -> Consultation:
        said = (
            f"the budget of {terms.tokens_a_day} tokens for {consultation.at:%Y-%m-%d} (UTC) is used up: {used} are used or "
            f"reserved, and one consultation may cost {terms.tokens_each}"
        )
        over = attrs.evolve(
            consultation, outcome=Outcome.OVER_BUDGET, reserved=0, ended_at=consultation.at, detail=said
        )
        uow.consultations.add(over)
        self._audit(uow, actor, over, consultation.at)
        uow.commit()
        return over

    def _end(self, actor: Actor, begun: _Begun, answer: Answer) -> Consultation:
        terms = self.advisor.terms
        kept = counsel(begun.asked, answer)
        # Whatever it takes happens before the unit of work.
        verdict = self.engine.diagnose(begun.taken, added=kept.added) if kept.added else None
        now = self.clock.now()
        ended = attrs.evolve(
            begun.consultation,
            outcome=_outcome(answer, kept),
            ended_at=now,
            usage=answer.usage,
            cost_microdollars=terms.prices.microdollars(answer.usage) if terms else 0,
            cited=kept.cited,
            dropped={why.value: count for why, count in kept.dropped.items()},
            detail=answer.detail,
            sent=answer.sent,
        )
        with self.units(actor.tenant_id) as uow:
            uow.incidents.get(ended.incident_id, lock=True)
            latest = uow.diagnoses.latest(ended.incident_id)
            if ended.outcome is Outcome.ADVISED and (latest is None or latest[0].id != begun.diagnosis.id):
                ended = attrs.evolve(ended, outcome=Outcome.SUPERSEDED)
            if ended.outcome is Outcome.ADVISED:
                diagnosis, hypotheses = retold(
                    begun.diagnosis,
                    begun.hypotheses,
                    verdict,
                    kept,
                    begun.asked,
                    ended,
                    ids=[self.ids.new() for _ in range(1 + len(verdict.causes if verdict else begun.hypotheses))],
                    at=now,
                )
                uow.diagnoses.add(diagnosis, hypotheses)
                ended = attrs.evolve(ended, advised_id=diagnosis.id, summary=kept.summary)
                ranked = diagnosed(diagnosis, hypotheses, by=name_of(actor), automated=not ended.asked_by_person)
                announce(uow, self.ids, ended.incident_id, ranked)
            uow.consultations.end(ended)
            self._audit(uow, actor, ended, now)
            uow.commit()
        return ended

    def _audit(self, uow: UnitOfWork, actor: Actor, consultation: Consultation, at: datetime) -> None:
        record_audit(
            uow,
            self.ids,
            actor,
            "incident.advised",
            AuditAction.EXECUTE,
            at=at,
            resource=("incident", consultation.incident_id),
            details={
                "consultation": str(consultation.id),
                "model": consultation.model,
                "outcome": consultation.outcome.value,
                "tokens": consultation.usage.total,
                "sent": ",".join(digest[:16] for digest in consultation.sent),
            },
        )


def _outcome(answer: Answer, kept: Counsel) -> Outcome:
    if answer.reply is not Reply.ANSWERED:
        return Outcome(answer.reply.value)
    return Outcome.ADVISED if kept.says_something else Outcome.UNFOUNDED
