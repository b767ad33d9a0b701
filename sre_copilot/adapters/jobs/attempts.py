"""Attempts at jobs: what a failed one leaves behind, and when the next one is."""

import logging
import random
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

import attrs
from procrastinate.jobs import Job as StoredJob
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from sre_copilot.application.ports.jobs import ATTEMPTS
from sre_copilot.domain.errors import CopilotError

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)

log = logging.getLogger(__name__)


def pause_after(tried: int, chance: float) -> timedelta:
    """How long a job rests that failed for the `tried`th time: twice as long each time, times 0.5 to 1.5 by `chance` in [0, 1].

    Chance keeps what failed together from being tried together again.
    """
    pause: timedelta = min(FIRST_PAUSE * 2 ** min(tried - 1, 20), LONGEST_PAUSE)
    return pause * (0.5 + chance)


def error_code(error: BaseException) -> str:
    """The code of an error of ours, else the name of its class: what it says may be anybody's secret."""
    return error.code if isinstance(error, CopilotError) else type(error).__name__


def whereabouts(error: BaseException) -> list[str]:
    """Where an error came from, file, line and function from the outside in; nothing of what it says."""
    found, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found


def fields_of(job: StoredJob) -> dict[str, Any]:
    """What a line of the log says of a job."""
    return {"job": job.id, "kind": job.task_name, "tenant": job.task_kwargs.get("tenant_id")}


@attrs.frozen
class Attempts(BaseRetryStrategy):
    """Decides whether a failed job is tried again, and keeps what it failed of until that is stored. Thread-safe."""

    _errors: dict[int, str] = attrs.field(factory=dict)
    _lock: Lock = attrs.field(factory=Lock, eq=False, repr=False)

    def get_retry_decision(self, *, exception: BaseException, job: StoredJob) -> RetryDecision | None:
        """When to try again; None where it has been tried often enough."""
        tried = job.attempts + 1
        with self._lock:
            self._errors[job.id or 0] = error_code(exception)
        said = {**fields_of(job), "attempt": tried, "error": error_code(exception)}
        if not isinstance(exception, CopilotError):
            said["where"] = whereabouts(exception)
        if tried >= ATTEMPTS:
            log.error("job is dead; look at `sre-copilot jobs list --dead`", extra=said)
            return None
        pause = pause_after(tried, random.random())
        log.warning("job failed", extra={**said, "again_in_seconds": round(pause.total_seconds(), 1)})
        return RetryDecision(retry_at=datetime.now(UTC) + pause)

    def error_of(self, job: StoredJob) -> str:
        """What the attempt failed of; forgotten once it was asked for."""
        with self._lock:
            return self._errors.pop(job.id or 0, "unknown")
