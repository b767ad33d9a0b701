"""No tenant sees, changes or points at another's rows; the database says so itself."""

from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from psycopg import DatabaseError, errors
from psycopg.sql import SQL, Identifier

from sre_copilot.adapters.postgres.roles import APP
from sre_copilot.adapters.postgres.row_security import APP_WRITES, GLOBAL_TABLES, GLOBAL_UNIQUES, IMMUTABLE
from sre_copilot.adapters.system import new_id
from tests.integration.database import Database

Fill = Callable[[], dict[str, UUID]]
TRAILS = {
    "audit_logs",
    "incident_state_transitions",
    "context_snapshots",
    "correlation_decisions",
    "corrections",
    "runbook_versions",
}
KEPT = {"signals", "deliveries", "outbox", "silences", "consultations"}
KEPT_REFERENCES = {
    "signals_integration_of_tenant",
    "deliveries_integration_of_tenant",
    "outbox_integration_of_tenant",
    "outbox_incident_of_tenant",
    "silences_created_by_of_tenant",
    "consultations_incident_of_tenant",
    "consultations_diagnosis_of_tenant",
}
NO_PRIVILEGE, NO_SUCH_ROW = "42501", "23503"
TABLES = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"


def names(db: "psycopg.Connection[tuple[object, ...]]", query: str) -> set[str]:
    return {str(name) for (name,) in db.execute(query.encode()).fetchall()}


def tenant_tables(db: "psycopg.Connection[tuple[object, ...]]") -> list[str]:
    return sorted(names(db, TABLES) - set(GLOBAL_TABLES))


def key(table: str) -> str:
    return "signal_id" if table == "sightings" else "id"


def column(table: str) -> str:
    return "id" if table == "tenants" else "tenant_id"


def test_every_table_is_under_forced_row_security_unless_it_is_listed_as_global(database: Database) -> None:
    with database.connect("owner") as db:
        secured = names(db, f"{TABLES} AND relrowsecurity AND relforcerowsecurity")
        assert names(db, TABLES) - secured == set(GLOBAL_TABLES)


def test_only_the_owner_may_write_global_tables_and_the_app_what_is_listed(database: Database) -> None:
    with database.connect("owner") as db:
        granted = db.execute(
            "SELECT grantee, table_name, privilege_type FROM information_schema.table_privileges "
            "WHERE table_name = ANY(%s) AND grantee <> 'sre_copilot_owner' AND privilege_type <> 'SELECT'",
            [list(GLOBAL_TABLES)],
        ).fetchall()
    listed = {(APP, table, privilege) for table, privileges in APP_WRITES.items() for privilege in privileges}
    assert set(granted) == listed


def test_neither_app_nor_maintenance_may_truncate_or_alter_anything(database: Database) -> None:
    with database.connect("owner") as db:
        granted = db.execute(
            "SELECT grantee, table_name, privilege_type FROM information_schema.table_privileges "
            "WHERE table_schema = 'public' AND grantee IN ('sre_copilot_app', 'sre_copilot_maintenance', 'PUBLIC') "
            "AND privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')"
        ).fetchall()
    assert granted == []


def test_without_a_tenant_the_app_sees_no_row_of_any_tenant_table(database: Database, filled_tenant: Fill) -> None:
    made = filled_tenant()
    with database.connect("app") as db, database.connect("owner") as all_seeing:
        tables = tenant_tables(db)
        assert set(made) == set(tables)
        for table in tables:
            count = SQL("SELECT count(*) FROM {}").format(Identifier(table))
            assert (db.execute(count).fetchone(), table) == ((0,), table)
            assert (all_seeing.execute(count).fetchone() or (0,))[0], table


def test_a_tenant_sees_its_own_row_in_every_table_and_no_other(database: Database, filled_tenant: Fill) -> None:
    ours, _theirs = filled_tenant(), filled_tenant()
    with database.connect("app", ours["tenants"]) as db:
        for table in tenant_tables(db):
            rows = db.execute(SQL("SELECT {} FROM {}").format(Identifier(key(table)), Identifier(table))).fetchall()
            assert (table, rows) == (table, [(ours[table],)])


