"""Keys in memory: by id, one of them current."""

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, Self, TypeGuard

import attrs
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sre_copilot.application.ports.key_ring import KeyOnRing
from sre_copilot.domain.canonical import timestamp

KEY_BYTES = 32
"""AES-256."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@attrs.frozen(kw_only=True)
class Key:
    """One key with its bytes, which no repr shows. Its cipher encrypts and decrypts with it."""

    id: str
    created_at: datetime
    material: bytes = attrs.field(repr=False)
    cipher: AESGCM = attrs.field(
        init=False, repr=False, eq=False, default=attrs.Factory(lambda self: AESGCM(self.material), takes_self=True)
    )


@attrs.frozen(kw_only=True)
class Ring:
    """Keys, oldest first. `current` is the id of one of them."""

    current: str
    keys: tuple[Key, ...]
    by_id: Mapping[str, Key] = attrs.field(
        init=False,
        repr=False,
        eq=False,
        default=attrs.Factory(lambda self: {key.id: key for key in self.keys}, takes_self=True),
    )

    def described(self) -> Sequence[KeyOnRing]:
        """What may be known about the keys, oldest first."""
        return [KeyOnRing(id=key.id, created_at=key.created_at, is_current=key.id == self.current) for key in self.keys]

    def with_new(self, key: Key) -> Self:
        """Return the ring with a further key, which is the current one."""
        return attrs.evolve(self, current=key.id, keys=(*self.keys, key))

    def without(self, key_id: str) -> Self:
        """Return the ring without a key."""
        return attrs.evolve(self, keys=tuple(key for key in self.keys if key.id != key_id))

    def document(self) -> dict[str, Any]:
        """Return the ring as `read_ring` reads it: with the keys in it, so only for the key file."""
        return {
            "current": self.current,
            "keys": [
                {
                    "id": key.id,
                    "created_at": timestamp(key.created_at),
                    "key": base64.b64encode(key.material).decode(),
                }
                for key in self.keys
            ],
        }


class RingSource(Protocol):
    """Where the ring is kept."""

    def ring(self, *, needing: str | None = None) -> Ring | None:
        """Return the ring as it is now; None where there is none, though there could be.

        With `needing`, the id of a key to open something with, one as it was before will do if it has that key.
        Raises KeyRingUnusable.
        """

    def made_ring(self) -> Ring:
        """Return the ring as it is now, made where there is none yet. Raises KeyRingUnusable."""


def read_ring(document: object) -> Ring | str:
    """Return the ring that a document describes, or what is wrong with it; that holds nothing of the document but ids."""
    if not isinstance(document, Mapping):
        return "it is no JSON object"
    entries, current = document.get("keys"), document.get("current")
    if not isinstance(entries, list) or not entries:
        return 'its "keys" is no list of at least one key'
    keys = []
    for number, entry in enumerate(entries, 1):
        key = _read_key(entry)
        if isinstance(key, str):
            return f"{key} of key number {number} in it"
        keys.append(key)
    ids = {key.id for key in keys}
    if len(ids) < len(keys):
        return "two of its keys have the same id"
    if len({key.material for key in keys}) < len(keys):
        return "two of its ids have the same key"
    if current not in ids:
        return 'its "current" is not the id of one of its keys'
    return Ring(current=current, keys=tuple(sorted(keys, key=lambda key: (key.created_at, key.id))))


def _read_key(entry: object) -> Key | str:
    if not isinstance(entry, Mapping):
        return "something is wrong with the object"
    key_id = entry.get("id")
    if not is_key_id(key_id):
        return 'something is wrong with the "id" (1 to 64 letters, digits, ".", "_", "-")'
    created_at = _time(entry.get("created_at"))
    if created_at is None:
        return 'something is wrong with the "created_at" (such as 2026-01-05T09:00:00Z)'
    material = decoded(entry.get("key"))
    if material is None or len(material) != KEY_BYTES:
        return f'something is wrong with the "key" (base64 of {KEY_BYTES} random bytes)'
    return Key(id=key_id, created_at=created_at, material=material)


def is_key_id(text: object) -> TypeGuard[str]:
    """Whether it could be the id of a key: 1 to 64 letters, digits, dots, underscores and dashes."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def _time(text: object) -> datetime | None:
    try:
        read = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return read if read is not None and read.tzinfo is not None else None


def decoded(text: object) -> bytes | None:
    """Return what base64 text stands for, or None where it is not exactly how those bytes are written."""
    if not isinstance(text, str):
        return None
    try:
        read = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        return None
    return read if base64.b64encode(read).decode() == text else None
