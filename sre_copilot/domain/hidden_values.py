"""Taking credentials out of JSON bodies before anything is kept.

It works on the bytes, because what is kept are the bytes: their order, spacing and numbers stay as they came. It takes
malformed bodies too, and knows a name and a value in whatever way JSON lets them be spelled.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from itertools import islice

HIDDEN = "[hidden]"
"""What stands in a body where a credential was."""
SHORTEST_SECRET = 8
"""Shorter values are hidden under their name only: elsewhere in the body they would be ordinary words."""
MOST_SECRETS = 10
"""So many are sought elsewhere in the body: a vendor sends one or two, and each costs another look at every string."""

# A string (an unterminated one runs to the end), a mark, or any other run of characters: a number, a word, rubbish.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}:,]|[^\s"\[\]{}:,]+', re.DOTALL)
_OPENING = (b"{", b"[")
_CLOSING = (b"}", b"]")


def without_values(body: bytes, names: Collection[str]) -> bytes:
    """Return a JSON body in which the values under these names (whatever their case, at whatever depth) are `HIDDEN`.

    The first 10 of them that have 8 characters or more are hidden elsewhere in the body too, within longer strings as well.
    The same bytes give the same bytes; what holds no such name comes back as it was.
    """
    wanted = frozenset(name.lower() for name in names)
    if b"\\" not in body and not any(name.encode() in body.lower() for name in wanted):
        return body
    places = list(value_places(body, lambda name: name.lower() in wanted))
    if not places:
        return body
    texts = (_decoded(body[start:end]) for start, end in places)
    secrets = dict.fromkeys(text for text in texts if len(text) >= SHORTEST_SECRET and text != HIDDEN)
    # The longest first: one secret may be a part of another.
    sought = sorted(islice(secrets, MOST_SECRETS), key=len, reverse=True)
    return b"".join(_hidden(body, frozenset(places), sought))


def value_places(body: bytes, is_wanted: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Yield where the tokens of the values under the wanted names stand; of a list or an object, those of all its values."""
    before = b""
    depth = within = 0
    named = False
    maybe_value: tuple[int, int] | None = None
    for match in _TOKEN.finditer(body):
        token = match[0]
        if token == b":":
            named, maybe_value = is_wanted(_decoded(before)), None
            before = token
            continue
        if maybe_value is not None:
            yield maybe_value
            maybe_value = None
        if token in _OPENING:
            depth += 1
            within = within or (depth if named else 0)
        elif token in _CLOSING:
            within = 0 if within == depth else within
            depth -= 1
        elif token != b",":
            if named or (within and before == b":"):
                yield match.span()
            elif within:
                # In a list it is a value, before a colon a name.
                maybe_value = match.span()
        before, named = token, False
    if maybe_value is not None:
        yield maybe_value


def _hidden(body: bytes, places: frozenset[tuple[int, int]], secrets: Sequence[str]) -> Iterator[bytes]:
    end = 0
    for match in _TOKEN.finditer(body):
        token = match[0]
        if match.span() in places:
            token = _encoded(HIDDEN)
        elif len(token) >= SHORTEST_SECRET:
            token = _cleaned(token, secrets)
        yield body[end : match.start()] + token
        end = match.end()
    yield body[end:]


def _cleaned(token: bytes, secrets: Sequence[str]) -> bytes:
    text = cleaned = _decoded(token)
    for secret in secrets:
        cleaned = cleaned.replace(secret, HIDDEN)
    return token if cleaned == text else _encoded(cleaned)


def _decoded(token: bytes) -> str:
    text = token.decode("utf-8", "surrogateescape")
    if not text.startswith('"'):
        return text
    if "\\" in text:
        with suppress(ValueError):
            return str(json.loads(text, strict=False))
    return text[1:].removesuffix('"')


def _encoded(text: str) -> bytes:
    # ASCII only, so that half a pair of surrogates, which UTF-8 can't write, is written as it came.
    return json.dumps(text).encode()
