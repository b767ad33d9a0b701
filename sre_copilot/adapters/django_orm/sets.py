"""Rows as sets: one statement however many rows there are, each column an array in binary form.

COPY is refused under row security; an INSERT from arrays is nearly as fast. Columns are named as in the database, and
what is given for a JSON column is its text.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import chain
from typing import Any, LiteralString

import attrs
import psycopg
from django.db import connections
from django.db.models import Model
from django.db.utils import DatabaseErrorWrapper
from psycopg import sql

from sre_copilot.adapters.django_orm import asking
from sre_copilot.adapters.django_orm.arrays import packed
from sre_copilot.adapters.django_orm.asking import Parameters
from sre_copilot.adapters.django_orm.routing import ALIAS

Columns = Mapping[str, Sequence[object]]

LARGEST = 256 * 1024
"""Bytes that a statement with several rows has at most, in good measure. The driver's library keeps for each connection what its
largest message once needed: with whole batches as one statement that was 3.5 MB for each of a server's threads."""


@attrs.frozen
class Writes:
    """What is to be stored in one moment, run as few statements, because each costs a round trip and much of its own.

    None of them sees what another one writes, nor does one come before the other; references are checked at the end of
    the transaction. Of two that change the same row only one does.
    """

    _written: list[tuple[bytes, list[object]]] = attrs.field(factory=list, init=False)

    def insert(self, model: type[Model], columns: Columns) -> None:
        """Insert one row per element."""
        for part in _parts(columns):
            self.add(_insertion(model, tuple(columns)), _packed(model, part))

    def update(self, model: type[Model], key: Sequence[str], columns: Columns) -> None:
        """Set the other columns of the rows that the key columns name. Rows have to be locked, or nobody else's."""
        for part in _parts(columns):
            self.add(_change(model, tuple(key), tuple(columns)), _packed(model, part))

    def add(self, statement: bytes, parameters: list[object]) -> None:
        """Run a statement of one's own with them."""
        self._written.append((statement, parameters))

    def run(self) -> None:
        """Store it all. Raises Django's database errors."""
        together: list[tuple[bytes, list[object]]] = []
        size = 0
        for written in self._written:
            own = sum(len(array) for array in written[1] if isinstance(array, bytes))
            if together and size + own > LARGEST:
                _run(together)
                together, size = [], 0
            together.append(written)
            size += own
        if together:
            _run(together)


def insert(model: type[Model], columns: Columns) -> None:
    """Insert one row per element. Raises Django's database errors."""
    for part in _parts(columns):
        ask(_insertion(model, tuple(columns)), _packed(model, part), prepared=True)


def update(model: type[Model], key: Sequence[str], columns: Columns) -> None:
    """Set the other columns of the rows that the key columns name. Rows have to be locked, or nobody else's."""
    writes = Writes()
    writes.update(model, key, columns)
    writes.run()


def ask(statement: LiteralString | bytes, parameters: Parameters, *, prepared: bool = False) -> list[tuple[Any, ...]]:
    """Run a statement whose parameters may be arrays, and return its rows. Raises Django's database errors.

    Rows come in binary form: times are in UTC, and JSON is its text. What is `prepared` keeps its plan while tables grow, so
    there must be but one way to find its rows, or few of them for ever: planned on an empty table it goes through all of them.
    """
    wrapper = connections[ALIAS]
    wrapper.ensure_connection()
    wrapper.validate_no_broken_transaction()
    connection = wrapper.connection
    assert connection is not None
    with DatabaseErrorWrapper(wrapper):
        if not wrapper.execute_wrappers:
            return asking.rows(connection, statement, parameters, prepared=prepared)
        found: list[tuple[Any, ...]] = []

        def execute(statement: LiteralString | bytes, parameters: Parameters, *_: object) -> None:
            found[:] = asking.rows(connection, statement, parameters, prepared=prepared)

        heard: Callable[..., object] = execute
        for listener in reversed(wrapper.execute_wrappers):
            # Whoever listens to what is asked of the database hears this too.
            heard = partial(listener, heard)
        heard(statement, parameters, False, {"connection": wrapper, "cursor": psycopg.Cursor(connection)})
        return found


def _run(written: Sequence[tuple[bytes, list[object]]]) -> None:
    statements, parameters = zip(*written, strict=True)
    ask(_together(statements), list(chain.from_iterable(parameters)))


def _parts(columns: Columns) -> Iterator[Columns]:
    """Split rows so that each part has `LARGEST` bytes of texts at most, if rows are alike; no rows are no part."""
    rows = max(map(len, columns.values()))
    texts = (value for column in columns.values() for value in column if isinstance(value, str | bytes))
    parts = min(rows, -(-sum(map(len, texts)) // LARGEST) or 1)
    if parts == 1:
        yield columns
    elif parts:
        step = -(-rows // parts)
        for start in range(0, rows, step):
            yield {name: column[start : start + step] for name, column in columns.items()}


def _packed(model: type[Model], columns: Columns) -> list[object]:
    return [packed(_kind_of(model, name), values) for name, values in columns.items()]


def _array(kind: str) -> sql.SQL:
    """A parameter that is an array of this type, in binary form."""
    return sql.SQL(f"%b::{kind}[]")


@cache
def _together(statements: tuple[bytes, ...]) -> bytes:
    *others, last = statements
    begin = b", ".join(b"written_%d AS (%b)" % (place, statement) for place, statement in enumerate(others))
    return b"WITH " + begin + b" " + last if others else last


@cache
def _insertion(model: type[Model], names: tuple[str, ...]) -> bytes:
    return (
        sql.SQL("INSERT INTO {} ({}) SELECT * FROM unnest({})")
        .format(
            sql.Identifier(model._meta.db_table),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join(_array(_kind_of(model, name)) for name in names),
        )
        .as_bytes(None)
    )


@cache
def _change(model: type[Model], key: tuple[str, ...], names: tuple[str, ...]) -> bytes:
    return (
        sql.SQL("UPDATE {} AS t SET {} FROM unnest({}) AS n ({}) WHERE {}")
        .format(
            sql.Identifier(model._meta.db_table),
            sql.SQL(", ").join(
                sql.SQL("{} = n.{}").format(sql.Identifier(name), sql.Identifier(name))
                for name in names
                if name not in key
            ),
            sql.SQL(", ").join(_array(_kind_of(model, name)) for name in names),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(" AND ").join(
                sql.SQL("t.{} = n.{}").format(sql.Identifier(name), sql.Identifier(name)) for name in key
            ),
        )
        .as_bytes(None)
    )


@cache
def _kind_of(model: type[Model], name: str) -> str:
    """The PostgreSQL type of a column's array. Of a bounded text it is plain text: a cast to it would cut in silence."""
    field = next(field for field in model._meta.concrete_fields if field.column == name)
    kind = str(field.db_type(connections[ALIAS]))
    if kind.startswith("varchar"):
        return "text"
    return "timestamptz" if kind == "timestamp with time zone" else kind
