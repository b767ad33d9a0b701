"""Ids that are the same in every run."""

from collections.abc import Iterator
from itertools import count
from uuid import UUID

import attrs

_VERSION_AND_VARIANT = 0x7 << 76 | 0x2 << 62


@attrs.frozen
class SequentialIds:
    """The ids of consecutive milliseconds since 1970, as UUIDv7 without chance. Thread-safe.

    `first` is the millisecond of the first one, at most 2**48 - 1: give each source its own range where several meet.
    """

    first: int = 1
    _numbers: Iterator[int] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_numbers", count(self.first))

    def new(self) -> UUID:
        """Return the next id; each sorts after all before it."""
        return UUID(int=next(self._numbers) << 80 | _VERSION_AND_VARIANT)
