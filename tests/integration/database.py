"""A migrated database, and how the tests sign in to it."""

from uuid import UUID

import attrs
import psycopg

from sre_copilot.adapters.postgres.embedded import DatabaseUrls

Connection = psycopg.Connection[tuple[object, ...]]


@attrs.frozen
class Database:
    """A migrated database and how each role signs in."""

    urls: DatabaseUrls
    superuser: str = attrs.field(repr=False)

    def connect(self, role: str, tenant: UUID | None = None) -> Connection:
        """Sign in as `owner`, `app`, `maintenance` or `superuser`, for a tenant where one is given."""
        db = psycopg.connect(self.superuser if role == "superuser" else getattr(self.urls, role))
        if tenant is not None:
            db.execute("SELECT set_config('sre_copilot.tenant_id', %s, false)", [str(tenant)])
        return db

    def open_connections(self) -> int:
        """How many connections there are to it, but for the superuser's: whoever asks often meets its own last one."""
        with self.connect("superuser") as db:
            row = db.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND usename <> current_user"
            ).fetchone()
        return int(str(row[0])) if row else 0
