"""The key ring: the keys that values are sealed with. The keys themselves never leave it."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import attrs


@attrs.frozen(kw_only=True)
class KeyOnRing:
    """What may be known about a key. The current one seals; every other one only opens."""

    id: str
    created_at: datetime
    is_current: bool


class KeyRing(Protocol):
    """One ring per installation, for all tenants. Thread-safe, and safe from several processes at once.

    Every method raises KeyRingUnusable where the ring can't be read, or can't be written where it has to be.
    """

    @abstractmethod
    def all(self) -> Sequence[KeyOnRing]:
        """Every key, oldest first; none where the ring is made only when something is sealed first."""

    @abstractmethod
    def add(self) -> KeyOnRing:
        """Make a new key the current one and return it; the others stay to open what they sealed."""

    @abstractmethod
    def retire(self, key_id: str) -> None:
        """Destroy a key; what it sealed can't be opened again. Raises NotFound, and KeyInUse for the current one."""
