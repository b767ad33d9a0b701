"""Let a dead job live again."""

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.jobs import JobQueue, QueuedJob
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.audit import AuditAction


@attrs.frozen(kw_only=True)
class RetryJob:
    """Let a dead job wait again, with all its attempts before it. For whoever operates the installation."""

    queue: JobQueue
    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, job_id: int) -> QueuedJob:
        """Return the job as it waits. Raises NotFound where no dead job has that number."""
        tenant_id = self.queue.get(job_id).job.tenant_id
        with self.units(tenant_id) as uow:
            retried = self.queue.retry(job_id)
            record_audit(
                uow,
                self.ids,
                Actor.system(tenant_id, origin="operator"),
                "job.retried",
                AuditAction.UPDATE,
                at=self.clock.now(),
                resource=("job", None),
                details={"job": job_id, "kind": retried.job.kind},
            )
            uow.commit()
        return retried
