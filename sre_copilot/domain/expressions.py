"""Regular expressions that people write and that can't hang anybody, whatever they and the texts are.

No backtracking: a text is read once, from left to right, by an automaton that is built as it is needed (Glushkov's, made
deterministic on the way). The syntax is RE2's without look-around, back references and anchors inside: a whole text fits
or doesn't, as in Prometheus, and a dot is any character.
"""

import re
from functools import lru_cache

import attrs

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.expression_syntax import Automaton, read

LONGEST_EXPRESSION = 2000
"""In characters."""
LONGEST_TEXT = 256
"""Longer texts fit no expression."""
MOST_REMEMBERED = 500
"""Steps and characters of one expression; with more, it forgets and begins anew."""

_CHOICE = re.compile(r"(?:[^\\.+*?()\[\]{}^$]|\\[^A-Za-z0-9])*", re.DOTALL)
"""Plain words, perhaps with escaped signs, with | between them."""
_PIECE = re.compile(r"\\.|.", re.DOTALL)


@attrs.define
class Expression:
    """An expression that was understood. Made by `compiled`; thread-safe, as what it remembers may be lost at any time."""

    words: frozenset[str] | None = None
    """Where it is only a choice between words."""
    automaton: Automaton = attrs.field(factory=Automaton)
    _fitting: dict[str, int] = attrs.field(factory=dict, init=False, repr=False)
    _steps: dict[tuple[int, str], int] = attrs.field(factory=dict, init=False, repr=False)

    def fits(self, text: str) -> bool:
        """Whether the whole text is what the expression says. Takes at most `work` steps."""
        if len(text) > LONGEST_TEXT:
            return False
        if self.words is not None:
            return text in self.words
        if not text:
            return self.automaton.whole.empty
        state = self.automaton.whole.first & self._places_of(text[0])
        for character in text[1:]:
            if not state:
                return False
            state = self._next(state, character)
        return bool(state & self.automaton.whole.last)

    def work(self, text: str) -> int:
        """How many steps a look at this text may take."""
        return min(len(text), LONGEST_TEXT) * self.automaton.comparisons + 1

    def _next(self, state: int, character: str) -> int:
        step = (state, character)
        known = self._steps.get(step)
        if known is None:
            reached, left = 0, state
            while left:
                lowest = left & -left
                reached |= self.automaton.follow[lowest.bit_length() - 1]
                left ^= lowest
            known = reached & self._places_of(character)
            if len(self._steps) >= MOST_REMEMBERED:
                self._steps = {}
            self._steps[step] = known
        return known

    def _places_of(self, character: str) -> int:
        known = self._fitting.get(character)
        if known is None:
            known = sum(1 << place for place, accepts in enumerate(self.automaton.places) if accepts(character))
            if len(self._fitting) >= MOST_REMEMBERED:
                self._fitting = {}
            self._fitting[character] = known
        return known


@lru_cache(maxsize=512)
def compiled(expression: str) -> Expression:
    """Return the expression, understood once and then remembered. Raises InvalidInput where it can't be."""
    if len(expression) > LONGEST_EXPRESSION:
        raise InvalidInput(f"A regular expression may have {LONGEST_EXPRESSION} characters at most.")
    if _CHOICE.fullmatch(expression) is None:
        return Expression(automaton=read(expression))
    words = [""]
    for piece in _PIECE.findall(expression):
        if piece == "|":
            words.append("")
        else:
            words[-1] += piece[-1]
    return Expression(words=frozenset(words))
