"""Turns as advisory locks of PostgreSQL: each on a connection of its own, with which it is lost."""

import attrs
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from sre_copilot.domain.errors import DatabaseUnavailable

TAKE = "SELECT pg_try_advisory_lock(hashtextextended(%s, 3))"
KEPT_ALIVE = "connect_timeout=5 keepalives_idle=5 keepalives_interval=2 keepalives_count=3 tcp_user_timeout=10000"
"""So that neither side believes for long in a connection that is gone."""


@attrs.define
class PostgresTurn:
    """A turn for as long as its connection stands."""

    connection: "psycopg.Connection[tuple[object, ...]]"

    def is_ours(self) -> bool:
        """Whether the connection still stands."""
        try:
            self.connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def end(self) -> None:
        """Close the connection, and with it the lock."""
        self.connection.close()


@attrs.frozen
class PostgresTurns:
    """Gives turns. `url` says how to sign in as the app role. Thread-safe."""

    url: str = attrs.field(repr=False)

    def take(self, name: str) -> PostgresTurn | None:
        """Return the turn, or None while somebody else has it. Raises DatabaseUnavailable."""
        try:
            conninfo = make_conninfo(self.url, **conninfo_to_dict(KEPT_ALIVE))
            connection = psycopg.connect(conninfo, autocommit=True)
            try:
                row = connection.execute(TAKE, [name]).fetchone()
            except BaseException:
                connection.close()
                raise
        except psycopg.Error as error:
            raise DatabaseUnavailable from error
        if row is None or row[0] is not True:
            connection.close()
            return None
        return PostgresTurn(connection)
