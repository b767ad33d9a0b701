"""Jobs: what is to be done later, outside of the unit of work that asks for it."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import attrs

ATTEMPTS = 8
"""How often a job is tried before it is dead."""
HEARTBEAT = timedelta(seconds=3)
"""How often a worker shows a sign of life."""
SILENCE = timedelta(seconds=12)
"""How long a worker has been silent that is taken for dead."""
KIND_LENGTH = 40
"""The longest name of a kind; workers listen on channels of that name, which PostgreSQL keeps short."""


@attrs.frozen(kw_only=True)
class Job:
    """What to do for which tenant. A job may run more than once, so what it does must bear repetition.

    `arguments` are ids and numbers, never personal data or secrets. Of the waiting and running jobs of a tenant with the
    same `one_at_a_time` at most one runs, in the order in which they were deferred. While a job of the same tenant,
    kind and `only_once_pending` waits, deferring another one does nothing.
    """

    kind: str = attrs.field(validator=attrs.validators.max_len(KIND_LENGTH))
    tenant_id: UUID
    arguments: Mapping[str, str | int] = attrs.field(factory=dict)
    one_at_a_time: str | None = None
    only_once_pending: str | None = None
    urgent: bool = False
    """Whether it goes before what is not."""


class JobState(StrEnum):
    """Where a job stands. One that succeeded is gone."""

    WAITING = "waiting"
    RUNNING = "running"
    DEAD = "dead"


@attrs.frozen(kw_only=True)
class QueuedJob:
    """A job as the queue has it."""

    id: int
    job: Job
    state: JobState
    attempts: int
    """How often it was tried and failed."""
    not_before: datetime | None = None
    """When it is due, None for at once."""
    since: datetime
    """When it came into this state."""
    last_error: str = ""
    """What the last attempt failed of: the code of an error of ours, else the name of its class."""


Handler = Callable[[Job], None]
"""Does what a job of one kind says. What it raises is a failed attempt."""


class Jobs(Protocol):
    """The way of a unit of work to ask for something later."""

    @abstractmethod
    def defer(self, job: Job, *, at: datetime | None = None) -> None:
        """Have the job run after the unit was committed, not before `at`; a rollback drops it.

        Where `only_once_pending` finds one waiting, that one is sure to begin after this unit's commit.
        Raises ForeignReference for a job of another tenant than the unit's.
        """


class JobQueue(Protocol):
    """All jobs, whichever their tenant: for whoever operates the installation."""

    @abstractmethod
    def unfinished(self, limit: int) -> Sequence[QueuedJob]:
        """What runs and waits, in the order in which it runs, at most `limit`."""

    @abstractmethod
    def dead(self, limit: int) -> Sequence[QueuedJob]:
        """What failed as often as it may, the latest first, at most `limit`."""

    @abstractmethod
    def get(self, job_id: int) -> QueuedJob:
        """One job, whatever its state. Raises NotFound, also for one that has succeeded."""

    @abstractmethod
    def retry(self, job_id: int) -> QueuedJob:
        """Let a dead job wait again, with all its attempts before it, and return it. Raises NotFound where it isn't dead.

        Within a unit of work it is retried with the unit's commit.
        """

    @abstractmethod
    def take_over(self, *, silent_for: timedelta) -> int:
        """Let jobs wait again whose worker has shown no sign of life for that long; return how many.

        What the silent worker still reports of them has no effect. One that has used up its attempts is dead.
        """
