"""All jobs, whichever their tenant. What changes one joins the transaction that is open, if any."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import attrs
from django.db import connections

from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.renewing import renewing
from sre_copilot.adapters.django_orm.repositories.jobs import URGENT
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.application.ports.jobs import ATTEMPTS, Job, JobState, QueuedJob
from sre_copilot.domain.errors import NotFound

STATES = {"todo": JobState.WAITING, "doing": JobState.RUNNING, "failed": JobState.DEAD}
COLUMNS = """
id, task_name, args::text, lock, queueing_lock, priority, status::text, attempts, scheduled_at, (
    SELECT coalesce(max(at), now()) FROM procrastinate_events event
    WHERE event.job_id = job.id AND event.type NOT IN ('scheduled', 'abort_requested')
)
"""
UNFINISHED = f"""
SELECT {COLUMNS} FROM procrastinate_jobs job WHERE status IN ('doing', 'todo')
ORDER BY status = 'doing' DESC, priority DESC, id LIMIT %s
"""  # noqa: S608 - only our own column names are put in
GET = f"SELECT {COLUMNS} FROM procrastinate_jobs job WHERE id = %s"  # noqa: S608
DEAD = f"SELECT {COLUMNS} AS since FROM procrastinate_jobs job WHERE status = 'failed' ORDER BY since DESC, id DESC LIMIT %s"  # noqa: S608
# Without its queueing lock: another one may have been deferred meanwhile, and waits.
RETRY = f"""
UPDATE procrastinate_jobs job
SET status = 'todo', attempts = 0, scheduled_at = NULL, queueing_lock = NULL, worker_id = NULL
WHERE id = %s AND status = 'failed' RETURNING {COLUMNS}
"""  # noqa: S608


@attrs.frozen
class DjangoJobQueue:
    """All jobs, on this thread's connection."""

    def unfinished(self, limit: int) -> Sequence[QueuedJob]:
        """What runs and waits, in the order in which it runs."""
        return [_queued(row) for row in _asked(UNFINISHED, limit)]

    def dead(self, limit: int) -> Sequence[QueuedJob]:
        """What failed as often as it may, the latest first."""
        return [_queued(row) for row in _asked(DEAD, limit)]

    def get(self, job_id: int) -> QueuedJob:
        """One job. Raises NotFound."""
        return _the_one(_asked(GET, job_id), job_id)

    def retry(self, job_id: int) -> QueuedJob:
        """Let a dead job wait again. Raises NotFound."""
        return _the_one(_asked(RETRY, job_id), job_id)

    def take_over(self, *, silent_for: timedelta) -> int:
        """Let jobs of silent workers wait again; return how many."""
        ((count,),) = _asked("SELECT sre_copilot_take_over_jobs(%s, %s)", silent_for, ATTEMPTS)
        return int(count)


def _asked(statement: str, *given: Any) -> list[tuple[Any, ...]]:
    def ask() -> list[tuple[Any, ...]]:
        with connections[ALIAS].cursor() as cursor:
            cursor.execute(statement, given)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    with translated():
        return renewing(ask)


def _the_one(rows: list[tuple[Any, ...]], job_id: int) -> QueuedJob:
    if not rows:
        raise NotFound(job=job_id)
    return _queued(rows[0])


def _queued(row: tuple[Any, ...]) -> QueuedJob:
    number, kind, args, lock, queueing_lock, priority, status, attempts, scheduled_at, since = row
    said = json.loads(args)
    tenant = said["tenant_id"]
    return QueuedJob(
        id=number,
        job=Job(
            kind=kind,
            tenant_id=UUID(tenant),
            arguments=said["arguments"],
            one_at_a_time=lock and lock.removeprefix(f"{tenant}:"),
            only_once_pending=queueing_lock and queueing_lock.removeprefix(f"{tenant}:{kind}:"),
            urgent=priority >= URGENT,
        ),
        state=STATES[status],
        attempts=attempts,
        not_before=scheduled_at,
        since=since,
        last_error=said.get("last_error", ""),
    )
