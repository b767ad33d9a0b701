"""Rank the causes of an incident from what is known now, and propose what to do."""

from uuid import UUID

import attrs

from sre_copilot.application.announcing import announce, name_of
from sre_copilot.application.ports.advisor import Advisor
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.diagnoses import DiagnosisEngine, MetricContext
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.jobs import Job
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.schedule import ADVISE
from sre_copilot.application.snapshotting import snapshot, stored_context
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.hypotheses import Diagnosis, Hypothesis
from sre_copilot.domain.outbound import diagnosed


@attrs.frozen(kw_only=True)
class DiagnoseIncident:
    """Take a fresh snapshot, rank the causes, store both. Nothing slow happens inside a transaction."""

    units: UnitOfWorkFactory
    metrics: MetricContext
    engine: DiagnosisEngine
    advisor: Advisor
    clock: Clock
    ids: Ids

    def __call__(
        self, *, actor: Actor, incident_id: UUID, advise_later: bool = True
    ) -> tuple[Diagnosis, tuple[Hypothesis, ...]]:
        """Return the diagnosis with its hypotheses by rank; the advisor, if there is one, reads along later unless told not to.

        Raises NotPermitted, NotFound.
        """
        actor.require(Permission.RESPOND)
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            context = stored_context(uow, uow.incidents.get(incident_id), now)
        taken = snapshot(context, self.metrics, snapshot_id=self.ids.new(), as_of=now)
        verdict = self.engine.diagnose(taken)
        diagnosis = Diagnosis(
            id=self.ids.new(),
            incident_id=incident_id,
            snapshot_id=taken.id,
            engine_version=verdict.engine_version,
            at=now,
            convincing=verdict.convincing,
            next_evidence=verdict.next_evidence,
            calibration=verdict.calibration,
            slope=verdict.slope,
            similar=verdict.similar,
        )
        hypotheses = tuple(
            Hypothesis(
                id=self.ids.new(),
                incident_id=incident_id,
                diagnosis_id=diagnosis.id,
                rank=rank,
                cause=cause,
                created_at=now,
            )
            for rank, cause in enumerate(verdict.causes, 1)
        )
        with self.units(actor.tenant_id) as uow:
            uow.diagnoses.add_snapshot(taken)
            uow.diagnoses.add(diagnosis, hypotheses)
            record_audit(
                uow,
                self.ids,
                actor,
                "incident.diagnosed",
                AuditAction.EXECUTE,
                at=now,
                resource=("incident", incident_id),
                details={"diagnosis": str(diagnosis.id), "snapshot": taken.content_hash},
            )
            ranked = diagnosed(diagnosis, hypotheses, by=name_of(actor), automated=not actor.is_person)
            announce(uow, self.ids, incident_id, ranked)
            if advise_later and self.advisor.terms is not None:
                uow.jobs.defer(_asking(actor, incident_id))
            uow.commit()
        return diagnosis, hypotheses


def _asking(actor: Actor, incident_id: UUID) -> Job:
    given: dict[str, str | int] = {"incident_id": str(incident_id), "asked_by_person": int(actor.is_person)}
    return Job(kind=ADVISE, tenant_id=actor.tenant_id, arguments=given, only_once_pending=str(incident_id))
