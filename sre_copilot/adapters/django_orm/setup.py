"""Setting Django up for the copilot, inside a Django project or without one, and migrating."""

import time
from typing import TYPE_CHECKING, Any

import django
import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, ProgrammingError, connections
from django.db.migrations.exceptions import MigrationSchemaMissing
from django.db.migrations.executor import MigrationExecutor

from sre_copilot.adapters.django_orm.routing import ALIAS, LABEL, OWNER_ALIAS
from sre_copilot.domain.errors import DatabaseNotReady, DatabaseUnavailable, EnvironmentFault

if TYPE_CHECKING:
    from sre_copilot.adapters.django_orm.repositories.job_queue import DjangoJobQueue
    from sre_copilot.adapters.django_orm.repositories.schedule import DjangoScheduleRuns
    from sre_copilot.adapters.django_orm.unit_of_work import DjangoDirectory, DjangoUnitOfWorkFactory

APP = "sre_copilot.adapters.django_orm"
ROUTER = f"{APP}.routing.CopilotRouter"
MIGRATION_LOCK = 7_316_402
"""The advisory lock under which migrations run; any number that nobody else uses in this database."""
PATIENCE = 300.0
"""Seconds that a migration waits for somebody else's to end."""
MIGRATION_TIMEOUTS = "-c lock_timeout=10s -c statement_timeout=300s"


def configure(**more: Any) -> None:
    """Configure Django for the copilot alone; does nothing where a project, or an earlier call, has configured it.

    `more` are further settings, such as those that a server needs: it calls this before anything calls `setup`.
    """
    if settings.configured:
        return
    settings.configure(
        **{
            "INSTALLED_APPS": [APP],
            "DATABASES": {"default": {"ENGINE": "django.db.backends.dummy"}},
            "DATABASE_ROUTERS": [ROUTER],
            "USE_TZ": True,
            "TIME_ZONE": "UTC",
            "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
            **more,
        }
    )
    django.setup()


def setup(url: str) -> None:
    """Make Django ready to use the database at `url` as the app role. May be called again, also with another URL.

    Inside a project that has configured Django, the app must be in INSTALLED_APPS. Raises EnvironmentFault.
    """
    database = connection_settings(url)
    configure()
    if not apps.ready or not apps.is_installed(APP):
        raise EnvironmentFault(
            f"Django is configured, but without the copilot: add {APP!r} to INSTALLED_APPS and {ROUTER!r} to "
            "DATABASE_ROUTERS, and call django.setup() first."
        )
    if not settings.USE_TZ:
        raise EnvironmentFault(
            "Django is configured with USE_TZ = False, so that times lose their zone; the copilot needs USE_TZ = True."
        )
    _point(ALIAS, database)


def connection_settings(url: str, options: str = "", *, named: str = "DATABASE_URL") -> dict[str, Any]:
    """A URL as Django's database settings. Raises DatabaseUnavailable, which says what it is `named`, where it is none."""
    try:
        parts = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise DatabaseUnavailable(
            f"{named} is not a PostgreSQL address; write postgresql://user:password@host:5432/database."
        ) from error
    known = {"user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT", "dbname": "NAME"}
    database: dict[str, Any] = {name: str(parts.pop(part, "")) for part, name in known.items()}
    extra = {**parts, "connect_timeout": 5}
    if options:
        extra["options"] = options
    return {"ENGINE": "django.db.backends.postgresql", **database, "OPTIONS": extra, "CONN_MAX_AGE": None}


def _point(alias: str, database: dict[str, Any]) -> None:
    """Let an alias lead to a database; the connection of this thread is renewed where it led elsewhere."""
    complete = {**connections.configure_settings({"default": {}, alias: dict(database)})[alias]}
    if connections.databases.get(alias) == complete:
        return
    connections.databases[alias] = complete
    if hasattr(connections._connections, alias):  # type: ignore[attr-defined]  # Django offers no public way
        connections[alias].close()
        del connections[alias]


def adapters() -> "tuple[DjangoUnitOfWorkFactory, DjangoDirectory]":
    """The ports that Django stands behind; call `setup` first."""
    # Here rather than above: Django's models can only be imported once Django is configured.
    from sre_copilot.adapters.django_orm.unit_of_work import DjangoDirectory, DjangoUnitOfWorkFactory

    return DjangoUnitOfWorkFactory(), DjangoDirectory()


def operations() -> "tuple[DjangoJobQueue, DjangoScheduleRuns]":
    """The ports of whoever operates the installation; call `setup` first."""
    # As in `adapters`.
    from sre_copilot.adapters.django_orm.repositories.job_queue import DjangoJobQueue
    from sre_copilot.adapters.django_orm.repositories.schedule import DjangoScheduleRuns

    return DjangoJobQueue(), DjangoScheduleRuns()


def migrate(owner_url: str) -> list[str]:
    """Apply what is missing, as the owner; return the names of what was applied.

    Raises DatabaseUnavailable, and DatabaseNotReady where the role of `owner_url` may not change tables.
    """
    _point(OWNER_ALIAS, connection_settings(owner_url, MIGRATION_TIMEOUTS, named="DATABASE_OWNER_URL"))
    try:
        _wait_for_our_turn()
        missing = _pending(OWNER_ALIAS)
        if missing:
            call_command("migrate", database=OWNER_ALIAS, verbosity=0, interactive=False)
        return missing
    except OperationalError as error:
        raise DatabaseUnavailable(f"The database can't be migrated: {' '.join(str(error).split())}.") from error
    except (ProgrammingError, MigrationSchemaMissing) as error:
        raise DatabaseNotReady(
            f"The database can't be migrated: {' '.join(str(error).split())}. DATABASE_OWNER_URL has to sign in as the "
            "owner; `sre-copilot roles sql` prints how to create it."
        ) from error
    finally:
        connections[OWNER_ALIAS].close()


def _wait_for_our_turn() -> None:
    """Where several migrate at once the first one does it, and the others find nothing to do. Ends with the connection."""
    last = time.monotonic() + PATIENCE
    with connections[OWNER_ALIAS].cursor() as cursor:
        while True:
            # Asked again and again rather than waited for within the database: an index that is made while everybody
            # goes on waits for all statements that began before, and such a wait would be one.
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [MIGRATION_LOCK])
            if cursor.fetchone()[0]:
                return
            if time.monotonic() > last:
                raise OperationalError("somebody else is migrating, and does not come to an end")
            time.sleep(0.1)


def pending_migrations() -> list[str]:
    """The migrations that the database of the app role lacks. Raises DatabaseUnavailable, DatabaseNotReady."""
    try:
        return _pending(ALIAS)
    except OperationalError as error:
        raise DatabaseUnavailable(f"The database can't be reached: {' '.join(str(error).split())}.") from error


def _pending(alias: str) -> list[str]:
    executor = MigrationExecutor(connections[alias])
    wanted = executor.loader.graph.leaf_nodes()
    applied = executor.loader.applied_migrations
    known = {name for app, name in executor.loader.disk_migrations if app == LABEL}
    unknown = sorted(name for app, name in applied if app == LABEL and name not in known)
    if unknown:
        raise DatabaseNotReady(
            f"The database was migrated by a newer version (it has {unknown[-1]}). Install that version or a newer one."
        )
    return [migration.name for migration, _ in executor.migration_plan(wanted) if migration.app_label == LABEL]


def release() -> None:
    """End a piece of work of this thread: its connection is closed if it has come to harm."""
    connections[ALIAS].close_if_unusable_or_obsolete()


def close() -> None:
    """Close this thread's connection."""
    connections[ALIAS].close()
