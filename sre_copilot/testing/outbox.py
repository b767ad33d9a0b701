"""The outbox and the routing rules in memory."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

import attrs

from sre_copilot.application.ports.outbox import Claim, OutboxFilter
from sre_copilot.domain.errors import AlreadyExists, ConcurrentTransition, NotFound
from sre_copilot.domain.outbox import OutboxEntry, OutboxStatus
from sre_copilot.domain.routing import RoutingRule, Target
from sre_copilot.testing.tables import TenantTables


@attrs.frozen
class InMemoryOutbox:
    """The tenant's outgoing messages. Units of work are serial, so that locks are free."""

    tables: TenantTables

    def sequences(self, incident_id: UUID, *, lock: bool = False) -> Mapping[Target, int]:
        """The highest sequence of an incident at each target that has any."""
        highest: dict[Target, int] = {}
        for entry in self.tables.outbox.values():
            if entry.incident_id == incident_id:
                highest[entry.target] = max(entry.sequence, highest.get(entry.target, 0))
        return highest

    def add(self, entries: Sequence[OutboxEntry]) -> None:
        """Store new messages. Raises ConcurrentTransition for a taken sequence, AlreadyExists for an incident's known id."""
        for entry in entries:
            if entry.incident_id is None:
                self.tables.outbox.setdefault(entry.id, entry)
                continue
            if entry.id in self.tables.outbox:
                raise AlreadyExists(outgoing=entry.id)
            if any(_line(other) == _line(entry) and other.sequence == entry.sequence for other in self._all()):
                raise ConcurrentTransition(sequence=entry.sequence)
            self.tables.outbox[entry.id] = entry

    def claim(self, integration_id: UUID, now: datetime) -> Claim | None:
        """Claim the message of this integration that is due longest."""
        mine = (entry for entry in self._claimable(now) if entry.integration_id == integration_id)
        found = min(mine, key=lambda entry: (entry.due_at, entry.id), default=None)
        if found is None:
            return None
        claimed = self.tables.outbox[found.id] = found.claimed(now)
        sent = [entry for entry in self._all() if _line(entry) == _line(claimed) and entry.sent_at is not None]
        first = min(sent, key=lambda entry: (entry.sent_at, entry.id), default=None)
        return Claim(entry=claimed, thread=first.receipt if first and claimed.incident_id else {})

    def keep(self, entry: OutboxEntry) -> bool:
        """Store what became of a message, unless somebody else has claimed it since."""
        known = self.tables.outbox.get(entry.id)
        if known is None or known.fence != entry.fence:
            return False
        self.tables.outbox[entry.id] = entry
        return True

    def hold(self, integration_id: UUID, until: datetime) -> None:
        """Let all pending messages of an integration wait at least until then."""
        for entry in list(self._all()):
            if entry.integration_id == integration_id and entry.status is OutboxStatus.PENDING:
                self.tables.outbox[entry.id] = attrs.evolve(entry, due_at=max(entry.due_at, until))

    def due(self, now: datetime) -> Sequence[UUID]:
        """Ids of the active integrations that have a message which could be claimed at `now`, sorted."""
        return sorted({entry.integration_id for entry in self._claimable(now)})

    def get(self, message_id: UUID, *, lock: bool = False) -> OutboxEntry:
        """One message. Raises NotFound."""
        if message_id not in self.tables.outbox:
            raise NotFound(outgoing=message_id)
        return self.tables.outbox[message_id]

    def list(self, narrowed: OutboxFilter) -> Sequence[OutboxEntry]:
        """Messages by creation and id, newest first."""
        limit = (narrowed.before, narrowed.before_id or UUID(int=0)) if narrowed.before else None
        wanted = (
            entry
            for entry in sorted(self._all(), key=_place, reverse=True)
            if narrowed.status in (None, entry.status)
            and narrowed.integration_id in (None, entry.integration_id)
            and narrowed.incident_id in (None, entry.incident_id)
            and (limit is None or _place(entry) < limit)
        )
        return list(islice(wanted, narrowed.limit))

    def place(self, channel: str, thread: str) -> tuple[UUID, Target] | None:
        """The incident that people talk about in this thread, and the target whose message opened the thread."""
        fitting = [
            entry for entry in self._all() if entry.thread and (entry.channel, entry.thread) == (channel, thread)
        ]
        first = min(fitting, key=lambda entry: (entry.sent_at, entry.id), default=None)
        return (first.incident_id, first.target) if first and first.incident_id else None

    def _all(self) -> Iterable[OutboxEntry]:
        return self.tables.outbox.values()

    def _claimable(self, now: datetime) -> Iterable[OutboxEntry]:
        pending = [entry for entry in self._all() if entry.status is OutboxStatus.PENDING]
        for entry in pending:
            integration = self.tables.integrations[entry.integration_id]
            first = entry.incident_id is None or not any(
                _line(other) == _line(entry) and other.sequence < entry.sequence for other in pending
            )
            if entry.is_claimable(now) and first and integration.is_active and not integration.health.is_suspended:
                yield entry


def _line(entry: OutboxEntry) -> tuple[Target, UUID | None]:
    return (entry.target, entry.incident_id)


def _place(entry: OutboxEntry) -> tuple[datetime, UUID]:
    return (entry.created_at, entry.id)


@attrs.frozen
class InMemoryRoutes:
    """The tenant's routing rules."""

    tables: TenantTables

    def all(self) -> Sequence[RoutingRule]:
        """Every rule, by name."""
        return sorted(self.tables.routes.values(), key=lambda rule: rule.name)

    def add(self, rule: RoutingRule) -> None:
        """Store a new rule. Raises AlreadyExists."""
        self._check_name(rule)
        self.tables.routes[rule.id] = rule

    def save(self, rule: RoutingRule) -> None:
        """Store a changed rule. Raises NotFound, AlreadyExists."""
        if rule.id not in self.tables.routes:
            raise NotFound(route=rule.id)
        self._check_name(rule)
        self.tables.routes[rule.id] = rule

    def remove(self, rule_id: UUID) -> RoutingRule:
        """Take a rule away and return it. Raises NotFound."""
        if rule_id not in self.tables.routes:
            raise NotFound(route=rule_id)
        return self.tables.routes.pop(rule_id)

    def _check_name(self, rule: RoutingRule) -> None:
        if any(other.name == rule.name for other in self.tables.routes.values() if other.id != rule.id):
            raise AlreadyExists(name=rule.name)