def test_no_update_or_delete_reaches_another_tenants_row(database: Database, filled_tenant: Fill) -> None:
    ours, theirs = filled_tenant(), filled_tenant()
    reached = {}
    with database.connect("app", ours["tenants"]) as db:
        for table in tenant_tables(db):
            where = SQL("WHERE {} = {}").format(Identifier(key(table)), theirs[table])
            update = SQL("UPDATE {} SET {} = {} ").format(Identifier(table), Identifier(column(table)), ours["tenants"])
            for statement in (update + where, SQL("DELETE FROM {} ").format(Identifier(table)) + where):
                try:
                    with db.transaction():
                        count = db.execute(statement).rowcount
                except errors.InsufficientPrivilege:
                    continue
                if count:
                    reached[table] = count
    assert reached == {}


def test_no_row_can_be_moved_into_another_tenant(database: Database, filled_tenant: Fill) -> None:
    ours, theirs = filled_tenant(), filled_tenant()
    with database.connect("app", ours["tenants"]) as db:
        for table in tenant_tables(db):
            move = SQL("UPDATE {} SET {} = {}").format(
                Identifier(table), Identifier(column(table)), new_id() if table == "tenants" else theirs["tenants"]
            )
            with pytest.raises(DatabaseError) as refused, db.transaction():
                db.execute(move)
            # Triggers are asked before policies.
            assert refused.value.sqlstate == (IMMUTABLE if table in KEPT else NO_PRIVILEGE)


def test_no_row_can_be_inserted_for_another_tenant(database: Database, filled_tenant: Fill) -> None:
    ours, theirs = filled_tenant(), filled_tenant()
    with database.connect("app", ours["tenants"]) as db:
        for table in tenant_tables(db):
            columns = _columns(db, table)
            copied = SQL(", ").join(
                SQL("{}").format(theirs["tenants"]) if name == "tenant_id" else
                SQL("{}").format(new_id()) if name == key(table) else
                Identifier(name)
                for name in columns
            )  # fmt: skip
            statement = SQL("INSERT INTO {table} ({names}) SELECT {copied} FROM {table}").format(
                table=Identifier(table), names=SQL(", ").join(map(Identifier, columns)), copied=copied
            )
            with pytest.raises(errors.InsufficientPrivilege, match="row-level security"), db.transaction():
                db.execute(statement)


def test_every_reference_between_tenant_tables_is_checked_together_with_the_tenant(database: Database) -> None:
    with database.connect("owner") as db:
        rows = db.execute(
            "SELECT conrelid::regclass::text, confrelid::regclass::text, "
            "(SELECT array_agg(attname::text ORDER BY attname) FROM pg_attribute "
            " WHERE attrelid = conrelid AND attnum = ANY(conkey)) "
            "FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace"
        ).fetchall()
    references = {(str(child), str(parent), tuple(map(str, columns))) for child, parent, columns in rows}  # type: ignore[call-overload]
    unguarded = [
        (child, parent, columns[0])
        for child, parent, columns in references
        if len(columns) == 1 and columns != ("tenant_id",) and parent not in ("tenants", *GLOBAL_TABLES)
        and (child, parent, tuple(sorted((columns[0], "tenant_id")))) not in references
    ]  # fmt: skip
    assert unguarded == []


def test_no_row_can_name_another_tenants_row(database: Database, filled_tenant: Fill) -> None:
    ours, theirs = filled_tenant(), filled_tenant()
    with database.connect("app", ours["tenants"]) as db:
        guards = db.execute(
            "SELECT conname, conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint "
            "WHERE conname LIKE '%\\_of\\_tenant' ORDER BY 1"
        ).fetchall()
        assert len(guards) == 44
        for name, child, parent in guards:
            reference = str(name).removeprefix(f"{child}_").removesuffix("_of_tenant") + "_id"
            statement = SQL("UPDATE {} SET {} = {}").format(
                Identifier(str(child)), Identifier(reference), theirs[str(parent)]
            )
            # A trail's rows are never updated; the next test inserts some. Nor does a signal change where it came from.
            expected = NO_PRIVILEGE if child in TRAILS else NO_SUCH_ROW
            with pytest.raises(DatabaseError) as refused, db.transaction():
                db.execute(f"SET CONSTRAINTS {name} IMMEDIATE".encode())
                db.execute(statement)
            assert refused.value.sqlstate == (IMMUTABLE if name in KEPT_REFERENCES else expected)


