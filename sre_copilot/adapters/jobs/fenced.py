"""Reporting how a job ended: only whoever still has it is heard, and it is reported until the database has it."""

import asyncio
import logging
from datetime import datetime
from typing import Any, LiteralString

from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as StoredJob
from procrastinate.jobs import Status
from procrastinate.manager import JobManager

from sre_copilot.adapters.jobs.attempts import Attempts, fields_of

DONE: LiteralString = """
DELETE FROM procrastinate_jobs
WHERE id = %(job)s AND status = 'doing' AND attempts = %(attempt)s AND (worker_id = %(worker)s OR worker_id IS NULL)
RETURNING 'done' AS outcome
"""
FAILED: LiteralString = (
    "SELECT sre_copilot_job_failed(%(job)s, %(attempt)s, %(worker)s, %(again_at)s, %(reason)s) AS outcome"
)
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
"""Seconds between two reports where the database is away."""

log = logging.getLogger(__name__)


class FencedJobManager(JobManager):
    """Procrastinate's, which would believe a worker that was taken for dead, and forget a job whose report failed."""

    def __init__(self, connector: BaseConnector, attempts: Attempts) -> None:
        super().__init__(connector)
        self._attempts = attempts

    async def finish_job(self, job: StoredJob, status: Status, delete_job: bool) -> None:
        """Remove a job that succeeded; one that failed is dead, and stays."""
        if status is Status.SUCCEEDED:
            await self._report(job, DONE)
        else:
            await self._report(job, FAILED, again_at=None, reason=self._attempts.error_of(job))

    async def retry_job(
        self,
        job: StoredJob,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Let a job wait that failed."""
        await self._report(job, FAILED, again_at=retry_at, reason=self._attempts.error_of(job))

    async def _report(self, job: StoredJob, query: LiteralString, **said: Any) -> None:
        """Tell the database, however long it is away. The attempt's number is the fence, so that telling twice is harmless."""
        pause = SHORTEST_PAUSE
        while True:
            try:
                rows = await self.connector.execute_query_all_async(
                    query, job=job.id, attempt=job.attempts, worker=job.worker_id, **said
                )
            except ConnectorException:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            if not rows or rows[0]["outcome"] == "lost":
                log.warning(
                    "job was taken over by another worker; how it ended here does not count", extra=fields_of(job)
                )
            return
