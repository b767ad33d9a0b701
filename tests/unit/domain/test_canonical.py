"""One canonical byte form: the same for the same value, refused where two readers would disagree."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from hashlib import sha256
from types import MappingProxyType
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.canonical import canonical, content_hash, plain, timestamp
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.signals import SignalDraft


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    LOW = 3


@attrs.frozen(kw_only=True)
class Place:
    name: str
    at: datetime
    inner: "Place | None" = None


WHEN = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, b"null", id="nothing"),
        pytest.param(True, b"true", id="truth"),
        pytest.param(1, b"1", id="a whole number"),
        pytest.param(0.1, b"0.1", id="a fraction"),
        pytest.param('é"', '"é\\""'.encode(), id="text in UTF-8, not escaped"),
        pytest.param(WHEN, b'"2026-01-02T03:04:05.000678Z"', id="a time"),
        pytest.param(timedelta(minutes=2, microseconds=500_000), b"120.5", id="a duration in seconds"),
        pytest.param(UUID(int=1), b'"00000000-0000-0000-0000-000000000001"', id="an id"),
        pytest.param(Colour.RED, b'"red"', id="a word of a list"),
        pytest.param(Level.LOW, b"3", id="a number of a list"),
        pytest.param((1, [2]), b"[1,[2]]", id="tuples as lists"),
        pytest.param(frozenset({"b", "a"}), b'["a","b"]', id="a set, sorted"),
        pytest.param({3, 20}, b"[20,3]", id="a set of numbers, sorted as text"),
        pytest.param({"b": 1, "a": {"d": 2, "c": 3}}, b'{"a":{"c":3,"d":2},"b":1}', id="keys, sorted"),
        pytest.param(MappingProxyType({"a": 1}), b'{"a":1}', id="any mapping"),
        pytest.param({Colour.RED: 1, UUID(int=0): 2}, b'{"00000000-0000-0000-0000-000000000000":2,"red":1}', id="keys"),
        pytest.param(
            Place(name="x", at=WHEN),
            b'{"at":"2026-01-02T03:04:05.000678Z","inner":null,"name":"x"}',
            id="an object by its fields",
        ),
    ],
)
def test_every_type_has_one_rendering(value: object, expected: bytes) -> None:
    assert canonical(value) == expected
    assert content_hash(value) == sha256(expected).hexdigest()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, [{"deep": math.nan}]])
def test_numbers_that_two_readers_would_disagree_about_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(value)


def test_what_is_worked_out_from_other_fields_is_no_part_of_the_form() -> None:
    draft = SignalDraft(name="HighErrorRate", raw={"name": "HighErrorRate"})
    before = canonical(draft)
    fingerprint(UUID(int=1), draft)
    assert canonical(draft) == before
    assert b"worked_out" not in before


def test_a_time_without_a_zone_is_refused() -> None:
    naive = WHEN.replace(tzinfo=None)
    with pytest.raises(ValueError, match="without a zone"):
        timestamp(naive)
    with pytest.raises(ValueError, match="without a zone"):
        canonical({"at": naive})


@pytest.mark.parametrize("value", [b"bytes", object(), {"deep": [complex(1)]}, Place])
def test_an_unknown_type_is_refused_by_its_name(value: object) -> None:
    with pytest.raises(TypeError, match=r"^\w+ has no canonical form$"):
        plain(value)


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


def _reordered(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _reordered(item) for key, item in reversed(list(value.items()))}
    return [_reordered(item) for item in value] if isinstance(value, list) else value


@given(documents)
def test_what_is_already_json_reads_back_as_it_was(document: object) -> None:
    assert json.loads(canonical(document)) == document == plain(document)


@given(documents)
def test_what_is_already_json_has_the_bytes_of_the_json_module(document: object) -> None:
    wanted = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    assert canonical(document) == wanted.encode("utf-8")


def test_keys_that_are_no_text_and_values_of_subclasses_are_rendered_wherever_they_are() -> None:
    deep = {"a": [{1: Colour.RED, None: (Level.LOW,)}], True: {"at": WHEN}}
    wanted = b'{"True":{"at":"2026-01-02T03:04:05.000678Z"},"a":[{"1":"red","None":[3]}]}'
    assert canonical(deep) == wanted


@given(documents)
def test_the_order_of_keys_is_irrelevant(document: object) -> None:
    assert canonical(_reordered(document)) == canonical(document)


@given(documents, documents)
def test_two_documents_share_a_hash_only_where_their_bytes_are_equal(one: object, other: object) -> None:
    assert (content_hash(one) == content_hash(other)) == (canonical(one) == canonical(other))
    assert len(content_hash(one)) == 64


@given(documents)
def test_the_plain_form_of_a_plain_form_is_itself(document: object) -> None:
    assert plain(plain({"document": document, "at": WHEN})) == plain({"document": document, "at": WHEN})


@given(
    st.timedeltas(timedelta(days=-100_000), timedelta(days=100_000)).map(WHEN.__add__),
    st.integers(-23 * 60, 23 * 60),
)
def test_a_moment_has_one_form_in_every_zone_and_reads_back_to_the_microsecond(moment: datetime, offset: int) -> None:
    elsewhere = moment.astimezone(timezone(timedelta(minutes=offset)))
    assert timestamp(elsewhere) == timestamp(moment)
    assert datetime.fromisoformat(timestamp(elsewhere)) == moment


@given(st.frozensets(st.text(max_size=4), max_size=6), st.randoms(use_true_random=False))
def test_a_set_has_one_form_however_it_was_put_together(words: frozenset[str], random: object) -> None:
    shuffled = sorted(words)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert canonical(set(shuffled)) == canonical(words) == canonical(sorted(words))
