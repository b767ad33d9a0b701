"""Signing in to the embedded server, and setting up its databases."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

import attrs
import psycopg
from psycopg.sql import SQL, Identifier

from sre_copilot.adapters.postgres.cluster import SUPERUSER
from sre_copilot.adapters.postgres.configuration import PORT
from sre_copilot.adapters.postgres.files import write_whole
from sre_copilot.adapters.postgres.place import Place
from sre_copilot.adapters.postgres.roles import LOGINS, roles_sql

DATABASE = "sre_copilot"
NAMES = (SUPERUSER, *LOGINS.values())
"""Who has a password."""
NOT_RUNNING = "/sre-copilot-database-is-not-running"
"""Where nobody is reached, in place of the socket of a server that was stopped."""


@attrs.frozen(kw_only=True)
class DatabaseUrls:
    """How each role signs in; the values are secrets."""

    owner: str = attrs.field(repr=False)
    app: str = attrs.field(repr=False)
    maintenance: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Access:
    """The server in `place` with the passwords of its roles. What signs in raises psycopg.Error."""

    place: Place
    passwords: Mapping[str, str] = attrs.field(repr=False)

    def url(self, user: str, database: str) -> str:
        """How a user signs in to a database."""
        host = quote(str(self.place.running_sockets() or NOT_RUNNING), safe="")
        password = quote(self.passwords[user], safe="")
        return f"postgresql://{user}:{password}@/{quote(database, safe='')}?host={host}&port={PORT}"

    def urls(self, database: str) -> DatabaseUrls:
        """How each role signs in to a database."""
        return DatabaseUrls(**{role: self.url(login, database) for role, login in LOGINS.items()})

    @contextmanager
    def superuser(self, database: str = "postgres") -> "Iterator[psycopg.Connection[tuple[object, ...]]]":
        """A connection as the superuser that commits by itself."""
        with psycopg.connect(self.url(SUPERUSER, database), autocommit=True, connect_timeout=5) as db:
            yield db

    def trouble(self) -> str | None:
        """Why nobody can sign in, or None where one can."""
        try:
            with self.superuser():
                return None
        except psycopg.OperationalError as error:
            return " ".join(str(error).split())

    def make_database(self, name: str, template: str | None = None) -> None:
        """Create a database (a copy of `template` where given) unless it exists, and set its roles up."""
        with self.superuser() as db:
            if db.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                source = Identifier(template or "template1")
                db.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), source))
        with self.superuser(name) as db:
            db.execute(roles_sql(name).encode())

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, ending its connections."""
        with self.superuser() as db:
            db.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))

    def ensure_prepared(self) -> None:
        """Set database, roles and passwords up unless that was done, in the same words. Raises OSError too."""
        wanted = hashlib.sha256(roles_sql(DATABASE).encode()).hexdigest()
        if (
            self.place.prepared.exists()
            and self.place.prepared.read_text(encoding="utf-8", errors="replace").strip() == wanted
        ):
            return
        self.make_database(DATABASE)
        with self.superuser(DATABASE) as db:
            for login in LOGINS.values():
                # Encrypted here, so that the password itself reaches no log.
                secret = self.passwords[login].encode()
                verifier = db.pgconn.encrypt_password(secret, login.encode(), b"scram-sha-256").decode()
                db.execute(SQL("ALTER ROLE {} PASSWORD {}").format(Identifier(login), verifier))
        # No secret, and where root does this for a user, that user reads it the next time.
        write_whole(self.place.prepared, f"{wanted}\n", mode=0o644)
