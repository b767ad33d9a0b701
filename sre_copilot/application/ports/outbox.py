"""The outbox, and the rules that say who is told what."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import attrs

from sre_copilot.domain.outbox import OutboxEntry, OutboxStatus
from sre_copilot.domain.routing import RoutingRule, Target


@attrs.frozen(kw_only=True)
class OutboxFilter:
    """Which messages a list is to hold: newest first, those created before `before` (and `before_id` of that time)."""

    status: OutboxStatus | None = None
    integration_id: UUID | None = None
    incident_id: UUID | None = None
    before: datetime | None = None
    before_id: UUID | None = None
    limit: int = 50


@attrs.frozen(kw_only=True)
class Claim:
    """A message that is ours until its lease ends. `thread` is the receipt of the first message of its incident there."""

    entry: OutboxEntry
    thread: Mapping[str, Any] = attrs.field(factory=dict)


class Outbox(Protocol):
    """The tenant's outgoing messages."""

    @abstractmethod
    def sequences(self, incident_id: UUID, *, lock: bool = False) -> Mapping[Target, int]:
        """The highest sequence of an incident at each target that has any.

        With `lock` nobody else adds to them, nor changes the incident, until the unit of work ends.
        """

    @abstractmethod
    def add(self, entries: Sequence[OutboxEntry]) -> None:
        """Store new messages. One without an incident whose id is known already is left out.

        Raises ConcurrentTransition for a taken sequence.
        """

    @abstractmethod
    def claim(self, integration_id: UUID, now: datetime) -> Claim | None:
        """Claim the message of this integration that is due longest, or return None.

        One that somebody else has, or is just claiming, is passed over; so is one before which another of the same
        target and incident is still pending.
        """

    @abstractmethod
    def keep(self, entry: OutboxEntry) -> bool:
        """Store what became of a message, unless somebody else has claimed it since; return whether it was stored."""

    @abstractmethod
    def hold(self, integration_id: UUID, until: datetime) -> None:
        """Let all pending messages of an integration wait at least until then."""

    @abstractmethod
    def due(self, now: datetime) -> Sequence[UUID]:
        """Ids of the active integrations that have a message which could be claimed at `now`, sorted."""

    @abstractmethod
    def get(self, message_id: UUID, *, lock: bool = False) -> OutboxEntry:
        """One message; with `lock`, nobody else gets it so before the unit of work ends. Raises NotFound."""

    @abstractmethod
    def list(self, narrowed: OutboxFilter) -> Sequence[OutboxEntry]:
        """Messages by creation and id, newest first."""

    @abstractmethod
    def place(self, channel: str, thread: str) -> tuple[UUID, Target] | None:
        """The incident that people talk about in this thread, and the target whose message opened the thread, or None."""


class Routes(Protocol):
    """The tenant's routing rules."""

    @abstractmethod
    def all(self) -> Sequence[RoutingRule]:
        """Every rule, by name. Asked of the database once per unit of work."""

    @abstractmethod
    def add(self, rule: RoutingRule) -> None:
        """Store a new rule. Raises AlreadyExists where the name is taken in the tenant."""

    @abstractmethod
    def save(self, rule: RoutingRule) -> None:
        """Store a changed rule. Raises NotFound, AlreadyExists."""

    @abstractmethod
    def remove(self, rule_id: UUID) -> RoutingRule:
        """Take a rule away and return it. Raises NotFound."""
