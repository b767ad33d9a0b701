"""Columns as PostgreSQL's arrays in binary form, written as wholes.

The driver asks each element how it is written, which for the rows of a batch is most of what a statement costs here.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import repeat
from operator import is_
from typing import Any
from uuid import UUID

from psycopg import postgres, pq
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, Loader

_NULL = b"\xff\xff\xff\xff"
_length = struct.Struct("!i").pack
_head = struct.Struct("!iiIii").pack
_moment = struct.Struct("!iq").pack
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_BOOLEANS = {True: b"\0\0\0\1\1", False: b"\0\0\0\1\0"}


class Packed(bytes):
    """An array in binary form."""


class PackedDumper(Dumper):
    """Sends it as it is; the statement says of which type it is."""

    format = pq.Format.BINARY

    def dump(self, obj: Packed) -> bytes:
        """Return what is sent."""
        return obj


class UtcLoader(Loader):
    """Reads times in binary form as times in UTC, which Python compares quickest."""

    format = pq.Format.BINARY

    def load(self, data: Buffer) -> datetime:
        """Return the time."""
        return _EPOCH + timedelta(microseconds=int.from_bytes(data, "big", signed=True))


class JsonTextLoader(Loader):
    """Leaves JSON in binary form as its text, as Django has it."""

    format = pq.Format.BINARY

    def load(self, data: Buffer) -> str:
        """Return the text, which follows the version of the form."""
        return bytes(data)[1:].decode()


def packed(kind: str, values: Sequence[Any]) -> Packed | list[Any]:
    """Return an array of a type. What the type has no room for stays a list, which the server refuses in its words."""
    write = _WRITERS.get(kind)
    if write is None or not values:
        return list(values)
    try:
        body, has_null = _body(write, values)
    except (struct.error, OverflowError, KeyError):
        return list(values)
    # One dimension, then the type of its elements, their number, and that they count from one.
    return Packed(_head(1, has_null, _OIDS[kind], len(values), 1) + body)


def _body(write: Callable[[Sequence[Any]], list[bytes]], values: Sequence[Any]) -> tuple[bytes, bool]:
    first = values[0]
    if all(map(is_, values, repeat(first))):
        # The same thing in every row, as most columns of a batch have it.
        return (_NULL if first is None else b"".join(write([first]))) * len(values), first is None
    if not any(map(is_, values, repeat(None))):
        return b"".join(write(values)), False
    written = iter(write([value for value in values if value is not None]))
    return b"".join([_NULL if value is None else next(written) for value in values]), True


def _uuids(values: Sequence[UUID]) -> list[bytes]:
    return [b"\0\0\0\x10" + value.int.to_bytes(16) for value in values]


def _texts(values: Sequence[str]) -> list[bytes]:
    written = [value.encode() for value in values]
    return [_length(len(text)) + text for text in written]


def _documents(values: Sequence[str]) -> list[bytes]:
    written = [value.encode() for value in values]
    # The text follows the version of the form.
    return [_length(len(text) + 1) + b"\x01" + text for text in written]


def _blobs(values: Sequence[bytes]) -> list[bytes]:
    return [_length(len(value)) + value for value in values]


def _times(values: Sequence[datetime]) -> list[bytes]:
    return [_moment(8, (value - _EPOCH) // _TICK) for value in values]


def _booleans(values: Sequence[bool]) -> list[bytes]:
    # Whatever is no truth value is refused here; `struct` would take the word "no" for one that is true.
    return [_BOOLEANS[value] for value in values]


def _numbers(form: str) -> Callable[[Sequence[Any]], list[bytes]]:
    size, write = struct.calcsize(f"!{form}"), struct.Struct(f"!i{form}").pack
    return lambda values: [write(size, value) for value in values]


_WRITERS: dict[str, Callable[[Sequence[Any]], list[bytes]]] = {
    "uuid": _uuids,
    "text": _texts,
    "jsonb": _documents,
    "timestamptz": _times,
    "bytea": _blobs,
    "boolean": _booleans,
    "integer": _numbers("i"),
    "bigint": _numbers("q"),
    "double precision": _numbers("d"),
}
_OIDS = {kind: postgres.types[kind].oid for kind in _WRITERS}
