"""A PostgreSQL of somebody else, named by DATABASE_URL: looked at, and refused for a reason; never changed."""

from collections.abc import Iterator
from urllib.parse import quote

import attrs
import psycopg
import pytest
from django.core.management import call_command
from psycopg.sql import SQL, Identifier

from sre_copilot.adapters.django_orm import setup
from sre_copilot.adapters.django_orm.routing import LABEL, OWNER_ALIAS
from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.adapters.postgres.roles import APP, GROUPS, LOGINS, MAINTENANCE, OWNER, roles_sql
from sre_copilot.bootstrap import migrate_database, ready_database
from sre_copilot.domain.errors import DatabaseNotReady, DatabaseUnavailable, UnsafeDatabaseRole
from sre_copilot.settings import Settings
from tests.integration.postgres.ground import Ground

DATABASE = 'the "shop"'
DBA = "dba"
OURS = (*LOGINS.values(), *GROUPS.values())
CATALOGUE = """
SELECT (SELECT string_agg(rolname, ' ' ORDER BY 1) FROM pg_roles), (SELECT string_agg(datname, ' ' ORDER BY 1) FROM pg_database),
       (SELECT string_agg(oid::text, ' ' ORDER BY 1) FROM pg_class), (SELECT datacl::text FROM pg_database WHERE datname = current_database()),
       (SELECT count(*) FROM pg_default_acl), (SELECT nspacl::text FROM pg_namespace WHERE nspname = 'public')
"""


@attrs.frozen
class Shop:
    """A server with one database, whose owner may create roles and is no superuser, as in a managed PostgreSQL."""

    superuser: str = attrs.field(repr=False)

    def url(self, user: str) -> str:
        """How somebody signs in who has the password `p`."""
        options = psycopg.conninfo.conninfo_to_dict(self.superuser)
        host, port = quote(str(options["host"]), safe=""), options["port"]
        return f"postgresql://{user}:p@/{quote(DATABASE, safe='')}?host={host}&port={port}"

    def settings(self, user: str) -> Settings:
        """Settings of a copilot that signs in as this user."""
        return Settings(database_url=self.url(user), database_owner_url=self.url(LOGINS["owner"]))

    def run(self, *statements: str, user: str = "") -> None:
        """Run statements as a user, by default as the superuser."""
        with psycopg.connect(self.url(user) if user else self.superuser, autocommit=True) as db:
            for statement in statements:
                db.execute(statement.encode())

    def catalogue(self) -> object:
        """What is there."""
        with psycopg.connect(self.superuser) as db:
            return db.execute(CATALOGUE.encode()).fetchone()


@pytest.fixture(scope="module")
def theirs(shared_ground: Ground) -> EmbeddedPostgres:
    """A server that is somebody else's as soon as what is ours was taken away."""
    server = shared_ground.server()
    server.start()
    return server


@pytest.fixture
def shop(theirs: EmbeddedPostgres) -> Iterator[Shop]:
    """The server without anything of ours."""
    with psycopg.connect(theirs.superuser_url("postgres"), autocommit=True) as db:
        for name in ("sre_copilot", DATABASE):
            db.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
        for role in (*OURS, DBA, "other"):
            db.execute(SQL("DROP ROLE IF EXISTS {}").format(Identifier(role)))
        db.execute("CREATE ROLE dba LOGIN CREATEROLE PASSWORD 'p'")
        db.execute(SQL("CREATE DATABASE {} OWNER dba").format(Identifier(DATABASE)))
    yield Shop(theirs.superuser_url(DATABASE))
    setup.close()


@pytest.fixture
def with_roles(shop: Shop) -> Shop:
    """The same with the roles that `sre-copilot roles sql` prints, created by its owner."""
    shop.run(roles_sql(DATABASE), user=DBA)
    shop.run(*(f"ALTER ROLE {login} PASSWORD 'p'" for login in LOGINS.values()), user=DBA)
    return shop


@pytest.fixture
def app(with_roles: Shop) -> Shop:
    """The same with everything that is needed."""
    assert migrate_database(with_roles.settings(LOGINS["app"]))
    return with_roles


def test_a_database_with_roles_and_migrations_is_taken_as_it_is(app: Shop) -> None:
    before = app.catalogue()
    ready_database(app.settings(LOGINS["app"]))
    assert app.catalogue() == before


def test_roles_that_are_missing_are_named_and_not_created(shop: Shop) -> None:
    before = shop.catalogue()
    with pytest.raises(DatabaseNotReady, match=f"lacks the roles {', '.join(sorted(GROUPS.values()))}") as caught:
        ready_database(shop.settings(DBA))
    assert "`sre-copilot roles sql`" in str(caught.value)
    assert "`sre-copilot migrate`" in str(caught.value)
    assert shop.catalogue() == before


def test_migrations_that_are_missing_are_named_and_not_applied(with_roles: Shop) -> None:
    before = with_roles.catalogue()
    with pytest.raises(DatabaseNotReady, match=r"lacks \d+ migrations \(first: 0001_tables\).*`sre-copilot migrate`"):
        ready_database(with_roles.settings(LOGINS["app"]))
    assert with_roles.catalogue() == before


def test_a_half_migrated_database_is_named_by_what_it_lacks_next(app: Shop) -> None:
    call_command("migrate", LABEL, "0002", database=OWNER_ALIAS, verbosity=0)
    before = app.catalogue()
    with pytest.raises(DatabaseNotReady, match=r"lacks \d+ migrations \(first: 0003_\w+\)"):
        ready_database(app.settings(LOGINS["app"]))
    assert app.catalogue() == before
    assert migrate_database(app.settings(LOGINS["app"]))[0].startswith("0003_")
    ready_database(app.settings(LOGINS["app"]))


