"""Show how PostgreSQL answers the queries that run most, on a large tenant beside a small one.

    python -m benchmarks.database.plans [--signals N]

Fills a throw-away database, then explains each query as the app role under row security. The queries are those that
the repositories send, caught on their way.
"""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import psycopg
from django.db import connections

from sre_copilot.adapters.django_orm import setup
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.domain.lifecycle import OPEN
from sre_copilot.domain.tenants import Tenant
from sre_copilot.testing.builders import make_integration
from sre_copilot.testing.postgres import migrated_database, shared_server

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FILL = """
WITH numbers AS (SELECT n, %(now)s - n * interval '1 minute' AS at FROM generate_series(1, %(count)s) n)
INSERT INTO {table} ({columns}) SELECT {values} FROM numbers
"""
TABLES = {
    "incidents": (
        10,
        """id, tenant_id, title, description, service_name, service_environment, state, severity, detected_at,
        created_at, updated_at, resolved_at, user_impact_description, slo_breached, root_cause, resolution_summary,
        tags, metadata, acknowledged_by_person, resolved_automatically, severity_overridden, declared, version,
        transition_count, reopen_count, recurrence_count""",
        """gen_random_uuid(), %(tenant)s, 'Checkout is slow', '', 'service-' || n %% 50, 'production',
        CASE WHEN n <= 20 THEN 'detected' ELSE 'resolved' END, 'high', at,
        at, at, CASE WHEN n > 20 THEN at END, '', false, '', '',
        '[]', '{}', false, false, false, false, 1,
        1, 0, 0""",
    ),
    "signals": (
        1,
        """id, tenant_id, integration_id, delivery_id, signal_type, source, severity, raw_data, normalized_data,
        service_name, fingerprint, is_duplicate, processed, timestamp, created_at, occurred_at, ordinal, status,
        vendor_position, content_hash, decision, waiting, vendor_id""",
        """gen_random_uuid(), %(tenant)s, %(integration)s, gen_random_uuid(),
        CASE WHEN n %% 100 = 0 THEN 'deploy_event' ELSE 'alert' END, 'generic', 'high', '{}',
        jsonb_build_object('name', 'a', 'title', 'b', 'labels', '{}'::jsonb, 'environment', 'production',
            'environment_word', '', 'signal_type', CASE WHEN n %% 100 = 0 THEN 'deploy_event' ELSE 'alert' END),
        'service-' || n %% 50, md5((n %% 5000)::text) || md5((n %% 5000)::text), n %% 3 = 0, true, at, at, at, n, 'firing',
        0, '', 'new_episode', n %% 50000 = 7, 'event-' || n""",
    ),
    "series": (
        60,
        "id, tenant_id, fingerprint",
        "gen_random_uuid(), %(tenant)s, md5(n::text) || md5(n::text)",
    ),
    "episodes": (
        2,
        "id, tenant_id, fingerprint, original_id, started_at, last_seen_at, ended_at, due_at, waiting",
        """gen_random_uuid(), %(tenant)s, md5((n %% 5000)::text) || md5((n %% 5000)::text), gen_random_uuid(), at, at,
        CASE WHEN n > 200 THEN at END, CASE WHEN n <= 200 THEN at + interval '12 hours' END, false""",
    ),
}
SERIES = "1679091c5a880faf6fb5e6087eb1b2dc" * 2
QUESTIONS: dict[str, Callable[[UnitOfWork, UUID], object]] = {
    "the history of a series, locked": lambda uow, _: uow.series.load([SERIES]),
    "vendor ids that are known": lambda uow, integration: uow.series.known(integration, [("event-7", 0), ("x", 0)]),
    "series that time may end": lambda uow, _: uow.series.due(NOW - timedelta(hours=2)),
    "what an alert is compared with": lambda uow, _: uow.incidents.candidates(),
    "incidents that may settle": lambda uow, _: uow.incidents.settling(NOW),
    "incidents counted against the plan": lambda uow, _: uow.incidents.opened_since(NOW - timedelta(days=1)),
    "the active list": lambda uow, _: uow.incidents.list(IncidentFilter(states=OPEN)),
    "changes of the last day": lambda uow, _: uow.signals.changes(NOW - timedelta(days=1), NOW),
    "what waits, to show": lambda uow, _: uow.signals.waiting_originals(20),
    "what waits, to place": lambda uow, _: uow.signals.waiting(),
    "the signals of an incident": lambda uow, _: uow.signals.of_incident(UUID(int=1)),
}


def fill(db: "psycopg.Connection[tuple[object, ...]]", tenant: UUID, integration: UUID, count: int) -> None:
    """Store `count` signals, and the others in proportion."""
    for table, (share, columns, values) in TABLES.items():
        sql = FILL.format(table=table, columns=columns, values=values)
        db.execute(sql.encode(), {"now": NOW, "count": count // share, "tenant": tenant, "integration": integration})


def explained(ask: Callable[[], object]) -> list[str]:
    """The plans of the reading statements that `ask` sends."""
    sent: list[tuple[str, object]] = []

    def listen(execute: Callable[..., object], sql: str, params: object, many: bool, context: object) -> object:
        if sql.lstrip().upper().startswith(("SELECT", "WITH")):
            sent.append((sql, params))
        return execute(sql, params, many, context)

    with connections[ALIAS].execute_wrapper(listen):
        ask()
    plans = []
    with connections[ALIAS].cursor() as cursor:
        for sql, params in sent:
            cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY ON) {sql}", params)
            plans.append("\n".join(line for (line,) in cursor.fetchall() if "Planning" not in line))
    return plans


def main() -> None:
    """Fill and explain."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signals", type=int, default=300_000, metavar="N", help="signals of the large tenant")
    arguments = parser.parse_args()
    with shared_server("benchmark-plans") as server:
        migrated_database(server, "plans")
        units = setup.adapters()[0]
        large = UUID(int=0)
        for slug, count in (("small", arguments.signals // 100), ("large", arguments.signals)):
            tenant = Tenant(id=new_id(), name=slug, slug=slug, contact_email="a@example.com", created_at=NOW)
            integration = make_integration(tenant.id, type="generic")
            with units(tenant.id) as uow:
                uow.tenants.add(tenant)
                uow.integrations.add(integration)
                uow.commit()
            with psycopg.connect(server.superuser_url("plans")) as db:
                fill(db, tenant.id, integration.id, count)
            large, door = tenant.id, integration.id
        with psycopg.connect(server.superuser_url("plans"), autocommit=True) as db:
            db.execute("ANALYZE")
        for question, ask in QUESTIONS.items():
            print(f"\n## {question}\n")
            with units(large) as uow:
                for plan in explained(partial(ask, uow, door)):
                    print(f"```\n{plan}\n```")
        setup.close()


if __name__ == "__main__":
    main()
