"""How many of a newcomer's labels agree with those of the open incidents, for all incidents at once."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from sre_copilot.domain.correlation import PLACE_WEIGHT

Shares = Sequence[tuple[float | None, int]]
"""(Share of the labels that agree, incidents as bits): each incident once, under None where no label can be compared."""


@lru_cache(maxsize=1024)
def shares(among: int, plain: Sequence[tuple[int, int]], places: Sequence[int]) -> Shares:
    """Split incidents by the share of labels that agree.

    `plain` has for each label of the newcomer the incidents that have it, and those of them that have its value too.
    `places` has those that have the value of a label that names a place; where places differ they say nothing.
    Kept, because in a storm most labels are said by the same incidents again and again.
    """
    counted = {(0.0, 0.0): among}
    for having, same in plain:
        counted = _counted(counted, 1.0, same, having & ~same)
    for same in places:
        counted = _counted(counted, PLACE_WEIGHT, same, 0)
    found: dict[float | None, int] = {}
    for (matched, possible), incidents in counted.items():
        share = matched / possible if possible else None
        found[share] = found.get(share, 0) | incidents
    return tuple(found.items())


def _counted(
    counted: Mapping[tuple[float, float], int], weight: float, same: int, differing: int
) -> dict[tuple[float, float], int]:
    """Count one more label, by (what agrees, what could agree)."""
    found: dict[tuple[float, float], int] = {}
    for key, incidents in counted.items():
        matched, possible = key
        if here := incidents & same:
            both = (matched + weight, possible + weight)
            found[both] = found.get(both, 0) | here
        if here := incidents & differing:
            either = (matched, possible + weight)
            found[either] = found.get(either, 0) | here
        if here := incidents & ~(same | differing):
            found[key] = found.get(key, 0) | here
    return found
