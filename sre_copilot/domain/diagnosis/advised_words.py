"""Which words of an advisor may be shown: short, in one line, with no number that what it cites doesn't hold."""

import re
from collections.abc import Iterable

from sre_copilot.domain.advice import Dropped

LONGEST_WORDS = 400
LONGEST_LINE = 200
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_FORBIDDEN = re.compile(
    # Links lead people where an attacker wants them; how sure we are is said by nobody but us; states are changed by people.
    r"://|www\.|\bconfiden|\bprobab|\blikelihood|\bcertain(?:ty|ly)?\b|\bmark\w*\s+(?:\S+\s+){0,4}resolved"
    r"|\bcurl\b|\bwget\b|[<>`]|[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]",
    re.IGNORECASE,
)


def objection(text: str, grounds: Iterable[str], *, longest: int = LONGEST_WORDS) -> Dropped | None:
    """Return why `text` may not be shown, None where it may. `grounds` are the texts of what it cites.

    What a number is cannot be seen, so that any number must stand in the grounds as it is written.
    """
    if not text.strip() or len(text) > longest:
        return Dropped.TOO_LONG if text.strip() else Dropped.UNCITED
    if _FORBIDDEN.search(text):
        return Dropped.FORBIDDEN_WORDS
    said = set(_NUMBER.findall(text))
    if said and not said <= {number for ground in grounds for number in _NUMBER.findall(ground)}:
        return Dropped.UNFOUNDED_NUMBER
    return None
