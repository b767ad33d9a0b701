"""The different sets of words that members of open incidents use, and how similar each is to a newcomer's."""

from collections.abc import Sequence

import attrs

from sre_copilot.domain.bits import add, at_least, keep
from sre_copilot.domain.correlation import WEIGHTS, Factor

WEIGHT = WEIGHTS["text"]
NOTHING_ALIKE = Factor("text", 0.0, WEIGHT)
KEPT = 512
"""How many newcomers' sets of words are remembered with what is similar to them."""


@attrs.define
class Similar:
    """What is similar to a newcomer's words: (Jaccard similarity, numbers of sets as bits), most similar first."""

    levels: Sequence[tuple[float, int]]
    _best: dict[int, Factor] = attrs.field(factory=dict, init=False)

    def best(self, sets: int) -> Factor:
        """How similar the most similar of some sets is. Kept, because incidents are asked again with every newcomer."""
        found = self._best.get(sets)
        if found is None:
            if len(self._best) >= KEPT:
                self._best.clear()
            found = self._best[sets] = self._looked_up(sets)
        return found

    def _looked_up(self, sets: int) -> Factor:
        for similarity, mask in self.levels:
            if mask & sets:
                return Factor("text", similarity, WEIGHT)
        return NOTHING_ALIKE


@attrs.define(kw_only=True)
class WordSets:
    """Word sets by number, found by the words in them. Each set is held once, however many members use it."""

    _numbers: dict[frozenset[str], int] = attrs.field(factory=dict, init=False)
    _free: list[int] = attrs.field(factory=list, init=False)
    _with_word: dict[str, int] = attrs.field(factory=dict, init=False)
    _of_size: dict[int, int] = attrs.field(factory=dict, init=False)
    _similar: dict[frozenset[str], Similar] = attrs.field(factory=dict, init=False)

    def number(self, words: frozenset[str]) -> int:
        """The number of a set that is not empty, which is added where it is new."""
        number = self._numbers.get(words)
        if number is not None:
            return number
        number = self._free.pop() if self._free else len(self._numbers)
        self._numbers[words] = number
        bit = 1 << number
        for word in words:
            add(self._with_word, word, bit)
        add(self._of_size, len(words), bit)
        self._similar.clear()
        return number

    def similar(self, words: frozenset[str]) -> Similar:
        """The sets that share a word with `words`."""
        found = self._similar.get(words)
        if found is None:
            if len(self._similar) >= KEPT:
                self._similar.clear()
            found = self._similar[words] = Similar(self._compared(words))
        return found

    def keep(self, alive: int) -> None:
        """Forget all sets but these numbers; theirs are given to others."""
        for words, number in list(self._numbers.items()):
            if not alive >> number & 1:
                del self._numbers[words]
                self._free.append(number)
        keep(self._with_word, alive)
        keep(self._of_size, alive)
        self._similar.clear()

    def _compared(self, words: frozenset[str]) -> Sequence[tuple[float, int]]:
        sharing = at_least([self._with_word.get(word, 0) for word in words])
        levels: dict[float, int] = {}
        for shared in range(1, len(sharing)):
            exactly = sharing[shared] & ~sharing[shared + 1] if shared + 1 < len(sharing) else sharing[shared]
            if not exactly:
                continue
            for size, mask in self._of_size.items():
                if exactly & mask:
                    similarity = shared / (len(words) + size - shared)
                    levels[similarity] = levels.get(similarity, 0) | exactly & mask
        return sorted(levels.items(), reverse=True)
