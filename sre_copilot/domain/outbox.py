"""The outbox: messages that are kept until they were sent, what a try does to them, and when it is tried again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.domain.canonical import content_hash
from sre_copilot.domain.errors import NotDead
from sre_copilot.domain.outbound import Content, Message, Sent
from sre_copilot.domain.routing import Target

MOST_ATTEMPTS = 12
"""A message that failed so often is dead; that is after about 50 minutes."""
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(hours=1)
"""How long a target may make us wait at a time."""
LEASE = timedelta(seconds=15)
"""Whoever claimed a message has it for so long. Who dies with it holds up nobody for longer."""
SENDING = timedelta(seconds=12)
"""How long one try may take; less than the lease."""
ERROR_LENGTH = 500


class OutboxStatus(StrEnum):
    """Where a message stands."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"
    """It failed too often, or for good. What follows it goes on; people can have it tried again."""


@attrs.frozen(kw_only=True)
class OutboxEntry:
    """One message for one target. `sequence` counts from 1 per target and incident and is the order in which they go.

    An entry without an incident waits for no other, its `sequence` is 0. `fence` counts how often it was claimed: what a
    former holder still reports has another number and no effect. `channel` and `thread` are where people talk about
    the incident from this message on, "" where it opened no such place.
    """

    id: UUID
    tenant_id: UUID
    target: Target
    incident_id: UUID | None
    sequence: int
    event: str
    content: Content
    created_at: datetime
    due_at: datetime
    status: OutboxStatus = OutboxStatus.PENDING
    attempts: int = 0
    """How often it was tried and failed."""
    fence: int = 0
    lease_until: datetime | None = None
    last_error: str = ""
    receipt: Mapping[str, Any] = attrs.field(factory=dict)
    channel: str = ""
    thread: str = ""
    sent_at: datetime | None = None

    @property
    def integration_id(self) -> UUID:
        """The target's integration."""
        return self.target.integration_id

    @property
    def key(self) -> str:
        """The idempotency key: the same at every try."""
        return f"msg_{self.id.hex}"

    def is_claimable(self, now: datetime) -> bool:
        """Whether it is due and nobody has it."""
        held = self.lease_until is not None and self.lease_until > now
        return self.status is OutboxStatus.PENDING and self.due_at <= now and not held

    def claimed(self, now: datetime) -> "OutboxEntry":
        """Return it as somebody's who claimed it just now."""
        return attrs.evolve(self, fence=self.fence + 1, lease_until=now + LEASE)

    def message(self, thread: Mapping[str, Any]) -> Message:
        """Return what the target's plugin is given."""
        return Message(
            key=self.key,
            sequence=self.sequence,
            attempt=self.fence,
            address=self.target.address,
            content=self.content,
            created_at=self.created_at,
            thread=thread,
        )

    def sent(self, sent: Sent, at: datetime) -> "OutboxEntry":
        """Return it after it arrived."""
        return attrs.evolve(
            self,
            status=OutboxStatus.SENT,
            lease_until=None,
            last_error="",
            receipt=dict(sent.receipt),
            channel=sent.channel,
            thread=sent.thread,
            sent_at=at,
        )

    def failed(self, error: str, at: datetime) -> "OutboxEntry":
        """Return it after a try that failed: it waits longer each time, and is dead after `MOST_ATTEMPTS`."""
        attempts = self.attempts + 1
        dead = attempts >= MOST_ATTEMPTS
        return attrs.evolve(
            self,
            status=OutboxStatus.DEAD if dead else OutboxStatus.PENDING,
            attempts=attempts,
            lease_until=None,
            due_at=at if dead else at + pause(attempts, seed=self.key),
            last_error=error[:ERROR_LENGTH],
        )

    def refused(self, error: str, at: datetime) -> "OutboxEntry":
        """Return it after a try that can't succeed when repeated: it is dead."""
        return attrs.evolve(
            self,
            status=OutboxStatus.DEAD,
            attempts=self.attempts + 1,
            lease_until=None,
            due_at=at,
            last_error=error[:ERROR_LENGTH],
        )

    def waiting(self, until: datetime, reason: str) -> "OutboxEntry":
        """Return it as it waits until then because the target, or something here, isn't ready; that is no failed attempt."""
        return attrs.evolve(self, lease_until=None, due_at=until, last_error=reason[:ERROR_LENGTH])

    def revived(self, at: datetime) -> "OutboxEntry":
        """Return it with all its attempts before it again. Raises NotDead."""
        if self.status is not OutboxStatus.DEAD:
            raise NotDead(message_id=self.id)
        return attrs.evolve(self, status=OutboxStatus.PENDING, attempts=0, due_at=at, lease_until=None)


def pause(attempts: int, *, seed: str) -> timedelta:
    """Return how long to wait after that many (>= 1) failed attempts: doubled each time, up to `LONGEST_PAUSE`.

    Up to a quarter is taken off, how much depends on the seed, so that what failed together isn't tried together.
    """
    whole: timedelta = min(FIRST_PAUSE * 2 ** min(attempts - 1, 20), LONGEST_PAUSE)
    share = int(content_hash([seed, attempts])[:8], 16) / 0xFFFFFFFF
    return whole * (1 - share / 4)


def wait_of(asked: timedelta | None) -> timedelta:
    """Return how long we wait for a target that asked for this long; within the limits, 30 s where it didn't say."""
    return timedelta(seconds=30) if asked is None else min(max(asked, SHORTEST_WAIT), LONGEST_WAIT)
