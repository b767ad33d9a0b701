"""All that has to go from one text: every rule on every view of it, and on what is encoded within."""

import re
from collections.abc import Iterator, Sequence

import attrs

from sre_copilot.domain.redaction import keys
from sre_copilot.domain.redaction.access import access
from sre_copilot.domain.redaction.credentials import credentials
from sre_copilot.domain.redaction.embedded import TOO_LONG, embedded
from sre_copilot.domain.redaction.findings import PLACEHOLDER, Finding, merged
from sre_copilot.domain.redaction.pairs import pairs
from sre_copilot.domain.redaction.people import people
from sre_copilot.domain.redaction.views import views

DEEPEST = 3
"""Levels of base64 or hexadecimal within each other."""
SHORTEST_REPEATED = 8
"""Shorter values are hidden at their place only: elsewhere they would be ordinary words."""
MOST_REPEATED = 50
"""So many values are sought elsewhere in the text; each costs another look at it."""
UNREAD = "unread"
"""Encoded runs beyond what may be read of one document: hidden whole."""

_MIXED = re.compile(r"(?=.*[A-Za-z])(?=.*[0-9!@#$%^&*+=?~])", re.DOTALL)


@attrs.define
class Reading:
    """How many encoded characters may still be read for a document, and what those that were read hold."""

    characters_left: int
    known: dict[str, Finding | None] = attrs.field(factory=dict, repr=False)

    def findings(self, text: str) -> Sequence[Finding]:
        """Return what has to go, by place and without overlaps."""
        # A placeholder reads like a name and a value; masked, it reads like nothing.
        text = PLACEHOLDER.sub(lambda match: "*" * len(match[0]), text)
        found = merged(self._found(text, 0), text)
        repeated = list(_repeated(text, found))
        return merged([*found, *repeated], text) if repeated else found

    def _found(self, text: str, depth: int) -> Iterator[Finding]:
        for view in views(text):
            for rule in (credentials, access, pairs, people):
                for found in rule(view.text):
                    yield Finding(*view.origin(found.start, found.end), found.kind, found.value, len(view.layers))
            if depth < DEEPEST:
                for start, end, inner in embedded(view.text):
                    held = self._held(inner, depth)
                    if held is not None:
                        yield Finding(*view.origin(start, end), held.kind, held.value, len(view.layers) + 1)

    def _held(self, inner: str, depth: int) -> Finding | None:
        """The first that an encoded text holds, if anything."""
        if inner not in self.known:
            if len(inner) > self.characters_left or inner == TOO_LONG:
                return Finding(0, len(inner), UNREAD, inner)
            self.characters_left -= len(inner)
            self.known[inner] = next(iter(merged(self._found(inner, depth + 1), inner)), None)
        return self.known[inner]


def _repeated(text: str, found: Sequence[Finding]) -> Iterator[Finding]:
    values = {one.value: one for one in found if _is_telling(one)}
    for value, one in sorted(values.items(), key=lambda item: (-len(item[0]), item[0]))[:MOST_REPEATED]:
        place = text.find(value)
        while place >= 0:
            yield Finding(place, place + len(value), one.kind, value)
            place = text.find(value, place + len(value))


def _is_telling(one: Finding) -> bool:
    """Whether a value is nothing but itself wherever it stands."""
    if len(one.value) < SHORTEST_REPEATED or len(one.value) > 4096 or one.kind in (keys.NAME, UNREAD):
        return False
    return len(one.value) >= 16 or _MIXED.match(one.value) is not None
