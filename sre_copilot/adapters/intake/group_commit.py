"""Group commit: deliveries of one tenant that come at the same time share a transaction.

The first caller takes its own delivery in at once. Whoever comes meanwhile waits in the tenant's queue; when the first
is done, one of those takes in all that wait, and so on. So a lone delivery is not delayed, and the busier a tenant is
the larger its batches are. Tenants don't wait for each other.

Where a batch breaks in a way that nobody foresaw, whoever led it is told; each of the others is taken in once more, by
itself and in its caller's thread, so that one bad delivery does not keep all of them out.
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
    """One delivery that waits, and what became of it: None as long as it is in no batch, and where its batch broke.

    Its lock opens when its batch is done, or when it is its turn to lead.
    """

    arrived: Arrived
    outcome: Outcome | None = None
    opens: threading.Lock = attrs.field(factory=threading.Lock)

    def __attrs_post_init__(self) -> None:
        self.opens.acquire()


@attrs.define(eq=False)
class Queue:
    """What waits of one tenant, how many are inside with those being taken in, and how many were in the last batch."""

    waiting: deque[Ticket] = attrs.field(factory=deque)
    inside: int = 0
    leader: Ticket | None = None
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
        tenant_id = arrived.actor.tenant_id
        queue, ticket = self._queue(tenant_id), Ticket(arrived)
        with queue.grown:
            if queue.inside >= self._most_at_once:
                raise TenantBusy
            queue.inside += 1
            queue.waiting.append(ticket)
            queue.leader = queue.leader or ticket
            queue.grown.notify()
        try:
            if queue.leader is not ticket:
                ticket.opens.acquire()
            if queue.leader is ticket:
                self._lead(queue, tenant_id)
            outcome = ticket.outcome
            if outcome is None:
                (outcome,) = self._take_in(tenant_id, [arrived])
        finally:
            self._leave(queue, ticket)
        if isinstance(outcome, Receipt):
            return outcome
        raise outcome

    def _queue(self, tenant_id: UUID) -> Queue:
        with self._guard:
            return self._queues.setdefault(tenant_id, Queue())

    def _lead(self, queue: Queue, tenant_id: UUID) -> None:
        """Take in what waits, and answer it. The leader's own delivery is the first of its batch."""
        batch = self._batch(queue)
        try:
            outcomes = self._take_in(tenant_id, [one.arrived for one in batch])
            for ticket, outcome in zip(batch, outcomes, strict=True):
                ticket.outcome = outcome
        finally:
            queue.last = len(batch)
            for ticket in batch[1:]:
                ticket.opens.release()

    def _leave(self, queue: Queue, ticket: Ticket) -> None:
        """Make room, and hand the lead on. Nobody may be left waiting for one whose thread was interrupted."""
        with queue.grown:
            queue.inside -= 1
            if ticket.outcome is None and ticket in queue.waiting:
                queue.waiting.remove(ticket)
            if queue.leader is ticket:
                queue.leader = queue.waiting[0] if queue.waiting else None
                if queue.leader is not None:
                    queue.leader.opens.release()

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
