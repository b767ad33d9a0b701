"""Secrets and personal data that belong to nobody, planted in lines as logs and configurations have them, from a seed.

Every value is put together from parts and random letters, so that no scanner finds one in the source.
"""

import random
from collections.abc import Callable, Iterator, Mapping

import attrs

SHORTEST_REMAINDER = 12
"""So many characters in a row of a longer secret are a leak too."""


@attrs.frozen
class Planted:
    """A text and what must not be left of it: each of `needles` as a whole, and any 12 characters in a row of it.

    `decoded` undoes the encoding of the text, so that what is left is seen also where it is still encoded.
    """

    text: str
    needles: tuple[str, ...]
    decoded: Callable[[str], str] = str

    def is_left_in(self, redacted: str) -> bool:
        """Whether any of it can still be read, as it is written or decoded."""
        readings = (redacted, self.decoded(redacted))
        return any(part in reading for needle in self.needles for part in _parts(needle) for reading in readings)


Plant = Callable[[random.Random], Planted]
"""Makes one more of a kind; the same generator state gives the same."""


def _parts(needle: str) -> Iterator[str]:
    size = min(len(needle), SHORTEST_REMAINDER)
    return (needle[start : start + size] for start in range(len(needle) - size + 1))


LOWER = "abcdefghijklmnopqrstuvwxyz"
UPPER = LOWER.upper()
DIGITS = "0123456789"
HEX = DIGITS + "abcdef"
ALNUM = LOWER + UPPER + DIGITS
URL_SAFE = ALNUM + "-_"
BASE64 = ALNUM + "+/"


def drawn(rng: random.Random, letters: str, length: int) -> str:
    """So many of these letters."""
    return "".join(rng.choices(letters, k=length))


def password(rng: random.Random) -> str:
    """A password as people and generators make them; at least one digit, no white space and no quotes."""
    word = rng.choice(("winter", "Monkey", "correct-horse", "Tr0ub4dor", "sunshine", "Falcon", "zebra"))
    return rng.choice(
        (
            f"{word}{rng.randrange(10, 9999)}{rng.choice('!#$*')}x",
            drawn(rng, ALNUM, 14) + "7",
            f"{word}_{drawn(rng, LOWER + DIGITS, 6)}9",
        )
    )


_LINES = (
    "2026-11-27T08:14:03Z ERROR retry 3 of 5: {} (attempt took 1.2s)",
    "level=error caller=client.go:88 msg=failed detail: {} took=3ms",
    "Nov 27 08:14:03 web-3 app[4213]: {}",
    "{}",
)


def in_line(rng: random.Random, text: str) -> str:
    """The text in a line of a log."""
    return rng.choice(_LINES).format(text)


def of_kind(kinds: Mapping[str, Plant], seed: int, count: int) -> Iterator[tuple[str, Planted]]:
    """Yield so many of each kind, with its name. The same seed gives the same."""
    for name, plant in kinds.items():
        # Each kind from a seed of its own, so that one more kind leaves the others as they are.
        rng = random.Random(f"{seed} {name}")
        for _ in range(count):
            yield name, plant(rng)
