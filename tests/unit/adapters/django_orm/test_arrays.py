"""Columns as arrays in binary form."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg import postgres, pq
from psycopg.adapt import Transformer

from sre_copilot.adapters.django_orm.arrays import Packed, UtcLoader, packed

MOMENT = datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
VALUES: dict[str, list[Any]] = {
    "uuid": [UUID(int=1), UUID(int=2**128 - 1), UUID(int=7)],
    "text": ["", "naïve", "so 'quoted', {so}"],
    "jsonb": ['{"a":[1]}', "null", '"é"'],
    "timestamptz": [MOMENT, MOMENT + timedelta(days=9_999), datetime.min.replace(tzinfo=UTC)],
    "bytea": [b"", b"\0\xff", b"plain"],
    "boolean": [True, False, True],
    "integer": [-(2**31), 2**31 - 1, 0],
    "bigint": [-(2**63), 2**63 - 1, 0],
    "double precision": [0.1, -1e300, 3],
}


@pytest.mark.parametrize("kind", VALUES)
def test_the_driver_reads_what_was_packed(kind: str) -> None:
    values = VALUES[kind]
    for column in (values, [values[0], None, values[1], None], [None] * 3, values[:1] * 5, [None, values[2]]):
        assert _read(kind, column) == [
            value if value is None or kind != "jsonb" else _document(value) for value in column
        ]


def test_what_a_type_has_no_room_for_is_left_to_the_server() -> None:
    assert packed("integer", [1, 2**31]) == [1, 2**31]
    assert not isinstance(packed("integer", [1, 2**31]), Packed)


def test_of_an_unknown_type_or_without_values_it_stays_a_list() -> None:
    assert packed("point", ["(1,2)"]) == ["(1,2)"]
    assert packed("uuid", []) == []


def test_times_are_read_in_utc_itself() -> None:
    loader = UtcLoader(postgres.types["timestamptz"].oid)
    ticks = (MOMENT - datetime(2000, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    read = loader.load(ticks.to_bytes(8, "big", signed=True))
    assert read == MOMENT
    assert read.tzinfo is UTC


def _read(kind: str, values: list[Any]) -> Any:
    written = packed(kind, values)
    assert isinstance(written, Packed)
    return Transformer(None).get_loader(postgres.types[kind].array_oid, pq.Format.BINARY).load(written)


def _document(text: str) -> Any:
    return Transformer(None).get_loader(postgres.types["json"].oid, pq.Format.BINARY).load(text.encode())
