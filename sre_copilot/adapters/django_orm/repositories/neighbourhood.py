"""What a process remembers of a tenant's open incidents between batches, so that each reads only what is new.

All of it happens under the tenant's correlation lock: nobody else decides meanwhile, in this process or another. Every
decision has a number in the order of these turns, so that what others decided since is what has a higher one.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from uuid import UUID

import attrs
from psycopg import sql

from sre_copilot.adapters.django_orm import sets
from sre_copilot.adapters.django_orm.arrays import packed
from sre_copilot.adapters.django_orm.repositories.signals import subject_from_row
from sre_copilot.domain.correlation import Candidate
from sre_copilot.domain.lifecycle import OPEN
from sre_copilot.domain.open_incidents import OpenIncidents
from sre_copilot.domain.service_graph import ServiceGraph

MOST_TENANTS = 256
"""Tenants whose open incidents a process remembers."""
OPEN_STATES = [state.value for state in OPEN]
FACTS = (
    sql.SQL(
        """
SELECT i.id, (i.version, i.updated_at)::text, i.created_at, i.detected_at, coalesce(i.last_signal_at, i.created_at),
    EXISTS (SELECT FROM episodes e WHERE e.incident_id = i.id AND e.ended_at IS NULL),
    i.version = 1 AND i.updated_at = i.created_at
FROM incidents i WHERE i.tenant_id = %(tenant)b AND i.state IN ({open}) AND i.created_at BETWEEN %(since)b AND %(until)b
"""
    )
    .format(open=sql.SQL(", ").join(map(sql.Literal, OPEN_STATES)))
    .as_bytes(None)
)
PLACED = """
SELECT id, number, signal_id, incident_id FROM correlation_decisions
WHERE tenant_id = %(tenant)b AND number > %(number)b ORDER BY number
"""
SAID = """
SELECT s.id, s.severity, s.service_name, s.normalized_data::text, coalesce(e.started_at, s.timestamp)
FROM signals s LEFT JOIN episodes e ON e.id = s.episode_id
WHERE s.tenant_id = %(tenant)b AND s.id = ANY (%(signals)b::uuid[])
"""
LATEST = "SELECT coalesce(max(number), 0) FROM correlation_decisions WHERE tenant_id = %(tenant)b"


@attrs.define(eq=False)
class Neighbourhood:
    """The open incidents of one tenant as this process knows them, and the services around them.

    `services` are names that are stored for good; `graph` is the service graph, and the mark that it had.
    """

    tenant_id: UUID
    services: set[str] = attrs.field(factory=set, init=False)
    graph: tuple[str, ServiceGraph] = attrs.field(factory=lambda: ("", ServiceGraph()), init=False)
    _index: OpenIncidents = attrs.field(factory=OpenIncidents, init=False)
    _marks: dict[UUID, str] = attrs.field(factory=dict, init=False)
    _number: int | None = attrs.field(default=None, init=False)
    _own: set[UUID] = attrs.field(factory=set, init=False)
    _in_use: bool = attrs.field(default=False, init=False)

    def open_incidents(
        self, since: datetime, until: datetime, load: Callable[[Collection[UUID]], Sequence[Candidate]]
    ) -> OpenIncidents:
        """The incidents that are open and were opened in between; `load` reads those that are not known yet."""
        others = self._placed_by_others()
        # From here on: what breaks in between leaves incidents without their members.
        self._in_use = True
        facts = sets.ask(FACTS, {"tenant": self.tenant_id, "since": since, "until": until})
        # Also what was opened here and is closed by now: it was never among these facts.
        self._forget(self._index.ids - {row[0] for row in facts})
        # Also where people changed something (their words, its place), or late signals what its episodes begin with.
        # What was opened here has no mark yet.
        stale = [
            row[0]
            for row in facts
            if row[0] not in self._index or self._marks.get(row[0], row[1] if row[6] else "") != row[1]
        ]
        self._forget(stale)
        for incident_id, mark, opened_at, detected_at, last_signal_at, is_going_on, _ in facts:
            self._marks[incident_id] = mark
            self._index.see(
                incident_id,
                opened_at=opened_at,
                detected_at=detected_at,
                last_signal_at=last_signal_at,
                has_open_episode=is_going_on,
            )
        if stale:
            for candidate in load(stale):
                for member in candidate.members:
                    self._index.join(candidate.incident_id, member)
        self._join({signal_id: one for signal_id, one in others.items() if one in self._index and one not in stale})
        return self._index

    def decided(self, decisions: Iterable[UUID]) -> None:
        """Note that decisions with these ids were stored, as far as the unit of work goes."""
        self._own |= set(decisions)
        self._in_use = False

    def _placed_by_others(self) -> dict[UUID, UUID]:
        """Where signals were placed since the last look, by others. What was rolled back here is forgotten."""
        if self._number is not None:
            rows = sets.ask(PLACED, {"tenant": self.tenant_id, "number": self._number})
            # Told by their own ids: others decide again about a signal that was silenced, or had to wait, here.
            if not self._in_use and self._own <= {row[0] for row in rows}:
                placed = {
                    signal_id: one
                    for decision_id, _, signal_id, one in rows
                    if one is not None and decision_id not in self._own
                }
                self._own.clear()
                self._number = max((row[1] for row in rows), default=self._number)
                return placed
        self._index, self._marks, self._own, self._number = OpenIncidents(), {}, set(), None
        ((self._number,),) = sets.ask(LATEST, {"tenant": self.tenant_id})
        return {}

    def _join(self, homes: Mapping[UUID, UUID]) -> None:
        if not homes:
            return
        asked = {"tenant": self.tenant_id, "signals": packed("uuid", list(homes))}
        for signal_id, severity, service, said, at in sets.ask(SAID, asked):
            row = {"severity": severity, "service_name": service, "normalized_data": said, "started_at": at}
            self._index.join(homes[signal_id], subject_from_row(row))

    def _forget(self, incident_ids: Iterable[UUID]) -> None:
        for incident_id in incident_ids:
            self._index.forget(incident_id)
            self._marks.pop(incident_id, None)


@attrs.frozen
class Neighbourhoods:
    """What this process remembers of the tenants that it heard of last. Thread-safe."""

    most: int = MOST_TENANTS
    _known: OrderedDict[UUID, Neighbourhood] = attrs.field(factory=OrderedDict, init=False)
    _guard: Lock = attrs.field(factory=Lock, init=False)

    def of(self, tenant_id: UUID) -> Neighbourhood:
        """The neighbourhood of a tenant."""
        with self._guard:
            found = self._known.get(tenant_id)
            if found is None:
                found = self._known[tenant_id] = Neighbourhood(tenant_id)
            self._known.move_to_end(tenant_id)
            while len(self._known) > self.most:
                self._known.popitem(last=False)
            return found
