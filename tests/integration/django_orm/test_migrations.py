"""Migrations lead back to nothing and forward to the same again."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command

from sre_copilot.adapters.django_orm import setup
from sre_copilot.adapters.django_orm.routing import LABEL, OWNER_ALIAS
from sre_copilot.adapters.django_orm.unit_of_work import DjangoUnitOfWorkFactory
from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.adapters.postgres.row_security import IMMUTABLE
from sre_copilot.domain.errors import DatabaseNotReady, DatabaseUnavailable
from sre_copilot.testing.builders import make_runbook, make_tenant
from tests.integration.database import Database

PUBLIC = "(SELECT oid FROM pg_namespace WHERE nspname = 'public')"
SHAPE = f"""
SELECT 'column', format('%s.%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid))
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (c.oid, a.attnum)
WHERE c.relnamespace = {PUBLIC} AND c.relkind IN ('r', 'v', 'm', 'p') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT 'table', format('%s %s %s %s %s', relname, relowner::regrole, relrowsecurity, relforcerowsecurity,
       (SELECT string_agg(one::text, ',' ORDER BY one::text) FROM unnest(relacl) one))
FROM pg_class WHERE relnamespace = {PUBLIC} AND relkind IN ('r', 'v', 'm', 'p', 'S')
UNION ALL SELECT 'constraint', format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace = {PUBLIC}
UNION ALL SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'policy', format('%s', p) FROM pg_policies p WHERE schemaname = 'public'
UNION ALL SELECT 'trigger', pg_get_triggerdef(t.oid) || t.tgenabled::text
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = {PUBLIC} AND NOT t.tgisinternal
UNION ALL SELECT 'function', pg_get_functiondef(oid) || proowner::regrole::text || proacl::text
FROM pg_proc WHERE pronamespace = {PUBLIC}
UNION ALL SELECT 'type', typname FROM pg_type WHERE typnamespace = {PUBLIC} AND typtype IN ('d', 'e', 'r')
ORDER BY 1, 2
"""


def shape(database: Database) -> list[tuple[object, ...]]:
    """Everything that the catalogue says of the schema."""
    with database.connect("superuser") as db:
        return db.execute(SHAPE.encode()).fetchall()


@pytest.fixture
def empty(server: EmbeddedPostgres, worker_id: str) -> Iterator[Database]:
    """A database with roles and no tables."""
    name = f"empty_{worker_id}"
    server.create_database(name)
    yield Database(server.urls(name), server.superuser_url(name))
    setup.close()
    server.drop_database(name)


def test_migrations_go_back_to_nothing_and_forward_to_the_same(empty: Database) -> None:
    setup.setup(empty.urls.app)
    setup.migrate(empty.urls.owner)
    there = shape(empty)
    call_command("migrate", LABEL, "zero", database=OWNER_ALIAS, verbosity=0)
    left = {text for kind, text in shape(empty) if kind in ("table", "function", "type")}
    assert {str(text).split()[0] for text in left} == {"django_migrations", "django_migrations_id_seq"}
    setup.migrate(empty.urls.owner)
    assert shape(empty) == there


def test_what_runbooks_said_before_versions_were_kept_is_their_first_one(empty: Database) -> None:
    setup.setup(empty.urls.app)
    setup.migrate(empty.urls.owner)
    call_command("migrate", LABEL, "0026_consultations", database=OWNER_ALIAS, verbosity=0)
    tenant, runbook = make_tenant(), make_runbook(content="Wait.")
    with DjangoUnitOfWorkFactory()(tenant.id) as uow:
        uow.tenants.add(tenant)
        uow.commit()
    with empty.connect("superuser") as db:
        db.execute(
            "INSERT INTO runbooks (id, tenant_id, title, slug, description, content, service_names, tags, risk_level, "
            "usage_count, success_count, failure_count, is_active, version, created_at, updated_at, actions) VALUES "
            "(%s, %s, 'a', 'a', '', %s, '[]', '[]', 'low', 0, 0, 0, true, 3, now(), now(), '[]')",
            [runbook.id, tenant.id, runbook.content],
        )
    setup.migrate(empty.urls.owner)
    with DjangoUnitOfWorkFactory()(tenant.id) as uow:
        (kept,) = uow.runbooks.versions(runbook.id)
    assert (kept.version, kept.content, kept.written_by) == (3, "Wait.", None)


def test_migrating_again_applies_nothing(database: Database) -> None:
    assert setup.pending_migrations() == []
    assert setup.migrate(database.urls.owner) == []


def test_a_database_without_tables_lacks_every_migration(empty: Database) -> None:
    setup.setup(empty.urls.app)
    pending = setup.pending_migrations()
    assert pending[0] == "0001_tables"
    assert setup.migrate(empty.urls.owner) == pending


def test_the_app_role_may_not_migrate(empty: Database) -> None:
    setup.setup(empty.urls.app)
    with pytest.raises((DatabaseNotReady, DatabaseUnavailable)):
        setup.migrate(empty.urls.app)


def test_a_database_of_a_newer_version_is_left_alone(empty: Database) -> None:
    setup.setup(empty.urls.app)
    setup.migrate(empty.urls.owner)
    with empty.connect("owner") as db:
        db.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('sre_copilot', '9999_later', now())")
    with pytest.raises(DatabaseNotReady, match="9999_later"):
        setup.pending_migrations()
    with pytest.raises(DatabaseNotReady, match="9999_later"):
        setup.migrate(empty.urls.owner)


def test_a_trail_can_go_only_with_its_table(database: Database) -> None:
    """The owner can migrate back; that needs no DELETE."""
    with database.connect("owner") as db:
        found = db.execute(
            "SELECT DISTINCT tgenabled::text FROM pg_trigger WHERE tgfoid = 'sre_copilot_refuse'::regproc"
        ).fetchall()
    assert found == [("A",)], IMMUTABLE


def test_what_is_long_is_compressed_quickly_where_the_server_can(database: Database) -> None:
    with database.connect("owner") as db:
        ((can,),) = db.execute(
            "SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"
        ).fetchall()
        found = db.execute(
            "SELECT attrelid::regclass::text, attname FROM pg_attribute WHERE attcompression = 'l' ORDER BY 1, 2"
        ).fetchall()
    wanted = [("deliveries", "body"), ("signals", "normalized_data"), ("signals", "raw_data")]
    assert found == (wanted if can else [])
