"""The syntax of the regular expressions that people write: from a text to an automaton (Glushkov's)."""

import string
from collections.abc import Callable, Iterator

import attrs

from sre_copilot.domain.errors import InvalidInput

MOST_PLACES = 200
"""Characters that an expression may ask for, repetitions counted one by one; a choice between plain words is free."""
DEEPEST = 20
MOST_NODES = 2000
"""Characters, groups, alternatives and what stands in brackets, repetitions counted one by one: reading takes so long."""

_SPECIAL = frozenset("\\.+*?()|[]{}^$")
_DIGIT: Callable[[str], bool] = "0123456789".__contains__
_WORD: Callable[[str], bool] = frozenset(string.ascii_letters + string.digits + "_").__contains__
_SPACE: Callable[[str], bool] = frozenset("\t\n\f\r ").__contains__
_CLASSES = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}

Accepts = Callable[[str], bool]


@attrs.frozen
class Part:
    """What a piece of an expression is, to those beside it: sets of places as bits, and whether it may be empty."""

    first: int = 0
    last: int = 0
    empty: bool = True


@attrs.frozen
class Automaton:
    """The places of an expression: what each accepts, which may follow it (as bits), and what the whole is."""

    places: tuple[Accepts, ...] = ()
    follow: tuple[int, ...] = ()
    whole: Part = Part()
    comparisons: int = 0
    """How many a character takes that is met for the first time."""


def read(expression: str) -> Automaton:
    """Return the automaton of an expression. Raises InvalidInput where it can't be understood, or asks for too much."""
    return _Reader(expression).read()


