"""What is a trail stays as it was written, whoever asks."""

from collections.abc import Callable
from uuid import UUID

import pytest
from psycopg import DatabaseError
from psycopg.sql import SQL, Identifier

from sre_copilot.adapters.postgres.row_security import IMMUTABLE
from sre_copilot.domain.lifecycle import State, legal_pairs
from tests.integration.database import Database

Fill = Callable[[], dict[str, UUID]]
TRAILS = (
    "audit_logs",
    "incident_state_transitions",
    "context_snapshots",
    "correlation_decisions",
    "corrections",
    "runbook_versions",
)
STATEMENTS = {
    "update": SQL("UPDATE {} SET tenant_id = tenant_id"),
    "delete": SQL("DELETE FROM {}"),
    "truncate": SQL("TRUNCATE {} CASCADE"),
}
NO_PRIVILEGE = "42501"
TRANSITION = (
    "INSERT INTO incident_state_transitions "
    "(id, tenant_id, incident_id, from_state, to_state, reason, automated, timestamp, sequence, actor) "
    "VALUES (gen_random_uuid(), %s, %s, %s, %s, '', false, now(), %s, 'test')"
)


@pytest.mark.parametrize("table", TRAILS)
@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("role", ["app", "maintenance", "owner", "superuser"])
def test_a_trail_refuses_to_be_changed(
    database: Database, filled_tenant: Fill, role: str, statement: str, table: str
) -> None:
    made = filled_tenant()
    with database.connect(role, made["tenants"]) as db, pytest.raises(DatabaseError) as refused:
        db.execute(STATEMENTS[statement].format(Identifier(table)))
    assert refused.value.sqlstate == IMMUTABLE or (
        refused.value.sqlstate == NO_PRIVILEGE and role in ("app", "maintenance")
    )


@pytest.mark.parametrize("table", TRAILS)
def test_a_trail_refuses_even_a_session_that_plays_replica(database: Database, filled_tenant: Fill, table: str) -> None:
    filled_tenant()
    with database.connect("superuser") as db, pytest.raises(DatabaseError) as refused:
        db.execute("SET session_replication_role = replica")
        db.execute(STATEMENTS["delete"].format(Identifier(table)))
    assert refused.value.sqlstate == IMMUTABLE


@pytest.mark.parametrize("role", ["app", "maintenance", "owner"])
def test_only_a_superuser_may_play_replica_at_all(database: Database, role: str) -> None:
    with database.connect(role) as db, pytest.raises(DatabaseError) as refused:
        db.execute("SET session_replication_role = replica")
    assert refused.value.sqlstate == NO_PRIVILEGE


@pytest.mark.parametrize("role", ["app", "maintenance", "owner"])
def test_nobody_but_a_superuser_makes_temporary_tables(database: Database, role: str) -> None:
    with database.connect(role) as db, pytest.raises(DatabaseError) as refused:
        db.execute("CREATE TEMPORARY TABLE legal_transitions (from_state text, to_state text)")
    assert refused.value.sqlstate == NO_PRIVILEGE


def test_temporary_tables_that_shadow_ours_change_nothing(database: Database, filled_tenant: Fill) -> None:
    made = filled_tenant()
    with database.connect("superuser") as db:
        db.execute("CREATE TEMPORARY TABLE legal_transitions AS VALUES ('learned', 'detected')")
        db.execute("CREATE TEMPORARY TABLE tenants (LIKE public.tenants)")
        db.execute("CREATE TEMPORARY TABLE integrations (LIKE public.integrations)")
        db.execute("SET search_path = pg_temp, public")
        assert db.execute("SELECT count(*) FROM tenants").fetchone() == (0,)
        assert (made["tenants"],) in db.execute("SELECT id FROM sre_copilot_list_tenants()").fetchall()
        found = db.execute("SELECT sre_copilot_find_integration(%s)", [made["integrations"]]).fetchone()
        assert found == (made["tenants"],)
        with pytest.raises(DatabaseError) as refused, db.transaction():
            db.execute(TRANSITION, [made["tenants"], made["incidents"], "learned", "detected", 2])
        assert refused.value.diag.constraint_name == "transitions_legal"
        with pytest.raises(DatabaseError) as refused:
            db.execute("DELETE FROM public.audit_logs")
        assert refused.value.sqlstate == IMMUTABLE


