"""Statements straight on the driver's connection, in binary form and prepared where that is safe: a cursor costs more than most of ours do.

Everything else is as a cursor of the driver has it: when a transaction begins, what interrupts a statement, which errors
come out. Transactions are of the server's default kind. Places of parameters are written %b or %(name)b.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

import attrs
import psycopg
from psycopg import abc, generators, pq
from psycopg.adapt import AdaptersMap, PyFormat, Transformer
from psycopg.pq.abc import PGresult

from sre_copilot.adapters.django_orm.arrays import JsonTextLoader, Packed, PackedDumper, UtcLoader

Parameters = Sequence[object] | Mapping[str, object]

ASKED_BEFORE = 3
"""How often a statement was asked of a connection before it is prepared there."""
MOST_PREPARED = 100
"""Statements that a connection keeps prepared."""
OUTDATED = frozenset({"26000", "0A000"})
"""The SQLSTATEs of a prepared statement that is gone, and of one whose table was changed."""
_PLACE = re.compile(rb"%%|%(?:\((\w+)\))?b")


def _adapters() -> AdaptersMap:
    adapters = AdaptersMap(psycopg.adapters)
    adapters.register_dumper(Packed, PackedDumper)
    adapters.register_loader("timestamptz", UtcLoader)
    adapters.register_loader("jsonb", JsonTextLoader)
    return adapters


class Outdated(psycopg.OperationalError):
    """A prepared statement is gone, or its table was changed. The transaction is lost; what is asked again is prepared anew."""


@attrs.define(eq=False)
class Session:
    """What is kept with a connection, and goes with it."""

    _prepares: bool
    _transformer: abc.Transformer = attrs.field(factory=lambda: Transformer(_adapters()), init=False)
    _asked: dict[object, int] = attrs.field(factory=dict, init=False)
    _prepared: dict[object, bytes] = attrs.field(factory=dict, init=False)
    _names: "count[int]" = attrs.field(factory=count, init=False)

    def rows(
        self, connection: psycopg.Connection, statement: str | bytes, given: Parameters, *, prepared: bool
    ) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows. Raises the driver's errors, and Outdated."""
        text, names = _native(statement)
        values = [given[name] for name in names] if isinstance(given, Mapping) else given
        sent = self._transformer.dump_sequence(values, [PyFormat.BINARY] * len(values))
        types, formats = self._transformer.types or (), self._transformer.formats
        name = self._prepared_name(connection, text, types) if prepared and self._prepares else None
        if name is None:
            connection.pgconn.send_query_params(text, sent, types, formats, pq.Format.BINARY)
        else:
            connection.pgconn.send_query_prepared(name, sent, formats, pq.Format.BINARY)
        try:
            result = _answer(connection)
        except psycopg.Error as error:
            if name is None or error.sqlstate not in OUTDATED:
                raise
            # What did away with one did so with all.
            self._prepared.clear()
            raise Outdated(str(error)) from error
        if result.status != pq.ExecStatus.TUPLES_OK:
            return []
        self._transformer.set_pgresult(result)
        try:
            return self._transformer.load_rows(0, result.ntuples, tuple)
        finally:
            self._transformer.set_pgresult(None)

    def _prepared_name(self, connection: psycopg.Connection, text: bytes, types: tuple[int, ...]) -> bytes | None:
        """The name of a statement that is asked often, and so prepared by now; None of another one."""
        key = (text, types)
        if key not in self._prepared:
            asked = self._asked[key] = self._asked.get(key, 0) + 1
            if asked <= ASKED_BEFORE or len(self._prepared) >= MOST_PREPARED:
                return None
            name = b"copilot_%d" % next(self._names)
            connection.pgconn.send_prepare(name, text, types)
            _answer(connection)
            self._prepared[key] = name
        return self._prepared[key]


_sessions: "WeakKeyDictionary[psycopg.Connection, Session]" = WeakKeyDictionary()


def rows(
    connection: psycopg.Connection, statement: str | bytes, given: Parameters, *, prepared: bool = False
) -> list[tuple[Any, ...]]:
    """Run a statement, whose parameters may be arrays, and return its rows. Raises the driver's errors, and Outdated.

    Only what finds its rows in one way, however large the tables, should be `prepared`: the plan is kept while they grow.
    """
    with connection.lock:
        if not connection.autocommit and connection.pgconn.transaction_status == pq.TransactionStatus.IDLE:
            connection.pgconn.send_query(b"BEGIN")
            _answer(connection)
        session = _sessions.get(connection)
        if session is None:
            session = _sessions[connection] = Session(prepares=not _is_pooled(connection))
        return session.rows(connection, statement, given, prepared=prepared)


def _is_pooled(connection: psycopg.Connection) -> bool:
    """Whether somebody stands in between, who may have the next transaction run by another process of the server.

    That one would not know what was prepared.
    """
    connection.pgconn.send_query(b"SELECT pg_backend_pid()")
    return _answer(connection).get_value(0, 0) != b"%d" % connection.pgconn.backend_pid


def _answer(connection: psycopg.Connection) -> PGresult:
    results: list[PGresult] = connection.wait(generators.execute(connection.pgconn))
    result = results[-1]
    if result.status == pq.ExecStatus.FATAL_ERROR:
        raise psycopg.errors.error_from_result(result)
    return result


@cache
def _native(statement: str | bytes) -> tuple[bytes, tuple[str, ...]]:
    """A statement with numbered parameters, and their names: their places where they have none."""
    places: dict[bytes, int] = {}

    def numbered(found: re.Match[bytes]) -> bytes:
        if found[0] == b"%%":
            return b"%"
        name = found[1] or b"%d" % len(places)
        return b"$%d" % places.setdefault(name, len(places) + 1)

    text = _PLACE.sub(numbered, statement.encode() if isinstance(statement, str) else statement)
    return text, tuple(name.decode() for name in places)
