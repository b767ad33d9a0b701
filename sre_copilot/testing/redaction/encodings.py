"""The same secrets, encoded: as transports, terminals, templates and people who hide things would."""

import base64
import gzip
import html
import json
import random
import re
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, unquote

from sre_copilot.testing.redaction.people_plants import PEOPLE
from sre_copilot.testing.redaction.placed_plants import PLACES
from sre_copilot.testing.redaction.planted import Plant, Planted
from sre_copilot.testing.redaction.vendor_plants import VENDORS

_BASES = tuple(
    (VENDORS | PLACES | PEOPLE)[name]
    for name in (
        "GitHub token",
        "AWS access key and secret",
        "password in key=value",
        "password in JSON",
        "DSN",
        "e-mail address",
        "payment card",
    )
)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _each(shape: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: "".join(map(shape, text))


def _strewn(sign: str) -> Callable[[str], str]:
    return lambda text: "".join(f"{letter}{sign}" if place % 3 == 1 else letter for place, letter in enumerate(text))


def _wide(letter: str) -> str:
    return chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter


def _wrapped(text: str) -> str:
    whole = _base64(text + " and more" * 12)
    return "\n".join(whole[start : start + 76] for start in range(0, len(whole), 76))


def _less(sign: str) -> Callable[[str], str]:
    return lambda text: text.replace(sign, "")


def _unescaped(shape: str, radix: int = 16) -> Callable[[str], str]:
    return lambda text: re.sub(shape, lambda match: chr(int(match[1], radix)), text)


def _unquoted(text: str) -> str:
    return unquote(unquote(unquote(text)))


# By letters: what encodes, and what undoes it in what is left.
_LETTERS: dict[str, tuple[Callable[[str], str], Callable[[str], str]]] = {
    "zero-width": (_strewn("\u200b"), _less("\u200b")),
    "soft hyphen": (_strewn("\u00ad"), _less("\u00ad")),
    "combining marks": (_strewn("\u0335"), _less("\u0335")),
    "terminal colours": (_strewn("\x1b[31m"), _less("\x1b[31m")),
    "control characters": (_strewn("\x08"), _less("\x08")),
    "full-width": (_each(_wide), lambda text: unicodedata.normalize("NFKC", text)),
    "percent": (lambda text: quote(text, safe=""), _unquoted),
    "percent, every letter": (_each(lambda letter: "".join(f"%{byte:02x}" for byte in letter.encode())), _unquoted),
    "percent twice": (lambda text: quote(quote(text, safe=""), safe=""), _unquoted),
    "percent three times": (lambda text: quote(quote(quote(text, safe=""), safe=""), safe=""), _unquoted),
    "unicode escapes": (_each(lambda letter: f"\\u{ord(letter):04x}"), _unescaped(r"\\u(\w{4})")),
    "unicode escapes with braces": (_each(lambda letter: f"\\u{{{ord(letter):x}}}"), _unescaped(r"\\u{(\w+)}")),
    "unicode escapes twice": (_each(lambda letter: f"\\\\u{ord(letter):04X}"), _unescaped(r"\\\\u(\w{4})")),
    "%u escapes": (_each(lambda letter: f"%u{ord(letter):04x}"), _unescaped(r"%u(\w{4})")),
    "hexadecimal escapes": (_each(lambda letter: f"\\x{ord(letter):02x}"), _unescaped(r"\\x(\w\w)")),
    "octal escapes": (_each(lambda letter: f"\\{ord(letter):03o}"), _unescaped(r"\\([0-7]{3})", 8)),
    "HTML entities": (_each(lambda letter: f"&#{ord(letter)};"), html.unescape),
    "hexadecimal HTML entities": (_each(lambda letter: f"&#x{ord(letter):x};"), html.unescape),
    "named HTML entities": (
        lambda text: html.escape(text).replace("=", "&equals;").replace("@", "&commat;").replace(":", "&colon;"),
        html.unescape,
    ),
    "JSON within JSON": (lambda text: json.dumps({"payload": json.dumps({"m": text})}), str),
}
# As a whole: nothing of the whole may be left.
_WHOLES: dict[str, Callable[[str], str]] = {
    "base64": _base64,
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 twice": lambda text: _base64(_base64(text)),
    "base64 three times": lambda text: _base64(_base64(_base64(text))),
    "base64 over lines": _wrapped,
    "base64 of JSON": lambda text: _base64(json.dumps({"a": 1, "b": text})),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "base64 of gzip": lambda text: base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode(),
    "base64 that lost its beginning": lambda text: _base64(f"some more before it, {text}")[5:],
    "percent of base64": lambda text: quote(_base64(text), safe=""),
    "base64 of percent": lambda text: _base64(quote(text, safe="")),
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal of base64": lambda text: _base64(text).encode().hex(),
}


def _by_letter(encode: Callable[[str], str], decode: Callable[[str], str]) -> Plant:
    def plant(rng: random.Random) -> Planted:
        base = rng.choice(_BASES)(rng)
        return Planted(f"2026-11-27T08:14:03Z got {encode(base.text)} from upstream", base.needles, decode)

    return plant


def _as_whole(encode: Callable[[str], str]) -> Plant:
    def plant(rng: random.Random) -> Planted:
        base = rng.choice(_BASES)(rng)
        encoded = encode(base.text)
        path = rng.choice(("", "", "/state/"))
        return Planted(f"2026-11-27T08:14:03Z got {path}{encoded} from upstream", (*base.needles, encoded))

    return plant


ENCODED: dict[str, Plant] = {name: _by_letter(*pair) for name, pair in _LETTERS.items()} | {
    name: _as_whole(encode) for name, encode in _WHOLES.items()
}
"""Each the whole of a text with a secret: a vendor's token, a pair of keys, a password at its name, a DSN, or personal data."""

ALL: dict[str, Plant] = VENDORS | PLACES | PEOPLE | {f"encoded: {name}": plant for name, plant in ENCODED.items()}
"""Every kind by name."""
