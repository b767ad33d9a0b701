"""What the database holds of a tenant, read as its superuser, whom no row security keeps from anything."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import attrs
import psycopg

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from tests.e2e.installation import Installation
from tests.faults.expected import StoredSignal

SIGNALS = """
    SELECT id, coalesce(vendor_id, ''), delivery_id, fingerprint, coalesce(service_name, ''), status, occurred_at, ordinal,
           decision, is_duplicate, original_signal_id, episode_id, incident_id
    FROM signals WHERE tenant_id = %s"""
DELIVERIES = "SELECT id, coalesce(vendor_id, ''), body, status, receipt FROM deliveries WHERE tenant_id = %s"
EPISODES = "SELECT id, fingerprint, original_id, started_at, ended_at, incident_id FROM episodes WHERE tenant_id = %s"
INCIDENTS = "SELECT id, service_name, state, transition_count FROM incidents WHERE tenant_id = %s"
TRANSITIONS = """
    SELECT incident_id, sequence, from_state, to_state FROM incident_state_transitions
    WHERE tenant_id = %s ORDER BY incident_id, sequence"""
AUDIT = """
    SELECT resource_id, event_type FROM audit_logs
    WHERE tenant_id = %s AND resource_type = 'incident' AND event_type LIKE 'incident.%%'"""
DECISIONS = "SELECT incident_id, signal_id, outcome FROM correlation_decisions WHERE tenant_id = %s"
LOOSE = {
    "a series has two rows": """
        SELECT fingerprint FROM series WHERE tenant_id = %s GROUP BY fingerprint HAVING count(*) > 1""",
    "a series has signals and no row": """
        SELECT DISTINCT fingerprint FROM signals g WHERE tenant_id = %s AND NOT EXISTS
        (SELECT FROM series s WHERE s.tenant_id = g.tenant_id AND s.fingerprint = g.fingerprint)""",
    "an incident was opened and nobody was to diagnose it": """
        SELECT id FROM incidents i WHERE tenant_id = %s AND NOT EXISTS
        (SELECT FROM procrastinate_jobs j WHERE j.args->'arguments'->>'incident_id' = i.id::text)
        AND NOT EXISTS (SELECT FROM diagnoses d WHERE d.incident_id = i.id)""",
}
"""What there must be no row of."""
OPENED = ("opened", "opened_recurrence")
LIFECYCLE = ("acknowledged", "investigating", "mitigated", "resolved", "inconclusive", "learned")


@attrs.frozen(kw_only=True)
class StoredDelivery:
    """A row of the ledger of deliveries."""

    id: UUID
    vendor_id: str
    body: bytes = attrs.field(converter=bytes)
    status: str
    receipt: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class StoredEpisode:
    """An episode's row."""

    id: UUID
    fingerprint: str
    original_id: UUID
    started_at: datetime
    ended_at: datetime | None
    incident_id: UUID | None


@attrs.frozen(kw_only=True)
class StoredIncident:
    """An incident's row."""

    id: UUID
    service: str
    state: str
    transition_count: int


@attrs.frozen(kw_only=True)
class Stored:
    """Everything that the oracle looks at."""

    deliveries: Sequence[StoredDelivery]
    signals: Sequence[StoredSignal]
    episodes: Sequence[StoredEpisode]
    incidents: Sequence[StoredIncident]
    transitions: Mapping[UUID, Sequence[tuple[int, str, str]]]
    audit: Counter[tuple[UUID, str]]
    decisions: Sequence[tuple[UUID | None, UUID, str]]
    loose: Sequence[str]

    @classmethod
    def of(cls, installation: Installation, tenant_id: UUID) -> Self:
        """Read it. The embedded database is started where it doesn't run."""
        database = EmbeddedPostgres(installation.data_folder)
        database.start()
        with psycopg.connect(database.superuser_url("sre_copilot")) as db:
            return cls.read(db, tenant_id)

    @classmethod
    def read(cls, db: "psycopg.Connection[Any]", tenant_id: UUID) -> Self:
        """Read it by a connection, as of one moment."""
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

        def rows(query: str) -> list[Any]:
            return db.execute(query.encode(), [tenant_id]).fetchall()

        def made(kind: Any, query: str) -> list[Any]:
            names = [field.name for field in attrs.fields(kind)]
            return [kind(**dict(zip(names, row, strict=True))) for row in rows(query)]

        transitions: dict[UUID, list[tuple[int, str, str]]] = defaultdict(list)
        for incident_id, *step in rows(TRANSITIONS):
            transitions[incident_id].append((step[0], step[1], step[2]))
        return cls(
            deliveries=made(StoredDelivery, DELIVERIES),
            signals=made(StoredSignal, SIGNALS),
            episodes=made(StoredEpisode, EPISODES),
            incidents=made(StoredIncident, INCIDENTS),
            transitions=transitions,
            audit=Counter((incident_id, event) for incident_id, event in rows(AUDIT)),
            decisions=[(row[0], row[1], row[2]) for row in rows(DECISIONS)],
            loose=[f"{what}: {row[0]}" for what, query in LOOSE.items() for row in rows(query)],
        )

    def half_states(self) -> Iterator[str]:
        """What a crash between two writes would leave."""
        yield from self.loose
        known = {incident.id for incident in self.incidents}
        for incident in self.incidents:
            yield from self._half_told(incident)
        opened = Counter(incident_id for incident_id, _, outcome in self.decisions if outcome in OPENED)
        signals = {signal.id for signal in self.signals}
        for incident_id in known:
            if opened[incident_id] != 1:
                yield f"incident {incident_id} was opened by {opened[incident_id]} decisions"
        for home, signal_id, outcome in self.decisions:
            if signal_id not in signals or (home is not None and home not in known):
                yield f"a decision ({outcome}) is about signal {signal_id} and incident {home}, not both are there"
        for incident_id in {*self.transitions, *(one for one, _ in self.audit)} - known:
            yield f"the log or the audit names the incident {incident_id}, which is not there"
        homes = {signal.incident_id for signal in self.signals}
        for incident_id in known - homes:
            yield f"incident {incident_id} has no signal"

    def _half_told(self, incident: StoredIncident) -> Iterator[str]:
        steps = self.transitions.get(incident.id, [])
        name = f"incident {incident.id} of {incident.service}"
        if [place for place, _, _ in steps] != list(range(1, incident.transition_count + 1)):
            yield f"{name} counts {incident.transition_count} transitions, its log has {[row[0] for row in steps]}"
            return
        if not steps or steps[0][1:] != ("", "detected") or steps[-1][2] != incident.state:
            yield f"{name} is {incident.state}, its log says {steps}"
        wanted = Counter(to_state for _, from_state, to_state in steps if from_state)
        told = Counter({state: self.audit[incident.id, f"incident.{state}"] for state in LIFECYCLE})
        if self.audit[incident.id, "incident.opened"] != 1 or +told != wanted:
            yield f"{name} has the transitions {steps}, the audit has {dict(told)}"
