"""What the app role may not do is refused by the database itself, whatever the program says."""

from contextlib import suppress

import pytest
from psycopg import errors

from sre_copilot.domain.tenants import Tenant
from tests.integration.database import Database

STATEMENTS = [
    "CREATE TABLE public.mine ()",
    "CREATE TEMP TABLE mine ()",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "TRUNCATE incidents",
    "DROP TABLE incidents",
    "ALTER TABLE incidents DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE incidents ADD COLUMN mine int",
    "DROP POLICY incidents_tenant ON incidents",
    "ALTER TABLE audit_logs DISABLE TRIGGER ALL",
    "SET session_replication_role = replica",
    "CREATE ROLE mine",
    "SET ROLE sre_copilot_owner",
    "SET SESSION AUTHORIZATION postgres",
    "COPY tenants TO '/tmp/tenants'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT passwd FROM pg_shadow",
]


@pytest.mark.parametrize("role", ["app", "maintenance"])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_statement_is_refused(database: Database, statement: str, role: str) -> None:
    with database.connect(role) as db:
        with pytest.raises(errors.InsufficientPrivilege):
            db.execute(statement.encode())
        db.rollback()


@pytest.mark.parametrize(("role", "other"), [("app", "maintenance"), ("maintenance", "app")])
def test_neither_becomes_the_other(database: Database, role: str, other: str) -> None:
    with database.connect(role) as db:
        with pytest.raises(errors.InsufficientPrivilege):
            db.execute(f"SET ROLE sre_copilot_{other}".encode())
        db.rollback()


@pytest.mark.parametrize("role", ["app", "maintenance"])
def test_row_security_can_not_be_turned_off(database: Database, tenant: Tenant, role: str) -> None:
    with database.connect(role) as db:
        db.execute("SET row_security = off")
        with suppress(errors.InsufficientPrivilege):
            rows = db.execute("SELECT 1 FROM tenants WHERE id = %s", [tenant.id]).fetchall()
            assert role == "maintenance", rows
        db.rollback()


@pytest.mark.parametrize("value", ["", "00000000-0000-0000-0000-000000000000"])
def test_without_a_tenant_or_with_one_that_is_not_there_no_tenant_is_seen(
    database: Database, tenant: Tenant, value: str
) -> None:
    with database.connect("app", tenant.id) as db:
        assert db.execute("SELECT count(*) FROM tenants").fetchone() == (1,)
        db.execute("SELECT set_config('sre_copilot.tenant_id', %s, false)", [value])
        assert db.execute("SELECT count(*) FROM tenants").fetchone() == (0,)


def test_only_the_logins_of_the_house_may_connect(database: Database) -> None:
    with database.connect("superuser") as db:
        db.execute("CREATE ROLE passer_by LOGIN")
        row = db.execute("SELECT has_database_privilege('passer_by', current_database(), 'CONNECT')").fetchone()
        db.rollback()
    assert row == (False,)


def test_who_else_is_signed_in_keeps_the_words_of_a_session_to_itself(database: Database, tenant: Tenant) -> None:
    """One role's statements, with the data in them, are no other role's to read."""
    with database.connect("owner") as other, database.connect("app", tenant.id) as db:
        other.execute("SELECT 'a secret word'")
        seen = db.execute("SELECT query FROM pg_stat_activity WHERE usename = 'sre_copilot_owner_login'").fetchall()
    assert set(seen) == {("<insufficient privilege>",)}
