"""A text as it was written and as it reads: escapes, entities, look-alikes and invisible signs undone, layer by layer.

Every view knows where each of its characters came from, so that what is found in a view is hidden in the text itself, and
nothing else of the text changes.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import unescape

import attrs

MOST_LAYERS = 5
"""So many encodings around each other are undone."""

_HEX = "[0-9a-fA-F]"
_ENCODED = re.compile(
    rf"""
    \\u[dD][89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}}
    | \\u{_HEX}{{4}} | \\u\{{{_HEX}{{1,6}}\}} | \\U{_HEX}{{8}} | \\x{_HEX}{{2}} | \\[0-3][0-7]{{2}} | \\[\\/"'nrtbf]
    | (?:%[89a-fA-F]{_HEX})+ | %[0-7]{_HEX} | %u{_HEX}{{4}}
    | &\#[0-9]{{1,7}};? | &\#[xX]{_HEX}{{1,6}};? | &[A-Za-z][A-Za-z0-9]{{1,30}};
    | \x1b\[[0-9;]{{0,20}}[A-Za-z]
    | [\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]
    | [^\x00-\x7f]
    """,
    re.VERBOSE,
)
_MAY_BE_ENCODED = re.compile(r"[\\%&\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\U0010ffff]")
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "b": "", "f": "\n"}
_INVISIBLE = frozenset({"Cf", "Mn", "Me", "Cc", "Cs", "Co", "Cn"})
_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421"
    "\u0422\u0425\u0405\u0406\u0408\u03bf\u0391\u0392\u0395\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a7\u03a5"
    "\u0131\u0261\u2044\u2215\u2236\ua789",
    "aeopcyxijsABEKMHOPCTXSIJoABEHIKMNOPTXYig//::",
)

Piece = tuple[int, int, int, int]
"""Where a decoded piece stands in its view (start, end) and in the text before (start, end)."""


@attrs.frozen
class View:
    """A text and, for each layer that was undone, the pieces that were; the last layer comes last."""

    text: str
    layers: Sequence[Sequence[Piece]] = ()

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where characters `start` to `end` (exclusive, at least one) stand in the text as it was written."""
        for pieces in reversed(self.layers):
            start, end = _before(pieces, start, is_end=False), _before(pieces, end - 1, is_end=True)
        return start, end


def views(text: str) -> Iterator[View]:
    """Yield the text as it is, then with each further layer undone, until nothing is left to undo or 5 were."""
    view = View(text)
    yield view
    for _ in range(MOST_LAYERS):
        decoded, pieces = _undone(view.text)
        if not pieces:
            return
        view = View(decoded, (*view.layers, pieces))
        yield view


def _before(pieces: Sequence[Piece], place: int, *, is_end: bool) -> int:
    index = bisect_right(pieces, place, key=lambda piece: piece[0]) - 1
    if index < 0:
        return place + is_end
    _, end, origin, origin_end = pieces[index]
    if place < end:
        return origin_end if is_end else origin
    return origin_end + place - end + is_end


def _undone(text: str) -> tuple[str, Sequence[Piece]]:
    if not _MAY_BE_ENCODED.search(text):
        return text, ()
    parts: list[str] = []
    pieces: list[Piece] = []
    read = written = 0
    for match in _ENCODED.finditer(text):
        token = match[0]
        plain = _plain(token)
        if plain == token:
            continue
        start, end = match.span()
        parts += (text[read:start], plain)
        written += start - read
        pieces.append((written, written + len(plain), start, end))
        written += len(plain)
        read = end
    return "".join([*parts, text[read:]]), pieces


@lru_cache(maxsize=4096)
def _plain(token: str) -> str:
    first, second = token[0], token[1:2]
    if len(token) == 1:
        return _plain_sign(token)
    if first == "\\":
        return _SIMPLE.get(second, second) if len(token) == 2 else _of_codes(token)
    if first == "%":
        return _of_codes(token) if second == "u" else _of_bytes(token)
    if first == "&":
        return unescape(token if token.endswith(";") else f"{token};")
    return ""


def _plain_sign(sign: str) -> str:
    if unicodedata.category(sign) in _INVISIBLE:
        return ""
    if unicodedata.category(sign) == "Pd":
        return "-"
    if unicodedata.category(sign) in ("Zl", "Zp"):
        return "\n"
    digit = unicodedata.decimal(sign, None)
    if digit is not None:
        return str(digit)
    composed = unicodedata.normalize("NFKC", sign).translate(_LOOKALIKES)
    return "".join([part for part in composed if unicodedata.category(part) not in _INVISIBLE])


def _of_codes(token: str) -> str:
    if token[1] in "0123":
        return chr(int(token[1:], 8))
    if len(token) == 12:
        return token.encode().decode("unicode_escape").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    code = int(token[2:].strip("{}"), 16)
    return "" if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else chr(code)


def _of_bytes(token: str) -> str:
    return bytes.fromhex(token.replace("%", "")).decode("utf-8", "replace")
