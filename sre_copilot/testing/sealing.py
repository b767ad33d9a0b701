"""Sealing with keys that are the same in every run: real cryptography, and a ring without a file."""

import hashlib
from collections.abc import Sequence

import attrs

from sre_copilot.adapters.keyring.ring import Key, Ring
from sre_copilot.adapters.keyring.sealing import RingSealer
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.key_ring import KeyOnRing
from sre_copilot.domain.errors import KeyInUse, NotFound
from sre_copilot.testing.clock import ManualClock


def make_key(number: int = 1, clock: Clock | None = None) -> Key:
    """Return the key `key-<number>`, which is as secret as this line."""
    material = hashlib.sha256(f"a key for tests {number}".encode()).digest()
    return Key(id=f"key-{number}", created_at=(clock or ManualClock()).now(), material=material)


@attrs.define
class InMemoryKeyRing:
    """A ring that begins with `key-1` and counts on."""

    clock: Clock = attrs.field(factory=ManualClock, repr=False)
    _made: int = attrs.field(default=1, init=False, repr=False)
    _ring: Ring = attrs.field(
        init=False,
        repr=False,
        default=attrs.Factory(
            lambda self: Ring(current="key-1", keys=(make_key(1, self.clock),)),
            takes_self=True,
        ),
    )

    def ring(self, *, needing: str | None = None) -> Ring:
        """The ring as it is now."""
        return self._ring

    def made_ring(self) -> Ring:
        """The ring as it is now."""
        return self._ring

    def all(self) -> Sequence[KeyOnRing]:
        """Every key, oldest first."""
        return self._ring.described()

    def add(self) -> KeyOnRing:
        """Make a new key the current one."""
        self._made += 1
        self._ring = self._ring.with_new(make_key(self._made, self.clock))
        return self._ring.described()[-1]

    def retire(self, key_id: str) -> None:
        """Destroy a key. Raises NotFound, and KeyInUse for the current one."""
        if key_id not in self._ring.by_id:
            raise NotFound(key=key_id)
        if key_id == self._ring.current:
            raise KeyInUse(key=key_id)
        self._ring = self._ring.without(key_id)


def make_sealer(ring: InMemoryKeyRing | None = None) -> RingSealer:
    """Return a sealer of this ring, by default of one with `key-1` only."""
    return RingSealer(ring or InMemoryKeyRing())
