"""Bytes to plain JSON: what is refused, what is repaired, and that nothing else can come out."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.deliveries import MAX_BODY_BYTES, Delivery
from sre_copilot.domain.errors import MalformedDelivery
from sre_copilot.domain.strict_json import MAX_STRING_BYTES, read_form_or_json, read_json

REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not JSON"),
    "white space only": (b"  \n", "not JSON"),
    "not JSON": (b"firing!", "not JSON"),
    "two documents": (b"{} {}", "not JSON"),
    "a trailing comma": (b'{"a": 1,}', "not JSON"),
    "single quotes": (b"{'a': 1}", "not JSON"),
    "an unfinished string": (b'{"a": "b', "not JSON"),
    "a string that ends in a backslash": (b'["a\\', "not JSON"),
    "an unfinished escape": (rb'["\u12"]', "not JSON"),
    "a bare control character": (b'["a\x01b"]', "not JSON"),
    "a bare NUL": (b'["a\x00b"]', "not JSON"),
    "a closing bracket too many": (b"[]]", "not JSON"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "not JSON"),
    "a leading zero": (b"[01]", "not JSON"),
    "an invalid byte": (b'["\xff"]', "not UTF-8"),
    "an overlong form": (b'["\xc0\xaf"]', "not UTF-8"),
    "a surrogate in UTF-8": (b'["\xed\xa0\x80"]', "not UTF-8"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
    "a name twice": (b'{"a": 1, "a": 1}', "appears twice"),
    "a name twice, deep down": (b'[{"b": {"a": 1, "c": [], "a": 2}}]', "appears twice"),
    "a name twice, once escaped": (rb'{"a": 1, "\u0061": 2}', "appears twice"),
    "names that are the same once NUL is replaced": (rb'{"a\u0000": 1, "a\ufffd": 2}', "appears twice"),
    "NaN": (b"[NaN]", "NaN"),
    "infinity": (b"[Infinity]", "Infinity"),
    "minus infinity": (b"[-Infinity]", "-Infinity"),
    "a float that is infinite": (b"[1e400]", "too large"),
    "an integer over 64 bits": (str(2**64).encode(), "64 bits"),
    "an integer under 64 bits": (str(-(2**63) - 1).encode(), "64 bits"),
    "an integer of 5,000 digits": (b"9" * 5000, "64 bits"),
    "33 levels": (b"[" * 33 + b"]" * 33, "deeper than 32"),
    "100,000 levels of lists": (b"[" * 100_000, "deeper than 32"),
    "100,000 levels of objects": (b'{"a":' * 100_000, "deeper than 32"),
    "a string over 64 KiB": (b'["' + b"a" * (MAX_STRING_BYTES + 1) + b'"]', "longer than"),
    "a name over 64 KiB": (b'{"' + b"a" * (MAX_STRING_BYTES + 1) + b'": 1}', "longer than"),
    "a string over 64 KiB in UTF-8": (('["' + "ü" * (MAX_STRING_BYTES // 2 + 1) + '"]').encode(), "longer than"),
    "a body over 4 MiB": (b" " * (MAX_BODY_BYTES + 1), "at most 4194304"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_json_within_the_limits_is_refused_in_one_clear_sentence(case: str) -> None:
    body, words = REFUSED[case]
    with pytest.raises(MalformedDelivery, match=words):
        read_json(body)


TAKEN: dict[str, tuple[bytes, Any]] = {
    "32 levels": (b"[" * 32 + b"]" * 32, None),
    "brackets inside strings": (b'["' + b"[{" * 100 + b'"]', ["[{" * 100]),
    "escaped quotes before brackets": (rb'["\"[[[", "\\", "]"]', ['"[[[', "\\", "]"]),
    "a string of 64 KiB": (b'["' + b"a" * MAX_STRING_BYTES + b'"]', ["a" * MAX_STRING_BYTES]),
    "a string whose escapes are longer than it is": (b'["' + rb"\u0061" * 20_000 + b'"]', ["a" * 20_000]),
    "the largest integer": (str(2**64 - 1).encode(), 2**64 - 1),
    "the smallest integer": (str(-(2**63)).encode(), -(2**63)),
    "minus nought": (b"-0", 0),
    "a tiny float": (b"1e-400", 0.0),
    "a surrogate pair": (rb'["\ud83d\ude00"]', ["\U0001f600"]),
    "a lone surrogate": (rb'["a\ud83db"]', ["a\ufffdb"]),
    "a NUL in a value": (rb'{"a": {"b": ["x\u0000y"]}}', {"a": {"b": ["x\ufffdy"]}}),
    "a NUL in a name": (rb'{"a\u0000": 1}', {"a\ufffd": 1}),
    "a backslash before u0000": (rb'["\\u0000"]', ["\\u0000"]),
    "a body of 4 MiB": (b"[]" + b" " * (MAX_BODY_BYTES - 2), []),
}


@pytest.mark.parametrize("case", TAKEN)
def test_what_lies_just_within_the_limits_is_read(case: str) -> None:
    body, value = TAKEN[case]
    read = read_json(body)
    assert value is None or read == value


def test_a_smaller_limit_can_be_asked_for() -> None:
    with pytest.raises(MalformedDelivery, match="at most 3"):
        read_json(b"[ ] ", max_bytes=3)


@pytest.mark.parametrize("body", [b'"' + b'\\"' * 2_000_000, b'["' * 2_000_000, b'"\\' * 2_000_000, b'""' * 2_000_000])
def test_no_body_makes_the_scan_look_at_it_again_and_again(body: bytes) -> None:
    # A scan that starts over at every quote would not come back from these within hours.
    with pytest.raises(MalformedDelivery):
        read_json(body)


def test_a_refusal_never_quotes_the_body() -> None:
    for body in (b'{"hunter2": 1, "hunter2": 2}', b'["hunter2', b"hunter2", b'{"a": hunter2}'):
        with pytest.raises(MalformedDelivery) as caught:
            read_json(body)
        assert "hunter2" not in str(caught.value)


@given(st.binary(max_size=300) | st.text(alphabet='[]{}",:\\u0d8a1eE-.nNI ', max_size=300).map(str.encode))
def test_any_bytes_are_read_or_refused_and_nothing_else(body: bytes) -> None:
    try:
        value = read_json(body)
    except MalformedDelivery:
        return
    assert json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


# Names that differ only by NUL or its replacement are one name afterwards: refused, and a case of its own above.
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(PLAIN, st.booleans())
def test_json_survives_being_read_except_for_nul(value: Any, escaped: bool) -> None:
    body = json.dumps(value, ensure_ascii=escaped).encode()
    assert read_json(body) == _without_nul(value)


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(name): _without_nul(item) for name, item in value.items()}
    return value


@pytest.mark.parametrize(
    ("content_type", "body", "payload"),
    [
        ("application/x-www-form-urlencoded", b"a=1&b=", {"a": "1", "b": ""}),
        ("Application/X-WWW-Form-URLencoded; charset=utf-8", b"a=%C3%BC", {"a": "ü"}),
        ("application/json", b'{"a": 1}', {"a": 1}),
        ("", b"[1]", [1]),
    ],
)
def test_a_form_is_read_as_one_where_the_content_type_says_so(content_type: str, body: bytes, payload: Any) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    assert (
        read_form_or_json(Delivery(body=body, received_at=datetime(2026, 3, 1, tzinfo=UTC), headers=headers)) == payload
    )
