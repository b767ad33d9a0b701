"""Texts within a text: what base64 (also of UTF-16, also zipped) and hexadecimal runs spell, where they spell text."""

import base64
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress

MOST_UNZIPPED = 1 << 18
"""Bytes; a run that holds more is not read."""
TOO_LONG = ""
"""What stands for the text of a run that holds more than that."""

MOST_SLASHES = 6

_SHORTEST = 16
_WRAPPED = re.compile(
    r"(?<![A-Za-z0-9+])(?:[A-Za-z0-9+/]{60,76}(?:\r?\n|\\n)[ \t]{0,40}){1,4000}[A-Za-z0-9+/]{1,76}={0,2}"
)
_RUN = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}={0,2}")
_PART = re.compile(r"[A-Za-z0-9+]{16,}")
_HEXADECIMAL = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{24,}")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")
_URL_SAFE = str.maketrans("-_", "+/")
_UNREADABLE = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd]")


def embedded(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where such a run stands (start, end) and the text that it spells, `TOO_LONG` where that is more than is read."""
    for match in _WRAPPED.finditer(text):
        inner = _of_base64(match[0].replace("\\n", ""))
        if inner is not None:
            yield *match.span(), inner
    for match in _RUN.finditer(text):
        inner = _of_base64(match[0])
        if inner is not None:
            yield *match.span(), inner
        elif (inside := _after_slash(match[0])) is not None:
            yield match.start() + inside[0], match.end(), inside[1]
        elif "/" in match[0] or "_" in match[0] or "-" in match[0]:
            for part in _PART.finditer(text, *match.span()):
                inner = _of_base64(part[0])
                if inner is not None:
                    yield *part.span(), inner
    for match in _HEXADECIMAL.finditer(text):
        inner = None if len(match[0]) % 2 else _as_text(bytes.fromhex(match[0]))
        if inner is not None:
            yield *match.span(), inner


def _after_slash(run: str) -> tuple[int, str] | None:
    """What follows one of the first slashes: they separate parts of a path, and are letters of base64 as well."""
    place = -1
    for _ in range(MOST_SLASHES):
        place = run.find("/", place + 1)
        if place < 0:
            break
        inner = _of_base64(run[place + 1 :])
        if inner is not None:
            return place + 1, inner
    return None


def _of_base64(run: str) -> str | None:
    letters = _NOT_BASE64.sub("", run.translate(_URL_SAFE))
    # A run that lost its beginning starts anywhere within a group of four.
    for skipped in range(4):
        whole = letters[skipped:]
        if len(whole) < _SHORTEST:
            break
        spare = len(whole) % 4
        inner = _as_text(base64.b64decode(whole[:-1] if spare == 1 else whole + "=" * (-spare % 4)))
        if inner is not None:
            return inner
    return None


def _as_text(data: bytes) -> str | None:
    if data.startswith(b"\x1f\x8b"):
        with suppress(zlib.error):
            unzipping = zlib.decompressobj(31)
            data = unzipping.decompress(data, MOST_UNZIPPED)
            if unzipping.unconsumed_tail:
                return TOO_LONG
    zeros = data.count(0)
    encoding = "utf-8" if zeros * 3 < len(data) else "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    with suppress(UnicodeDecodeError):
        text = data.decode(encoding)
        # Two bytes are some letter of some script nearly always, so that those of most others prove nothing.
        is_chance = encoding != "utf-8" and sum(map(str.isascii, text)) * 2 < len(text)
        return None if is_chance or _UNREADABLE.search(text) else text
    # Its end may have been cut off within a letter.
    with suppress(UnicodeDecodeError):
        text = data[:-1].decode(encoding)
        return None if _UNREADABLE.search(text) or not text.isascii() else text
    return None
