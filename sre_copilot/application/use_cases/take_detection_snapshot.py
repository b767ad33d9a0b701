"""Keep what was known when an incident was detected."""

from uuid import UUID

import attrs

from sre_copilot.application.ports.diagnoses import MetricContext
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.snapshotting import snapshot, stored_context
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.snapshots import ContextSnapshot


@attrs.frozen(kw_only=True)
class TakeDetectionSnapshot:
    """Take the context snapshot of an incident as of its detection, once; run right after the commit that opened it."""

    units: UnitOfWorkFactory
    metrics: MetricContext
    ids: Ids

    def __call__(self, *, actor: Actor, incident_id: UUID) -> ContextSnapshot:
        """Return the incident's detection snapshot, the stored one where it was taken before. Raises NotPermitted, NotFound."""
        actor.require(Permission.AUTOMATE)
        with self.units(actor.tenant_id) as uow:
            incident = uow.incidents.get(incident_id)
            if incident.snapshot_id is not None:
                return uow.diagnoses.snapshot(incident.snapshot_id)
            context = stored_context(uow, incident, incident.detected_at)
        taken = snapshot(context, self.metrics, snapshot_id=self.ids.new(), as_of=incident.detected_at)
        with self.units(actor.tenant_id) as uow:
            incident = uow.incidents.get(incident_id, lock=True)
            if incident.snapshot_id is not None:
                return uow.diagnoses.snapshot(incident.snapshot_id)
            uow.diagnoses.add_snapshot(taken)
            uow.incidents.keep_snapshot(taken)
            record_audit(
                uow,
                self.ids,
                actor,
                "snapshot.taken",
                AuditAction.CREATE,
                at=incident.created_at,
                resource=("context_snapshot", taken.id),
                details={"incident": str(incident_id), "hash": taken.content_hash},
            )
            uow.commit()
        return taken
