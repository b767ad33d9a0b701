"""A packed array says to PostgreSQL what the driver's own says, or is refused: it never says something else."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sre_copilot.adapters.django_orm import sets
from sre_copilot.adapters.django_orm.arrays import Packed, packed
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.domain.errors import CopilotError, InvalidInput

pytestmark = pytest.mark.usefixtures("database")

FIRST, LAST = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (2, 9998))
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
FITTING: dict[str, st.SearchStrategy[Any]] = {
    "uuid": st.uuids(),
    "text": WORDS,
    "jsonb": WORDS.map(json.dumps),
    "timestamptz": st.datetimes(FIRST, LAST, timezones=st.timezones()),
    "bytea": st.binary(),
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "double precision": st.floats(allow_nan=False),
}
NUMBERS = st.integers(-(2**53), 2**53) | st.booleans() | st.floats(allow_nan=False)
ODD: dict[str, st.SearchStrategy[Any]] = {
    "uuid": st.sampled_from(("", "00000000-0000-0000-0000-000000000001", 7)),
    "text": st.text() | st.integers() | st.binary(),
    "jsonb": st.text() | st.integers() | st.sampled_from(('"\\u0000"', '"\\ud800"')),
    "timestamptz": st.datetimes(FIRST, LAST) | st.dates(FIRST.date(), LAST.date()) | st.just("2026-01-01 00:00+02"),
    "bytea": st.text(),
    "boolean": st.integers() | st.floats() | st.sampled_from(("no", "yes", "", "f")),
    "integer": NUMBERS | st.integers() | st.text(),
    "bigint": NUMBERS | st.integers() | st.text(),
    "double precision": NUMBERS | st.text(),
}
REFUSED = ["refused"]
SEVERAL = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def understood(kind: str, array: Packed | list[Any]) -> list[Any]:
    """How PostgreSQL understands an array. Raises what the repositories raise where it refuses."""
    statement = f"SELECT %b::{kind}[]".encode()
    with translated(), transaction.atomic(using=ALIAS):
        ((values,),) = sets.ask(statement, [array])
    return list(values)


def outcome(kind: str, array: Callable[[], Packed | list[Any]]) -> list[Any]:
    """What is understood, or that it is refused."""
    try:
        return understood(kind, array())
    except (CopilotError, DatabaseError, AttributeError, TypeError, ValueError):
        return REFUSED


@pytest.mark.parametrize("kind", FITTING)
@SEVERAL
@given(data=st.data())
def test_what_fits_is_understood_as_the_drivers_own_array_is(kind: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.none() | FITTING[kind], min_size=1, max_size=5))
    array = packed(kind, values)
    assert isinstance(array, Packed)
    assert understood(kind, array) == understood(kind, values)


@pytest.mark.parametrize("kind", FITTING)
@SEVERAL
@given(data=st.data())
def test_what_does_not_fit_is_refused_or_understood_as_before(kind: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.none() | FITTING[kind] | ODD[kind], max_size=4))
    # The driver refuses numbers of several types in one array, even where they say what fits.
    allowed = (REFUSED, values, outcome(kind, lambda: values))
    assert outcome(kind, lambda: packed(kind, values)) in allowed


@pytest.mark.parametrize(
    ("kind", "value"),
    [("text", "a\0b"), ("text", "\ud800"), ("jsonb", '"\\u0000"'), ("integer", 2**31), ("bigint", -(2**63) - 1)],
)
def test_what_cannot_be_stored_is_refused_in_the_domains_words(kind: str, value: object) -> None:
    for values in ([value], [None, value], [value, value]):
        with pytest.raises(InvalidInput), translated():
            understood(kind, packed(kind, values))