@attrs.define
class _Reader:
    """Reads one expression from left to right, and numbers the places as it meets them."""

    text: str
    at: int = 0
    ignores_case: bool = False
    places: list[Accepts] = attrs.field(factory=list)
    follow: list[int] = attrs.field(factory=list)
    nodes: int = 0
    ranges: int = 0

    def read(self) -> Automaton:
        if self.text.startswith("(?i)"):
            self.ignores_case, self.at = True, len("(?i)")
        # Whole texts are looked at anyway.
        self._take("^")
        whole = self._choice(0)
        if self.at < len(self.text):
            raise self._wrong("there is a ) too many")
        return Automaton(
            places=tuple(self.places),
            follow=tuple(self.follow),
            whole=whole,
            comparisons=len(self.places) + self.ranges,
        )

    def _choice(self, depth: int) -> Part:
        if depth > DEEPEST:
            raise self._wrong(f"groups may be nested {DEEPEST} deep")
        part = self._sequence(depth)
        while self._take("|"):
            self._count()
            other = self._sequence(depth)
            part = Part(part.first | other.first, part.last | other.last, part.empty or other.empty)
        return part

    def _sequence(self, depth: int) -> Part:
        part = Part()
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            if self.text[self.at] == "$" and self.at == len(self.text) - 1:
                self.at += 1
                break
            part = self._then(part, self._repeated(depth))
        return part

    def _repeated(self, depth: int) -> Part:
        start = self.at
        part = self._atom(depth)
        least, most = self._times()
        if (least, most) == (1, 1):
            return part
        after = self.at
        copies = [part]
        # Every copy has places of its own, so that it is read again as often as it is asked for.
        for _ in range((least if most is None else most) - 1):
            self.at = start
            copies.append(self._atom(depth))
        self.at = after
        if most == 0:
            return Part()
        copies = [copy if number < least else attrs.evolve(copy, empty=True) for number, copy in enumerate(copies)]
        if most is None:
            self._connect(copies[-1].last, copies[-1].first)
        whole = Part()
        for copy in copies:
            whole = self._then(whole, copy)
        return whole

    def _times(self) -> tuple[int, int | None]:
        """How often, from and to; a ? behind it, which asks for little, changes nothing about what fits."""
        times: tuple[int, int | None] = (1, 1)
        for sign, meant in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                times = meant
                break
        else:
            if not self._take("{"):
                return times
            times = self._counted()
        self._take("?")
        if self.at < len(self.text) and self.text[self.at] in "*+?{":
            raise self._wrong("what is repeated already can't be repeated again without a group")
        return times

    def _counted(self) -> tuple[int, int | None]:
        inside, closed, _ = self.text[self.at :].partition("}")
        least, comma, most = inside.partition(",")
        if not closed or not _is_number(least) or (most and not _is_number(most)):
            raise self._wrong("after { comes a number, or two with a comma between them, and }; write \\{ for the sign")
        self.at += len(inside) + 1
        lower, upper = int(least), (int(most) if most else None) if comma else int(least)
        if upper is not None and upper < lower:
            raise self._wrong("the numbers in {} go from the smaller to the greater")
        if max(lower, upper or 0) > MOST_PLACES:
            raise self._wrong(f"{MOST_PLACES} repetitions are the most")
        return lower, upper

    def _atom(self, depth: int) -> Part:
        self._count()
        if self._take("("):
            if not self._take("?:") and self.text.startswith("?", self.at):
                raise self._wrong("of groups there are ( and (?:, and (?i) at the very start")
            part = self._choice(depth + 1)
            if not self._take(")"):
                raise self._wrong("a ) is missing")
            return part
        return self._place(self._accepted())

    def _accepted(self) -> Accepts:
        sign = self._sign()
        if sign == ".":
            return lambda _: True
        if sign == "[":
            return self._bracket()
        if sign == "\\":
            return self._escaped()
        if sign in _SPECIAL - frozenset("]}"):
            raise self._wrong(f"{sign} has no meaning here; write \\{sign} for the sign")
        return self._either_case(sign.__eq__)

    def _escaped(self) -> Accepts:
        sign = self._sign()
        if sign.lower() in _CLASSES:
            accepts = _CLASSES[sign.lower()]
            return accepts if sign.islower() else lambda character: not accepts(character)
        return self._either_case(self._literal(sign).__eq__)

    def _literal(self, sign: str) -> str:
        if sign in _CONTROLS:
            return _CONTROLS[sign]
        if sign.isalnum():
            raise self._wrong(f"\\{sign} is not known")
        return sign

    def _bracket(self) -> Accepts:
        negated = self._take("^")
        signs: set[str] = set()
        ranges: list[Accepts] = []
        while not (signs or ranges) or not self._take("]"):
            self._count()
            sign = self._sign()
            if sign == "\\" and self.text[self.at : self.at + 1].lower() in _CLASSES:
                ranges.append(self._escaped())
                continue
            low = self._literal(self._sign()) if sign == "\\" else sign
            if not self.text.startswith("-", self.at) or self.text.startswith("-]", self.at):
                signs.add(low)
                continue
            self.at += 1
            high = self._sign()
            high = self._literal(self._sign()) if high == "\\" else high
            if high < low:
                raise self._wrong("what is between [ and ] goes from the smaller to the greater")
            ranges.append(self._either_case(_between(low, high)))
        self.ranges += len(ranges)
        members = (self._either_case(signs.__contains__), *ranges)
        return lambda character: any(accepts(character) for accepts in members) is not negated

    def _either_case(self, accepts: Accepts) -> Accepts:
        if not self.ignores_case:
            return accepts
        return lambda character: accepts(character) or accepts(character.lower()) or accepts(character.upper())

    def _place(self, accepts: Accepts) -> Part:
        if len(self.places) >= MOST_PLACES:
            raise self._wrong(f"it asks for more than {MOST_PLACES} characters")
        self.places.append(accepts)
        self.follow.append(0)
        bit = 1 << (len(self.places) - 1)
        return Part(bit, bit, empty=False)

    def _then(self, one: Part, other: Part) -> Part:
        self._connect(one.last, other.first)
        return Part(
            one.first | (other.first if one.empty else 0),
            other.last | (one.last if other.empty else 0),
            one.empty and other.empty,
        )

    def _connect(self, before: int, after: int) -> None:
        for place in _bits(before):
            self.follow[place] |= after

    def _count(self) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise self._wrong("it says too much")

    def _take(self, sign: str) -> bool:
        found = self.text.startswith(sign, self.at)
        self.at += len(sign) if found else 0
        return found

    def _sign(self) -> str:
        if self.at >= len(self.text):
            raise self._wrong("it ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def _wrong(self, why: str) -> InvalidInput:
        return InvalidInput(f"The regular expression can't be understood at character {self.at}: {why}.")


def _bits(places: int) -> Iterator[int]:
    while places:
        lowest = places & -places
        yield lowest.bit_length() - 1
        places ^= lowest


def _between(low: str, high: str) -> Accepts:
    return lambda character: low <= character <= high


def _is_number(text: str) -> bool:
    return 0 < len(text) <= 4 and text.isascii() and text.isdigit()
