"""Patterns that people write for names and paths, such as `*deploy*` and `charts/**/values.yaml`."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

LONGEST = 1024
"""Longer names and paths fit no pattern, so that no sender decides how long the matching takes."""

_STARS = re.compile(r"\*+")


def name_matches(patterns: Iterable[str], *names: str) -> bool:
    """Whether one of the names fits one of the patterns, whatever the case; `*` is any text and `?` any character."""
    return any(
        _name(pattern.strip().lower()).fullmatch(name.lower()) is not None
        for pattern in patterns
        for name in names
        if 0 < len(name) <= LONGEST
    )


def path_matches(patterns: Iterable[str], path: str) -> bool:
    """Whether a path fits one of the patterns, from the top on and with its case.

    `*` and `?` stay within a name, a name `**` is any number of directories, and a pattern that ends with `/` means
    everything below.
    """
    if not 0 < len(path) <= LONGEST:
        return False
    names = path.split("/")
    return any(_fits(_parts(pattern), names) for pattern in patterns)


def _fits(parts: Sequence[str], names: Sequence[str]) -> bool:
    reached = {0}
    for part in parts:
        if part == "**":
            reached = set(range(min(reached), len(names) + 1))
        else:
            found = _name(part)
            reached = {place + 1 for place in reached if place < len(names) and found.fullmatch(names[place])}
        if not reached:
            return False
    return len(names) in reached


@lru_cache(maxsize=1024)
def _parts(pattern: str) -> tuple[str, ...]:
    whole = pattern.strip().removeprefix("/")
    return tuple((f"{whole}**" if whole.endswith("/") else whole).split("/"))


@lru_cache(maxsize=1024)
def _name(pattern: str) -> re.Pattern[str]:
    first, *others = [re.escape(piece).replace(r"\?", ".") for piece in _STARS.split(pattern)]
    if not others:
        return re.compile(first, re.DOTALL)
    # Atomic, so that a name with many near misses costs no more than one look at each of its characters per piece.
    middle = "".join(f"(?>.*?{piece})" for piece in others[:-1])
    return re.compile(f"{first}{middle}.*{others[-1]}", re.DOTALL)
