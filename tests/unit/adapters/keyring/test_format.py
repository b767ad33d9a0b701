"""The format of an envelope, to the byte, as docs/decisions/0007 has it: what was sealed once opens for ever."""

import base64
import hashlib
import struct
from typing import Any
from uuid import UUID

import attrs
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sre_copilot.application.ports.sealing import Place
from sre_copilot.testing.sealing import make_sealer

PLACE = Place.of_integration(UUID(int=1), UUID(int=2))
KEY = hashlib.sha256(b"a key for tests 1").digest()
SEALED_LONG_AGO: dict[str, Any] = {
    "v": 1,
    "key_id": "key-1",
    "wrapped_key": "4DANM6zoeWvxw94QG/qeCXmsbJBBOTMW0xDn4RV75w3W/bWyaNCm0mkdxwNSWf2btlB21IvfUmi4vyoD",
    "nonce": "ADcmYaTevdOpy0SS",
    "ciphertext": "uGPmBI1E+122Cw9Qtyi2Y4U2Ggdpl/TlLHgyVWmP",
}
ELSEWHERE = [
    attrs.evolve(PLACE, table="users"),
    attrs.evolve(PLACE, tenant_id=UUID(int=3)),
    attrs.evolve(PLACE, row_id=UUID(int=3)),
    attrs.evolve(PLACE, field="cursor"),
]


def data(*parts: bytes) -> bytes:
    """Each part with its length in front."""
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def of(place: Place, purpose: bytes, *more: bytes) -> bytes:
    """What one of the two encryptions authenticates."""
    return data(
        purpose, b"1", place.table.encode(), place.tenant_id.bytes, place.row_id.bytes, place.field.encode(), *more
    )


def data_key(place: Place, key_id: bytes = b"key-1", purpose: bytes = b"data key") -> bytes:
    """The data key of what was sealed long ago."""
    wrapped = base64.b64decode(SEALED_LONG_AGO["wrapped_key"])
    return AESGCM(KEY).decrypt(wrapped[:12], wrapped[12:], of(place, purpose, key_id))


def value(place: Place, purpose: bytes = b"value") -> bytes:
    """The value of what was sealed long ago."""
    nonce, ciphertext = (base64.b64decode(SEALED_LONG_AGO[name]) for name in ("nonce", "ciphertext"))
    return AESGCM(data_key(PLACE)).decrypt(nonce, ciphertext, of(place, purpose))


def test_what_was_sealed_long_ago_opens_today() -> None:
    assert make_sealer().open(SEALED_LONG_AGO, PLACE) == b"sealed in 2026"


def test_anybody_with_the_key_and_the_description_can_open_it() -> None:
    assert len(data_key(PLACE)) == 32
    assert value(PLACE) == b"sealed in 2026"


@pytest.mark.parametrize("place", ELSEWHERE, ids=["table", "tenant", "row", "field"])
def test_the_data_key_and_the_value_are_each_bound_to_their_place(place: Place) -> None:
    with pytest.raises(InvalidTag):
        data_key(place)
    with pytest.raises(InvalidTag):
        value(place)


def test_neither_stands_for_the_other_and_the_data_key_is_bound_to_the_id_of_its_key() -> None:
    with pytest.raises(InvalidTag):
        data_key(PLACE, purpose=b"value")
    with pytest.raises(InvalidTag):
        value(PLACE, purpose=b"data key")
    with pytest.raises(InvalidTag):
        data_key(PLACE, key_id=b"key-2")
