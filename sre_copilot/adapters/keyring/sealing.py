"""Sealed values: envelope encryption with AES-256-GCM, bound to the place where the value lives.

Each value has a data key of its own, and that is wrapped by the current key of the ring. Both carry the place as
additional authenticated data, so that an envelope opens nowhere else; rotation rewraps the data key and leaves the
ciphertext as it is. docs/decisions/0007 has the format to the byte.
"""

import base64
import os
from collections.abc import Mapping
from typing import Any

import attrs
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sre_copilot.adapters.keyring.ring import KEY_BYTES, Key, RingSource, decoded, is_key_id
from sre_copilot.application.ports.sealing import Place
from sre_copilot.domain.errors import SealBroken

VERSION = 1
NONCE_BYTES = 12
TAG_BYTES = 16
WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES
FIELDS = {"v", "key_id", "wrapped_key", "nonce", "ciphertext"}


@attrs.frozen(kw_only=True)
class Envelope:
    """A sealed value. `wrapped_key` is a nonce, the encrypted data key and its tag: 60 bytes."""

    key_id: str
    wrapped_key: bytes
    nonce: bytes
    ciphertext: bytes

    def document(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {
            "v": VERSION,
            "key_id": self.key_id,
            "wrapped_key": base64.b64encode(self.wrapped_key).decode(),
            "nonce": base64.b64encode(self.nonce).decode(),
            "ciphertext": base64.b64encode(self.ciphertext).decode(),
        }


@attrs.frozen
class RingSealer:
    """Seals with the keys of a ring."""

    source: RingSource = attrs.field(repr=False)

    @property
    def current_key_id(self) -> str:
        """The id of the key that new values are sealed with. Raises KeyRingUnusable."""
        return self.source.made_ring().current

    def seal(self, value: bytes, place: Place) -> Mapping[str, Any]:
        """Return the envelope of a value. Raises KeyRingUnusable."""
        ring = self.source.made_ring()
        data_key, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
        return Envelope(
            key_id=ring.current,
            wrapped_key=_wrapped(data_key, ring.by_id[ring.current], place),
            nonce=nonce,
            ciphertext=AESGCM(data_key).encrypt(nonce, value, bound("value", place)),
        ).document()

    def open(self, envelope: Mapping[str, Any], place: Place) -> bytes:
        """Return the value. Raises SealBroken, KeyRingUnusable."""
        _, _, value = self._opened(envelope, place)
        return value

    def reseal(self, envelope: Mapping[str, Any], place: Place) -> Mapping[str, Any] | None:
        """Return the envelope with its data key under the current key, or None. Raises SealBroken, KeyRingUnusable."""
        sealed, data_key, _ = self._opened(envelope, place)
        ring = self.source.made_ring()
        if sealed.key_id == ring.current:
            return None
        wrapped = _wrapped(data_key, ring.by_id[ring.current], place)
        return attrs.evolve(sealed, key_id=ring.current, wrapped_key=wrapped).document()

    def _opened(self, document: Mapping[str, Any], place: Place) -> tuple[Envelope, bytes, bytes]:
        sealed = _read(document)
        if sealed is None:
            raise _broken(place, "is no envelope that this version knows. Enter")
        key = self._key(sealed.key_id, place)
        wrapping, wrapped = sealed.wrapped_key[:NONCE_BYTES], sealed.wrapped_key[NONCE_BYTES:]
        try:
            data_key = key.cipher.decrypt(wrapping, wrapped, bound("data key", place, key.id))
            value = AESGCM(data_key).decrypt(sealed.nonce, sealed.ciphertext, bound("value", place))
        except InvalidTag:
            raise _broken(place, "was altered, or was sealed for another place. Enter", key_id=key.id) from None
        return sealed, data_key, value

    def _key(self, key_id: str, place: Place) -> Key:
        ring = self.source.ring(needing=key_id)
        key = ring.by_id.get(key_id) if ring else None
        if key is None:
            raise _broken(
                place,
                f"is sealed with the key {key_id}, which is not in the key ring. Bring the key file back that has it, or enter",
                key_id=key_id,
            )
        return key


def bound(purpose: str, place: Place, *more: str) -> bytes:
    """The additional authenticated data: purpose, version, table, tenant, row, field, and whatever else.

    Each part has its length in front (4 bytes, big-endian), so that no two lists of parts make the same bytes.
    """
    parts = [
        purpose.encode(),
        str(VERSION).encode(),
        place.table.encode("utf-8", "surrogatepass"),
        place.tenant_id.bytes,
        place.row_id.bytes,
        place.field.encode("utf-8", "surrogatepass"),
        *(part.encode("utf-8", "surrogatepass") for part in more),
    ]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _wrapped(data_key: bytes, key: Key, place: Place) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + key.cipher.encrypt(nonce, data_key, bound("data key", place, key.id))


def _read(document: object) -> Envelope | None:
    """Return the envelope, or None: nothing may be missing, too much, or written another way than we write it."""
    if not isinstance(document, Mapping) or set(document) != FIELDS:
        return None
    version, key_id = document["v"], document["key_id"]
    if type(version) is not int or version != VERSION or not is_key_id(key_id):
        return None
    wrapped, nonce, ciphertext = (decoded(document[name]) for name in ("wrapped_key", "nonce", "ciphertext"))
    if wrapped is None or nonce is None or ciphertext is None:
        return None
    if len(wrapped) != WRAPPED_BYTES or len(nonce) != NONCE_BYTES or len(ciphertext) < TAG_BYTES:
        return None
    return Envelope(key_id=key_id, wrapped_key=wrapped, nonce=nonce, ciphertext=ciphertext)


def _broken(place: Place, what: str, **data: object) -> SealBroken:
    return SealBroken(
        f"The sealed {place.field} of {place.row_id} in {place.table} {what} the value again.",
        table=place.table,
        field=place.field,
        row_id=place.row_id,
        **data,
    )