@pytest.mark.parametrize("table", TRAILS)
@pytest.mark.parametrize("role", ["app", "owner"])
def test_an_insert_that_would_overwrite_is_refused_too(
    database: Database, filled_tenant: Fill, role: str, table: str
) -> None:
    made = filled_tenant()
    with database.connect(role, made["tenants"]) as db, pytest.raises(DatabaseError) as refused:
        db.execute(
            SQL(
                "INSERT INTO {0} SELECT * FROM {0} WHERE id = {1} ON CONFLICT (id) DO UPDATE SET tenant_id = excluded.tenant_id"
            ).format(Identifier(table), made[table])
        )
    assert refused.value.sqlstate == (IMMUTABLE if role == "owner" else NO_PRIVILEGE)


@pytest.mark.parametrize(
    "column", ["raw_data", "normalized_data", "fingerprint", "timestamp", "decision", "severity", "delivery_id"]
)
@pytest.mark.parametrize("role", ["app", "owner", "superuser"])
def test_what_a_signal_said_is_never_changed(database: Database, filled_tenant: Fill, role: str, column: str) -> None:
    made = filled_tenant()
    changed = {"raw_data": '{"a": 1}', "normalized_data": '{"a": 1}', "timestamp": "2001-01-01Z"}
    value = changed.get(column, str(made["incidents"]))
    with database.connect(role, made["tenants"]) as db, pytest.raises(DatabaseError) as refused:
        db.execute(SQL("UPDATE signals SET {} = %s WHERE id = %s").format(Identifier(column)), [value, made["signals"]])
    assert refused.value.sqlstate == IMMUTABLE


def test_the_place_of_a_signal_may_change(database: Database, filled_tenant: Fill) -> None:
    made = filled_tenant()
    with database.connect("app", made["tenants"]) as db:
        done = db.execute(
            "UPDATE signals SET incident_id = NULL, is_duplicate = true, waiting = true, episode_id = gen_random_uuid(), "
            "processed = true, processed_at = now() WHERE id = %s",
            [made["signals"]],
        )
        assert done.rowcount == 1


@pytest.mark.parametrize("column", ["context_snapshot", "context_snapshot_id"])
def test_what_was_known_at_detection_is_never_changed(database: Database, filled_tenant: Fill, column: str) -> None:
    made = filled_tenant()
    with database.connect("owner") as db, pytest.raises(DatabaseError) as refused:
        db.execute(SQL("UPDATE incidents SET {} = NULL WHERE id = %s").format(Identifier(column)), [made["incidents"]])
    assert refused.value.sqlstate == IMMUTABLE


@pytest.mark.parametrize("role", ["app", "maintenance"])
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE audit_logs DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_logs_rows_stay ON audit_logs",
        "ALTER TABLE audit_logs DISABLE ROW LEVEL SECURITY",
        "DROP POLICY audit_logs_tenant ON audit_logs",
        "CREATE OR REPLACE FUNCTION sre_copilot_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "INSERT INTO legal_transitions (from_state, to_state) VALUES ('learned', 'detected')",
        "SET ROLE sre_copilot_owner",
    ],
)
def test_who_serves_may_not_take_the_rules_away(database: Database, role: str, statement: str) -> None:
    with database.connect(role) as db, pytest.raises(DatabaseError) as refused:
        db.execute(statement.encode())
    assert refused.value.sqlstate == NO_PRIVILEGE


def test_the_database_knows_exactly_the_legal_pairs_of_the_domain(database: Database) -> None:
    with database.connect("app") as db:
        rows = db.execute("SELECT from_state, to_state FROM legal_transitions").fetchall()
    assert sorted(rows) == sorted(legal_pairs())


def test_deleting_an_incident_leaves_its_log_and_so_is_refused(database: Database, filled_tenant: Fill) -> None:
    made = filled_tenant()
    with database.connect("owner") as db, pytest.raises(DatabaseError), db.transaction():
        db.execute("DELETE FROM incidents WHERE id = %s", [made["incidents"]])
        db.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_log_takes_exactly_the_legal_pairs_of_states(database: Database, filled_tenant: Fill) -> None:
    made = filled_tenant()
    states = ["", *(state.value for state in State)]
    taken = set()
    with database.connect("app", made["tenants"]) as db:
        for sequence, (one, other) in enumerate(((a, b) for a in states for b in states), 2):
            try:
                with db.transaction():
                    db.execute(TRANSITION, [made["tenants"], made["incidents"], one, other, sequence])
                taken.add((one, other))
            except DatabaseError as error:
                assert error.diag.constraint_name == "transitions_legal"
    assert taken == legal_pairs()