def test_the_statements_for_the_roles_may_be_run_again_by_an_owner_who_is_no_superuser(with_roles: Shop) -> None:
    before = with_roles.catalogue()
    with_roles.run(roles_sql(DATABASE), user=DBA)
    assert with_roles.catalogue() == before


@pytest.mark.parametrize("attribute", ["BYPASSRLS", "SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION"])
def test_the_statements_for_the_roles_refuse_a_role_that_exists_and_is_too_strong(shop: Shop, attribute: str) -> None:
    shop.run(f"CREATE ROLE {LOGINS['app']} LOGIN {attribute}")
    before = shop.catalogue()
    with pytest.raises(psycopg.errors.RaiseException, match=f"too strong: {LOGINS['app']}"):
        shop.run(roles_sql(DATABASE))
    assert shop.catalogue() == before


REFUSED = {
    "superuser": ("ALTER ROLE {0} SUPERUSER", "which is a superuser, so"),
    "bypassrls": ("ALTER ROLE {0} BYPASSRLS", "bypasses row security"),
    "createrole": ("ALTER ROLE {0} CREATEROLE", "may create roles"),
    "createdb": ("ALTER ROLE {0} CREATEDB", "may create databases"),
    "replication": ("ALTER ROLE {0} REPLICATION", "may replicate"),
    "owner": (f"GRANT {OWNER} TO {{0}}", f"is a member of {OWNER}"),
    "maintenance": (f"GRANT {MAINTENANCE} TO {{0}}", f"is a member of {MAINTENANCE}"),
    "through a group": (
        f"GRANT {LOGINS['owner']} TO {{0}}; ALTER ROLE {LOGINS['owner']} NOINHERIT",
        f"is a member of {OWNER}",
    ),
    "programs": ("GRANT pg_execute_server_program TO {0}", "run programs there"),
    "files": ("GRANT pg_read_server_files TO {0}", "the server's files"),
    "its database": ("ALTER DATABASE {1} OWNER TO {0}", "owns the database"),
    "a table": ("CREATE TABLE t (); ALTER TABLE t OWNER TO {0}", "owns tables"),
    "a view": ("CREATE VIEW v AS SELECT 1; ALTER VIEW v OWNER TO {0}", "owns tables"),
    "truncate": (f"CREATE TABLE t (); GRANT TRUNCATE ON t TO {APP}", "may truncate tables"),
    "tables": ("GRANT CREATE ON SCHEMA public TO {0}", "may create tables in the schema public"),
    "schemas": ("GRANT CREATE ON DATABASE {1} TO {0}", "may create schemas"),
    "temporary": ("GRANT TEMP ON DATABASE {1} TO PUBLIC", "may create temporary tables"),
}


@pytest.mark.parametrize(("statement", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_role_stronger_than_the_app_is_refused_with_the_reason(with_roles: Shop, statement: str, reason: str) -> None:
    quoted = '"' + DATABASE.replace('"', '""') + '"'
    with_roles.run(statement.format(LOGINS["app"], quoted))
    with pytest.raises(UnsafeDatabaseRole, match=reason) as caught:
        ready_database(with_roles.settings(LOGINS["app"]))
    assert f"signs in as {LOGINS['app']}" in str(caught.value)


@pytest.mark.parametrize("user", [LOGINS["owner"], LOGINS["maintenance"], DBA])
def test_owner_maintenance_and_administrator_may_not_serve(with_roles: Shop, user: str) -> None:
    with pytest.raises(UnsafeDatabaseRole, match=f"signs in as {user}, which .*Use {LOGINS['app']}"):
        ready_database(with_roles.settings(user))


def test_a_role_that_is_no_member_of_the_app_is_told_so(with_roles: Shop) -> None:
    quoted = '"' + DATABASE.replace('"', '""') + '"'
    with_roles.run("CREATE ROLE other LOGIN PASSWORD 'p'", f"GRANT CONNECT ON DATABASE {quoted} TO other")
    with pytest.raises(DatabaseNotReady, match=f"no member of {APP}"):
        ready_database(with_roles.settings("other"))


def test_the_owners_url_is_needed_to_migrate_and_only_the_owners_will_do(with_roles: Shop) -> None:
    url = with_roles.url(LOGINS["app"])
    with pytest.raises(DatabaseNotReady, match="DATABASE_OWNER_URL"):
        migrate_database(Settings(database_url=url))
    before = with_roles.catalogue()
    with pytest.raises(DatabaseNotReady, match="DATABASE_OWNER_URL"):
        migrate_database(Settings(database_url=url, database_owner_url=url))
    assert with_roles.catalogue() == before


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:s3cret@localhost:1/none",
        "postgresql://app:s3cret@%2Fnowhere/none",
        "postgres//app:s3cret@localhost/none",
        "postgresql://app:s3cret@localhost:port/none",
        "postgresql://app:s3cret@localhost/none?nothing=1",
        "mysql://app:s3cret@localhost/none",
    ],
)
def test_a_database_that_is_not_there_is_refused_without_giving_the_password_away(url: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="DATABASE_URL") as caught:
        ready_database(Settings(database_url=url))
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None or "s3cret" not in str(caught.value.__cause__)
