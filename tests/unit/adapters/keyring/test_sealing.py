"""Sealed values open where they were sealed, with the key they were sealed with, unaltered, and nowhere else."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.adapters.keyring.sealing import bound
from sre_copilot.application.ports.sealing import Place
from sre_copilot.domain.errors import SealBroken
from sre_copilot.testing.sealing import InMemoryKeyRing, make_sealer

PLACE = Place(table="integrations", tenant_id=UUID(int=1), row_id=UUID(int=2), field="config")
VALUE = b'{"secrets": {"api_key": ["planted-canary"]}}'
BINARY = ("wrapped_key", "nonce", "ciphertext")

places = st.builds(Place, table=st.text(), tenant_id=st.uuids(), row_id=st.uuids(), field=st.text())


def flipped(text: str, bit: int) -> str:
    """The base64 text of the same bytes with one bit turned."""
    content = bytearray(base64.b64decode(text))
    content[bit // 8] ^= 1 << bit % 8
    return base64.b64encode(content).decode()


def must_refuse(envelope: Mapping[str, Any], place: Place = PLACE, ring: InMemoryKeyRing | None = None) -> SealBroken:
    """The error that both ways to read the envelope raise."""
    sealer = make_sealer(ring)
    with pytest.raises(SealBroken):
        sealer.reseal(envelope, place)
    with pytest.raises(SealBroken) as caught:
        sealer.open(envelope, place)
    assert "planted-canary" not in repr(caught.value)
    return caught.value


@given(value=st.binary(max_size=200), place=places, rotations=st.integers(0, 3))
def test_what_was_sealed_opens_in_its_place_whatever_was_rotated_since(
    value: bytes, place: Place, rotations: int
) -> None:
    ring = InMemoryKeyRing()
    sealer = make_sealer(ring)
    envelope = sealer.seal(value, place)
    for _ in range(rotations):
        ring.add()
    stored = json.loads(json.dumps(envelope))
    assert sealer.open(stored, place) == value
    moved = sealer.reseal(stored, place)
    assert (moved is None) is (rotations == 0)
    assert sealer.open(moved or stored, place) == value


def test_an_envelope_has_the_documented_form() -> None:
    envelope = make_sealer().seal(VALUE, PLACE)
    assert list(envelope) == ["v", "key_id", "wrapped_key", "nonce", "ciphertext"]
    assert (envelope["v"], envelope["key_id"]) == (1, "key-1")
    assert [len(base64.b64decode(envelope[name])) for name in BINARY] == [60, 12, len(VALUE) + 16]


def test_the_same_value_is_never_sealed_to_the_same_bytes() -> None:
    sealer = make_sealer()
    one, other = sealer.seal(VALUE, PLACE), sealer.seal(VALUE, PLACE)
    assert [name for name in BINARY if one[name] == other[name]] == []


@pytest.mark.parametrize("name", BINARY)
def test_every_single_turned_bit_is_refused(name: str) -> None:
    envelope = make_sealer().seal(VALUE, PLACE)
    for bit in range(len(base64.b64decode(envelope[name])) * 8):
        must_refuse({**envelope, name: flipped(envelope[name], bit)})


@pytest.mark.parametrize("name", ["wrapped_key", "ciphertext"])
def test_every_single_missing_byte_is_refused(name: str) -> None:
    envelope = make_sealer().seal(VALUE, PLACE)
    content = base64.b64decode(envelope[name])
    for place in range(len(content)):
        shorter = content[:place] + content[place + 1 :]
        must_refuse({**envelope, name: base64.b64encode(shorter).decode()})


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("how", ["{}=", "{} ", "\n{}", "-{}", "", "é{}"])
def test_bytes_that_are_written_another_way_are_refused(name: str, how: str) -> None:
    envelope = make_sealer().seal(VALUE, PLACE)
    must_refuse({**envelope, name: how.format(envelope[name])})


def test_the_spare_bits_of_base64_are_refused_too() -> None:
    envelope = make_sealer().seal(b"1", PLACE)
    text = envelope["ciphertext"]
    assert text.endswith("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = text.rstrip("=")[-1]
    spare = alphabet[alphabet.index(last) ^ 1]
    other = text.rstrip("=")[:-1] + spare + "=" * text.count("=")
    assert base64.b64decode(other) == base64.b64decode(text)
    must_refuse({**envelope, "ciphertext": other})


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"v": 1.0},
        {"v": "1"},
        {"v": None},
        {"key_id": None},
        {"key_id": ["key-1"]},
        {"key_id": ""},
        {"key_id": "key 1"},
        {"key_id": "k" * 65},
        {"wrapped_key": None},
        {"nonce": 12},
        {"ciphertext": b"bytes"},
        {"more": 1},
    ],
    ids=repr,
)
def test_every_other_field_or_type_is_refused(change: dict[str, Any]) -> None:
    must_refuse({**make_sealer().seal(VALUE, PLACE), **change})


@pytest.mark.parametrize("name", ["v", "key_id", *BINARY])
def test_every_missing_field_is_refused(name: str) -> None:
    envelope = dict(make_sealer().seal(VALUE, PLACE))
    del envelope[name]
    must_refuse(envelope)


@pytest.mark.parametrize("stored", [{}, [], "sealed", None, {"api_key": "plain"}], ids=repr)
def test_what_is_no_envelope_is_refused(stored: Any) -> None:
    must_refuse(stored)


@pytest.mark.parametrize("name", BINARY)
def test_a_part_of_another_envelope_is_refused(name: str) -> None:
    sealer = make_sealer()
    one, other = sealer.seal(VALUE, PLACE), sealer.seal(VALUE, PLACE)
    must_refuse({**one, name: other[name]})


@pytest.mark.parametrize(
    "moved",
    [{"table": "users"}, {"tenant_id": uuid4()}, {"row_id": uuid4()}, {"field": "cursor"}],
    ids=lambda moved: next(iter(moved)),
)
def test_an_envelope_that_was_moved_elsewhere_is_refused(moved: dict[str, Any]) -> None:
    error = must_refuse(make_sealer().seal(VALUE, PLACE), attrs.evolve(PLACE, **moved))
    assert "another place" in str(error)


@given(sealed_in=places, opened_in=places)
def test_an_envelope_opens_in_no_other_place(sealed_in: Place, opened_in: Place) -> None:
    sealer = make_sealer()
    envelope = sealer.seal(VALUE, sealed_in)
    if sealed_in == opened_in:
        assert sealer.open(envelope, opened_in) == VALUE
    else:
        must_refuse(envelope, opened_in)


@given(one=places, other=places, more=st.lists(st.text(), max_size=2), others=st.lists(st.text(), max_size=2))
def test_two_places_never_bind_to_the_same_bytes(one: Place, other: Place, more: list[str], others: list[str]) -> None:
    assert (bound("value", one, *more) == bound("value", other, *others)) is ((one, more) == (other, others))


def test_where_one_text_ends_and_the_next_begins_makes_a_difference() -> None:
    one, other = attrs.evolve(PLACE, table="ab", field="c"), attrs.evolve(PLACE, table="a", field="bc")
    must_refuse(make_sealer().seal(VALUE, one), other)


def test_an_old_key_opens_and_a_retired_one_is_named() -> None:
    ring = InMemoryKeyRing()
    sealer = make_sealer(ring)
    envelope = sealer.seal(VALUE, PLACE)
    ring.add()
    assert sealer.current_key_id == "key-2"
    assert sealer.open(envelope, PLACE) == VALUE
    ring.retire("key-1")
    error = must_refuse(envelope, ring=ring)
    assert "key-1" in str(error)
    assert error.data["key_id"] == "key-1"


def test_the_id_of_another_key_on_the_ring_is_refused() -> None:
    ring = InMemoryKeyRing()
    envelope = make_sealer(ring).seal(VALUE, PLACE)
    ring.add()
    must_refuse({**envelope, "key_id": "key-2"}, ring=ring)


def test_resealing_leaves_the_ciphertext_and_makes_the_old_key_superfluous() -> None:
    ring = InMemoryKeyRing()
    sealer = make_sealer(ring)
    envelope = sealer.seal(VALUE, PLACE)
    assert sealer.reseal(envelope, PLACE) is None
    ring.add()
    moved = sealer.reseal(envelope, PLACE)
    assert moved is not None
    assert moved["key_id"] == "key-2"
    assert [moved[name] == envelope[name] for name in BINARY] == [False, True, True]
    ring.retire("key-1")
    assert sealer.open(moved, PLACE) == VALUE


def test_no_key_and_no_value_is_in_any_repr() -> None:
    ring = InMemoryKeyRing()
    sealer = make_sealer(ring)
    envelope = sealer.seal(VALUE, PLACE)
    key = ring.made_ring().keys[0]
    shown = "".join(map(repr, (ring, ring.made_ring(), key, key.cipher, sealer, ring.all(), envelope)))
    assert "planted-canary" not in shown
    assert repr(key.material)[2:-1] not in shown
    assert key.material.hex() not in shown
    assert base64.b64encode(key.material).decode() not in shown
