"""Group commit: deliveries of one tenant that come at the same time share a transaction.

The first caller takes its own delivery in at once. Whoever comes meanwhile waits in the tenant's queue; when the first
is done, one of those takes in all that wait, and so on. So a lone delivery is not delayed, and the busier a tenant is
the larger its batches are. Tenants don't wait for each other.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from uuid import UUID

import attrs

from sre_copilot.application.ports.intake import Arrived
from sre_copilot.application.taking_in import Outcome
from sre_copilot.domain.deliveries import Receipt
from sre_copilot.domain.errors import TenantBusy

MOST_AT_ONCE = 1_000
"""Deliveries of one tenant that are being taken in, or wait for that, in one process."""
MOST_SIGNALS = 2_000
"""Signals that one transaction takes in; a delivery is never split."""
MOST_BYTES = 8 * 1024 * 1024
"""Bytes of bodies that one transaction takes in."""
LINGER = 0.002
"""Seconds that a batch waits for those who took part in the one before: they have just been answered."""

TakeIn = Callable[[UUID, Sequence[Arrived]], Sequence[Outcome]]


@attrs.define(eq=False)
class Ticket:
    """One delivery that waits, and what became of it. Its lock opens when it is done, or when it is its turn to lead."""

    arrived: Arrived
    outcome: Outcome | BaseException | None = None
    opens: threading.Lock = attrs.field(factory=threading.Lock)

    def __attrs_post_init__(self) -> None:
        self.opens.acquire()


@attrs.define(eq=False)
class Queue:
    """What waits of one tenant, how many are inside with those being taken in, and how many were in the last batch."""

    waiting: deque[Ticket] = attrs.field(factory=deque)
    inside: int = 0
    leads: bool = False
    last: int = 0
    grown: threading.Condition = attrs.field(factory=threading.Condition)


@attrs.define(eq=False)
class GroupCommit:
    """The intake of one process. Thread-safe."""

    _take_in: TakeIn
    _most_at_once: int = MOST_AT_ONCE
    _linger: float = LINGER
    _guard: threading.Lock = attrs.field(factory=threading.Lock, init=False)
    _queues: dict[UUID, Queue] = attrs.field(factory=dict, init=False)

    def take_in(self, arrived: Arrived) -> Receipt:
        """Return the receipt once the delivery is durable. Raises TenantBusy and whatever taking it in raises."""
        queue, ticket = self._queue(arrived.actor.tenant_id), Ticket(arrived)
        with queue.grown:
            if queue.inside >= self._most_at_once:
                raise TenantBusy
            queue.inside += 1
            queue.waiting.append(ticket)
            follows, queue.leads = queue.leads, True
            queue.grown.notify()
        if follows:
            ticket.opens.acquire()
        if ticket.outcome is None:
            self._lead(queue, arrived.actor.tenant_id)
        outcome = ticket.outcome
        if isinstance(outcome, BaseException):
            raise outcome
        assert outcome is not None
        return outcome

    def _queue(self, tenant_id: UUID) -> Queue:
        with self._guard:
            return self._queues.setdefault(tenant_id, Queue())

    def _lead(self, queue: Queue, tenant_id: UUID) -> None:
        """Take in what waits, answer it, and hand the lead on. The leader's own delivery is the first of its batch."""
        batch = self._batch(queue)
        try:
            outcomes: Sequence[Outcome | BaseException] = self._take_in(tenant_id, [one.arrived for one in batch])
            assert len(outcomes) == len(batch)
        except BaseException as error:
            outcomes = [error] * len(batch)
            raise
        finally:
            for ticket, outcome in zip(batch, outcomes, strict=True):
                ticket.outcome = outcome
            with queue.grown:
                queue.last = len(batch)
                queue.inside -= len(batch)
                heir = queue.waiting[0] if queue.waiting else None
                queue.leads = heir is not None
            for ticket in batch[1:]:
                ticket.opens.release()
            if heir is not None:
                heir.opens.release()

    def _batch(self, queue: Queue) -> list[Ticket]:
        batch: list[Ticket] = []
        signals = size = 0
        with queue.grown:
            until = time.monotonic() + self._linger
            while 1 < queue.last > len(queue.waiting) and (left := until - time.monotonic()) > 0:
                queue.grown.wait(left)
            while queue.waiting:
                arrived = queue.waiting[0].arrived
                signals += len(arrived.entries)
                size += len(arrived.delivery.body)
                if batch and (signals > MOST_SIGNALS or size > MOST_BYTES):
                    break
                batch.append(queue.waiting.popleft())
        return batch
