"""A large tenant among many small ones: a year and a bit of incidents, with what belongs to them.

Rows come in the order of time, the tenants mixed as they would be, with ids that sort by time. Secondary indexes are made
after the rows.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import attrs
import psycopg

from sre_copilot.adapters.django_orm import setup
from sre_copilot.adapters.system import new_id
from sre_copilot.domain.actors import Role
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.tenants import Tenant, User
from sre_copilot.testing.builders import make_integration, make_user

Database = psycopg.Connection[tuple[object, ...]]
NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)
SPAN = timedelta(weeks=54)
SMALL = 50
"""Tenants beside the large one."""
LARGE_SHARE = 80
"""Of a hundred rows, how many are the large tenant's."""
CROWD = 300
"""More signals of the newest incident than of others: its page is the large one."""
SIGNALS = 5
"""Signals of an incident where nobody says otherwise."""

PREPARE = """
CREATE FUNCTION pg_temp.made_at(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(r, 1, 3) || '8' || substr(r, 4, 15))::uuid
    FROM (SELECT md5(random()::text) AS r) made $$;
SET session_replication_role = replica;
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
SELECT setseed(0.5);
"""
INCIDENTS = """
CREATE TEMP TABLE made AS
SELECT n, %(now)s - (%(count)s - n) * (%(span)s / %(count)s) AS at, pg_temp.made_at(%(now)s - (%(count)s - n) * (%(span)s / %(count)s)) AS id,
    pg_temp.made_at(%(now)s - (%(count)s - n) * (%(span)s / %(count)s)) AS original,
    CASE WHEN n = %(count)s OR abs(hashint4(n)) %% 100 < %(share)s THEN 0 ELSE 1 + abs(hashint4(n)) %% %(small)s END AS place,
    'service-' || abs(hashint4(n + 7)) %% 40 AS service,
    (ARRAY['critical', 'high', 'high', 'high', 'medium', 'medium', 'low', 'info'])[1 + abs(hashint4(n + 3)) %% 8] AS severity,
    n > %(count)s - 200 OR n %% 5000 = 0 AS is_open,
    60 * exp(4 * random()) * interval '1 second' AS until_acknowledged,
    600 * exp(5 * random()) * interval '1 second' AS until_resolved
FROM generate_series(1, %(count)s) n;
INSERT INTO incidents (id, tenant_id, title, description, service_name, service_environment, state, severity, detected_at,
    acknowledged_at, acknowledged_by_person, resolved_at, resolution, created_at, updated_at, last_signal_at,
    user_impact_description, slo_breached, root_cause, resolution_summary, tags, metadata, resolved_automatically,
    severity_overridden, declared, version, transition_count, reopen_count, recurrence_count)
SELECT m.id, t.id, 'HighErrorRate on ' || service, 'More than 5 percent of requests fail.', service, 'production',
    CASE WHEN is_open THEN 'detected' ELSE 'resolved' END, severity, at,
    CASE WHEN NOT is_open AND n %% 3 > 0 THEN at + until_acknowledged END, NOT is_open AND n %% 3 > 0,
    CASE WHEN NOT is_open THEN at + until_acknowledged + until_resolved END,
    CASE WHEN is_open THEN NULL WHEN n %% 20 = 0 THEN 'false_alarm' ELSE 'fixed' END, at, at, at,
    '', false, '', '', '["checkout"]', '{}', n %% 3 = 0, false, false, 1, 2, 0, 0
FROM made m JOIN tenants_made t USING (place) ORDER BY n;
INSERT INTO incident_state_transitions (id, tenant_id, incident_id, from_state, to_state, reason, automated, timestamp, sequence, actor)
SELECT pg_temp.made_at(at), t.id, m.id, CASE step WHEN 1 THEN '' ELSE 'detected' END,
    CASE step WHEN 1 THEN 'detected' ELSE 'resolved' END, '', true, at, step, 'system'
FROM made m JOIN tenants_made t USING (place) CROSS JOIN generate_series(1, 2) step WHERE step = 1 OR NOT is_open ORDER BY n;
INSERT INTO episodes (id, tenant_id, fingerprint, original_id, incident_id, started_at, last_seen_at, ended_at, "end", end_seen_at, due_at, waiting)
SELECT pg_temp.made_at(at), t.id, encode(sha256(CASE WHEN is_open THEN 'open' || n ELSE (n %% %(series)s)::text END::bytea), 'hex'), m.original, m.id, at, at,
    CASE WHEN NOT is_open THEN at END, CASE WHEN NOT is_open THEN 'resolved' END, CASE WHEN NOT is_open THEN at END,
    CASE WHEN is_open THEN at + interval '12 hours' END, false
FROM made m JOIN tenants_made t USING (place) ORDER BY n;
INSERT INTO series (id, tenant_id, fingerprint)
SELECT gen_random_uuid(), t.id, encode(sha256(n::text::bytea), 'hex') FROM generate_series(0, %(series)s - 1) n JOIN tenants_made t ON t.place = 0;
INSERT INTO incident_notes (id, tenant_id, incident_id, text, at)
SELECT gen_random_uuid(), t.id, m.id, 'Looked at the dashboards, note ' || k, at + k * interval '1 minute'
FROM made m JOIN tenants_made t USING (place) CROSS JOIN generate_series(1, 50) k WHERE n = %(count)s;
"""
SIGNALS_OF = """
INSERT INTO signals (id, tenant_id, incident_id, integration_id, delivery_id, signal_type, source, severity, raw_data, normalized_data,
    service_name, service_environment, fingerprint, is_duplicate, processed, processed_at, timestamp, created_at, occurred_at,
    ordinal, status, vendor_position, content_hash, decision, waiting)
SELECT CASE WHEN k = 1 THEN m.original ELSE pg_temp.made_at(at) END, t.id, CASE WHEN kind > 0 AND kind <> 3 THEN m.id END, t.integration_id, m.id,
    CASE kind WHEN 0 THEN 'deploy_event' ELSE 'alert' END, 'prometheus', severity,
    jsonb_build_object('labels', labels, 'startsAt', at, 'endsAt', '0001-01-01T00:00:00Z', 'generatorURL', 'http://prometheus.example.com/graph?g0.expr=up'),
    jsonb_build_object('name', 'HighErrorRate', 'title', 'More than 5 percent of requests fail', 'labels', labels, 'environment', 'production',
        'environment_word', 'production', 'signal_type', CASE kind WHEN 0 THEN 'deploy_event' ELSE 'alert' END),
    service, 'production', encode(sha256((n %% %(series)s)::text::bytea), 'hex'), kind > 3, kind <> 3, CASE WHEN kind <> 3 THEN at END,
    at, at, at, 1 + k, 'firing', 0, md5(n::text), CASE WHEN k = 1 THEN 'new_episode' ELSE 'duplicate' END, kind = 3
FROM (
    SELECT m.n, m.id, m.original, m.place, m.service, m.severity, k, m.at + k * interval '30 seconds' AS at,
        CASE WHEN n %% 50 = 0 AND k = 1 THEN 0 WHEN n %% 20000 = 0 AND k = 2 THEN 3 WHEN k = 1 THEN 1 ELSE 4 END AS kind,
        jsonb_build_object('alertname', 'HighErrorRate', 'service', m.service, 'instance', 'pod-' || n %% 1000, 'cluster', 'eu-1') AS labels
    FROM made m CROSS JOIN LATERAL generate_series(1, CASE WHEN n = %(count)s THEN %(each)s + %(crowd)s ELSE %(each)s END) k
) m JOIN tenants_made t USING (place) ORDER BY n, k;
"""
SECONDARY = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY(%s::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
TABLES = ["incidents", "signals", "episodes", "incident_state_transitions", "incident_notes", "series"]


@attrs.frozen(kw_only=True)
class Loaded:
    """What the questions are about."""

    tenant: UUID
    small_tenant: UUID
    person: User
    integration: Integration
    newest: UUID
    """The incident with many signals and notes."""
    deep: tuple[datetime, UUID]
    """The last incident of a page far from the first."""
    fingerprint: str


def load(url: str, incidents: int, signals: int, say: Callable[[str], None]) -> Loaded:
    """Fill the migrated and empty database at `url`, as the superuser."""
    made = [_tenant(place) for place in range(SMALL + 1)]
    tenant, integration, person = made[0]
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(PREPARE)  # type: ignore[arg-type]
        db.execute("CREATE TEMP TABLE tenants_made (place int, id uuid, integration_id uuid)")
        for place, (one, door, _) in enumerate(made):
            db.execute("INSERT INTO tenants_made VALUES (%s, %s, %s)", [place, one.id, door.id])
        definitions = db.execute(SECONDARY, [TABLES]).fetchall()
        for name, _ in definitions:
            db.execute(f"DROP INDEX {name}".encode())
        known = {"now": NOW, "span": SPAN, "count": incidents, "share": LARGE_SHARE, "small": SMALL}
        known |= {"series": max(100, incidents // 20), "each": max(1, signals // incidents), "crowd": CROWD}
        with psycopg.ClientCursor(db) as cursor:
            for statement in (INCIDENTS + SIGNALS_OF).split(";\n"):
                if statement.strip():
                    say(f"{' '.join(statement.split()[:3])} ...")
                    cursor.execute(statement.encode(), known)
        for name, definition in definitions:
            say(f"index {name} ...")
            db.execute(str(definition).encode())
        say("VACUUM ANALYZE ...")
        db.execute("VACUUM ANALYZE")
        (newest,) = _row(
            db, "SELECT id FROM incidents WHERE tenant_id = %s ORDER BY detected_at DESC, id DESC LIMIT 1", tenant.id
        )
        deep = _row(
            db,
            "SELECT detected_at, id FROM incidents WHERE tenant_id = %s ORDER BY detected_at DESC, id DESC OFFSET %s LIMIT 1",
            tenant.id,
            incidents // 2,
        )
        (fingerprint,) = _row(
            db, "SELECT fingerprint FROM signals WHERE tenant_id = %s ORDER BY timestamp LIMIT 1", tenant.id
        )
    return Loaded(
        tenant=tenant.id,
        small_tenant=made[1][0].id,
        person=person,
        integration=integration,
        newest=newest,
        deep=(deep[0], deep[1]),
        fingerprint=fingerprint,
    )


def _tenant(place: int) -> tuple[Tenant, Integration, User]:
    tenant = Tenant(id=new_id(), name=f"T{place}", slug=f"t{place}", contact_email="a@example.com", created_at=NOW)
    integration, person = make_integration(tenant.id, type="generic"), make_user(tenant.id, role=Role.VIEWER)
    with setup.adapters()[0](tenant.id) as uow:
        uow.tenants.add(tenant)
        uow.tenants.add_user(person)
        uow.integrations.add(integration)
        uow.commit()
    return tenant, integration, person


def _row(db: Database, query: str, *values: object) -> tuple[object, ...] | list[object]:
    return db.execute(query.encode(), values).fetchone() or ()