def test_a_new_transition_or_audit_row_can_not_name_another_tenants_user(
    database: Database, filled_tenant: Fill
) -> None:
    ours, theirs = filled_tenant(), filled_tenant()
    with database.connect("app", ours["tenants"]) as db:
        for table in ("audit_logs", "incident_state_transitions"):
            columns = _columns(db, table)
            changed = {"id": new_id(), "user_id": theirs["users"], "sequence": 2}
            copied = SQL(", ").join(
                SQL("{}").format(changed[name]) if name in changed else Identifier(name) for name in columns
            )
            with (
                pytest.raises(errors.ForeignKeyViolation, match=f"{table}_user_of_tenant"),
                db.transaction(),
            ):
                db.execute(
                    SQL("INSERT INTO {table} ({names}) SELECT {copied} FROM {table}").format(
                        table=Identifier(table), names=SQL(", ").join(map(Identifier, columns)), copied=copied
                    )
                )
                db.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_unique_constraints_lead_with_the_tenant_or_are_listed_with_their_reason(database: Database) -> None:
    with database.connect("owner") as db:
        found = names(
            db,
            "SELECT indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
            "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
            "WHERE i.indisunique AND NOT i.indisprimary AND c.relnamespace = 'public'::regnamespace "
            "AND a.attname <> 'tenant_id'",
        )
    assert found == set(GLOBAL_UNIQUES)


def test_the_only_ways_in_before_a_tenant_is_known_are_functions_of_the_owner_that_are_listed_here(
    database: Database,
) -> None:
    with database.connect("owner") as db:
        found = db.execute(
            "SELECT proname, proowner::regrole::text, proconfig, has_function_privilege('sre_copilot_app', oid, 'EXECUTE'), "
            "has_function_privilege('sre_copilot_maintenance', oid, 'EXECUTE') "
            "FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace ORDER BY 1"
        ).fetchall()
    settings = ["search_path=pg_catalog, pg_temp"]
    assert found == [
        ("sre_copilot_changed_silences", "sre_copilot_owner", settings, True, False),
        ("sre_copilot_due_polls", "sre_copilot_owner", settings, True, False),
        ("sre_copilot_due_tenants", "sre_copilot_owner", settings, True, False),
        ("sre_copilot_find_integration", "sre_copilot_owner", settings, True, False),
        ("sre_copilot_find_integration_by_key", "sre_copilot_owner", settings, True, False),
        ("sre_copilot_find_token", "sre_copilot_owner", settings, True, False),
        ("sre_copilot_integrations_of", "sre_copilot_owner", settings, True, False),
        ("sre_copilot_list_tenants", "sre_copilot_owner", settings, True, False),
    ]


def test_an_integration_leads_to_its_tenant_and_a_random_id_to_none(database: Database, filled_tenant: Fill) -> None:
    made = filled_tenant()
    with database.connect("app") as db:
        find = "SELECT sre_copilot_find_integration(%s)"
        assert db.execute(find, [made["integrations"]]).fetchone() == (made["tenants"],)
        assert db.execute(find, [new_id()]).fetchone() == (None,)
        assert (made["tenants"],) in db.execute("SELECT id FROM sre_copilot_list_tenants()").fetchall()


def _columns(db: "psycopg.Connection[tuple[object, ...]]", table: str) -> list[str]:
    rows = db.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s "
        "AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    ).fetchall()
    return [str(name) for (name,) in rows]
