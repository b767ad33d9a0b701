"""Jobs, deferred on the connection and in the transaction of the unit of work."""

import json
from datetime import datetime
from uuid import UUID

import attrs
from django.db import connections

from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.application.ports.jobs import Job
from sre_copilot.domain.errors import ForeignReference

URGENT = 10
"""The priority of urgent jobs; that of others is 0."""
INSERT = """
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
VALUES (%(kind)s, %(kind)s, %(priority)s, %(lock)s, %(queueing_lock)s, %(args)s::jsonb, %(at)s)
ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
RETURNING id
"""
# No worker takes a locked row, so that what waits begins after our commit and sees what we have written.
HOLD = "SELECT id FROM procrastinate_jobs WHERE queueing_lock = %(queueing_lock)s AND status = 'todo' FOR SHARE"


@attrs.frozen
class DjangoJobs:
    """The jobs that a unit of work asks for."""

    tenant_id: UUID

    def defer(self, job: Job, *, at: datetime | None = None) -> None:
        """Insert the job, or hold the one that waits already. Raises ForeignReference for a job of another tenant."""
        if job.tenant_id != self.tenant_id:
            raise ForeignReference(job=job.kind, tenant=job.tenant_id)
        row: dict[str, str | int | datetime | None] = {
            # A queue per kind, so that a worker takes only what it has a handler for.
            "kind": job.kind,
            "priority": URGENT if job.urgent else 0,
            # Both locks are unique over all tenants.
            "lock": None if job.one_at_a_time is None else f"{job.tenant_id}:{job.one_at_a_time}",
            "queueing_lock": (
                None if job.only_once_pending is None else f"{job.tenant_id}:{job.kind}:{job.only_once_pending}"
            ),
            "args": json.dumps({"tenant_id": str(job.tenant_id), "arguments": dict(job.arguments)}),
            "at": at,
        }
        with translated(), connections[ALIAS].cursor() as cursor:
            while True:
                cursor.execute(INSERT, row)
                if cursor.fetchone() is not None:
                    return
                cursor.execute(HOLD, row)
                if cursor.fetchone() is not None:
                    return
                # A worker has just taken it, so that there is room for ours.
