"""From hostile bytes to plain data: what is refused for everyone, before any plugin looks at the meaning.

A quick parser reads what is plainly in order. Whatever could be against a rule that it does not know (a name that appears
twice, long strings and numbers, odd escapes) goes to the standard library's, which can be told them: size, UTF-8, depth
and string lengths (one scan of the bytes), then the grammar.
"""

import json
import math
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NoReturn
from urllib.parse import parse_qsl

import orjson

from sre_copilot.domain.deliveries import MAX_BODY_BYTES, Delivery
from sre_copilot.domain.errors import DeliveryTooDeep, DeliveryTooLarge, MalformedDelivery

MAX_DEPTH = 32
MAX_STRING_BYTES = 64 * 1024
"""Longest string (names included), in bytes of UTF-8 after its escapes are resolved."""
SMALLEST_INTEGER = -(2**63)
LARGEST_INTEGER = 2**64 - 1
REPLACEMENT = "\ufffd"
FORM = "application/x-www-form-urlencoded"

_MOST_DIGITS = 20
# Possessive, and an unterminated string runs to the end: no input makes the scan look at a byte more than twice.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_NAME_ENDS = re.compile(rb'"[ \t\r\n]*:')
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_GO_ESCAPE = re.compile(rb"\\u00(?:26|3c|3e)")
_GO_SIGNS = {rb"\u0026": b"&", rb"\u003c": b"<", rb"\u003e": b">"}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def read_json(body: bytes, *, max_bytes: int = MAX_BODY_BYTES) -> Any:
    """Return the body as plain JSON, NUL and lone surrogates in strings replaced by U+FFFD.

    Raises MalformedDelivery for a body over `max_bytes`, more than 32 levels, a string over 64 KiB, bytes that aren't
    UTF-8, bad grammar, a key that appears twice in an object, NaN, infinities, and integers outside 64 bits.
    """
    if len(body) > max_bytes:
        raise DeliveryTooLarge(f"The body has {len(body)} bytes; at most {max_bytes} are taken.")
    is_suspect = _SUSPECT.search(body) is not None
    if not is_suspect:
        with suppress(orjson.JSONDecodeError, _OutOfOrder):
            return _quickly_read(body)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedDelivery(f"The body is not UTF-8: byte {error.start} can't be read.") from None
    _scan(body)
    value = _decoded(text)
    return _cleaned(value) if is_suspect else value


def read_form(body: bytes, *, max_bytes: int = MAX_BODY_BYTES) -> dict[str, str]:
    """Return the fields of an HTML form (`application/x-www-form-urlencoded`), NUL and lone surrogates as U+FFFD.

    Raises MalformedDelivery for a body over `max_bytes`, more than 1,000 fields, a value over 64 KiB, bytes that
    aren't UTF-8, a pair without `=`, and a name that appears twice.
    """
    if len(body) > max_bytes:
        raise DeliveryTooLarge(f"The body has {len(body)} bytes; at most {max_bytes} are taken.")
    try:
        text = body.decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=1000)
    except ValueError:
        raise MalformedDelivery("The body is not a form of at most 1000 UTF-8 fields.") from None
    if any(len(value.encode("utf-8", "surrogatepass")) > MAX_STRING_BYTES for _, value in pairs):
        raise MalformedDelivery(f"A field of the form is longer than {MAX_STRING_BYTES} bytes.")
    return _object([(_cleaned(name), _cleaned(value)) for name, value in pairs])


def read_form_or_json(delivery: Delivery) -> Any:
    """Return the fields of a form where the content type says that the body is one, else the body as plain JSON.

    Raises what `read_form` and `read_json` raise.
    """
    media_type = delivery.header("content-type").partition(";")[0].strip().lower()
    return read_form(delivery.body) if media_type == FORM else read_json(delivery.body)


class _OutOfOrder(Exception):
    """What was read needs a closer look."""


def _quickly_read(body: bytes) -> Any:
    """Return the body where it is plainly in order. Raises JSONDecodeError and _OutOfOrder where it may not be.

    No name was there twice where what was read is written as the very same bytes. Otherwise the names are counted: every
    one ends with a quote and a colon, so that there are no more such places in the bytes than names in what was read.
    """
    value = orjson.loads(body)
    names = _names(value, MAX_DEPTH, len(body) > MAX_STRING_BYTES)
    if not _is_written_so(value, body) and names != len(_NAME_ENDS.findall(body)):
        raise _OutOfOrder
    return value


def _is_written_so(value: Any, body: bytes) -> bool:
    """Whether these bytes are the shortest that say it, as most senders write; those in Go also escape three signs."""
    return orjson.dumps(value) == _GO_ESCAPE.sub(lambda found: _GO_SIGNS[found[0]], body.rstrip())


def _names(value: Any, depth: int, may_be_long: bool) -> int:
    """How many names the objects have. Raises _OutOfOrder for too many levels and where a string may be too long."""
    items: Iterable[Any]
    if isinstance(value, dict):
        found, items = len(value), [*value.values(), *value] if may_be_long else value.values()
    elif isinstance(value, list):
        found, items = 0, value
    else:
        found, items, depth = 0, (value,), depth + 1
    if depth <= 0:
        raise _OutOfOrder
    for item in items:
        kind = type(item)
        if kind is str:
            if may_be_long and len(item) > MAX_STRING_BYTES // 4:
                raise _OutOfOrder
        elif kind is dict or kind is list:
            found += _names(item, depth - 1, may_be_long)
        elif kind is float and abs(item) >= LARGEST_INTEGER // 2:
            # It may be an integer that does not fit.
            raise _OutOfOrder
    return found


def _scan(body: bytes) -> None:
    depth = 0
    for match in _TOKEN.finditer(body):
        token = match[0]
        if token in (b"{", b"["):
            depth += 1
            if depth > MAX_DEPTH:
                raise DeliveryTooDeep(f"The body is nested deeper than {MAX_DEPTH} levels.")
        elif token in (b"}", b"]"):
            depth -= 1
        elif len(token) > MAX_STRING_BYTES + 2 and _decoded_length(token) > MAX_STRING_BYTES:
            raise MalformedDelivery(f"The string at byte {match.start()} is longer than {MAX_STRING_BYTES} bytes.")


def _decoded_length(token: bytes) -> int:
    value = _decoded(token.decode("utf-8"))
    return len(value.encode("utf-8", "surrogatepass"))


def _decoded(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise MalformedDelivery(f"The body is not JSON: {error.msg}, {where}.") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedDelivery("The body has an object in which a name appears twice.")
    return found


def _integer(digits: str) -> int:
    if len(digits) <= _MOST_DIGITS:
        value = int(digits)
        if SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
            return value
    raise MalformedDelivery("The body has an integer that does not fit into 64 bits.")


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise MalformedDelivery("The body has a number that is too large.")
    return value


def _constant(word: str) -> NoReturn:
    raise MalformedDelivery(f"The body has the number {word}, which JSON doesn't know.")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return _object([(_cleaned(name), _cleaned(item)) for name, item in value.items()])
    return value
