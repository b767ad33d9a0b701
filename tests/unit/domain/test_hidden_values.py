"""Credentials are taken out of JSON bodies, however they are spelled, and nothing else is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.hidden_values import HIDDEN, without_values

NAMES = ("routing_key", "Token")
KEY = "r0000000000000000000000000000001"

SPELLINGS = {
    "plain": b'{"routing_key": "%s"}',
    "no space": b'{"routing_key":"%s"}',
    "space and lines before the colon": b'{"routing_key"\t\r\n :\n"%s"}',
    "an escaped name": rb'{"routing\u005fkey": "%s"}',
    "a wholly escaped name": rb'{"\u0072\u006f\u0075\u0074\u0069\u006e\u0067\u005F\u006b\u0065\u0079": "%s"}',
    "capitals": b'{"ROUTING_key": "%s"}',
    "deep within": b'{"a": [{"b": {"routing_key": "%s"}}]}',
    "twice": b'{"routing_key": "x", "routing_key": "%s"}',
    "in a list": b'{"routing_key": ["%s"]}',
    "in an object": b'{"routing_key": {"value": "%s", "more": [1]}}',
    "another name": b'{"token": "%s"}',
    "no end": b'{"routing_key": "%s',
    "an end that is escaped": b'{"routing_key": "%s\\',
    "without quotes": b'{"routing_key": %s}',
    "cut off": b'"routing_key":"%s"',
    "repeated elsewhere": b'{"routing_key": "%s", "details": {"link": "https://x.example/%s?a"}}',
    "as a name": b'{"routing_key": "%s", "%s": 1}',
    "not in UTF-8": b'{"routing_key": "%s", "a": "\xff\xfe"}',
    "not UTF-8 within": b'{"routing_key": "\xff%s"}',
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_credential_is_gone_however_it_is_spelled(spelling: bytes) -> None:
    body = spelling.replace(b"%s", KEY.encode())
    hidden = without_values(body, NAMES)
    assert KEY.encode() not in hidden
    assert HIDDEN.encode() in hidden
    assert without_values(hidden, NAMES) == hidden


def test_an_escaped_value_is_found_in_its_other_spellings() -> None:
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in KEY)
    body = f'{{"routing_key": "{escaped}", "a": "{KEY}", "b": "see {KEY[:4]}\\u0030{KEY[5:]}."}}'.encode()
    assert json.loads(without_values(body, NAMES)) == {"routing_key": HIDDEN, "a": HIDDEN, "b": f"see {HIDDEN}."}


def test_everything_else_stays_byte_for_byte() -> None:
    body = b'{ "a":1.0,\n"routing_key":"%s" , "b": ["x\\u0041", 1e5, null, true], "c": {} }' % KEY.encode()
    assert without_values(body, NAMES) == body.replace(KEY.encode(), HIDDEN.encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\x00",
        b'{"a": "routing_key"}',
        b'{"a": "routing_key", "b": "shown here"}',
        b'["routing_key", "shown here"]',
        b'{"my_routing_key": "shown here"}',
        b'{"text": "\\"routing_key\\": \\"no field\\""}',
    ],
)
def test_a_body_without_such_a_field_is_left_alone(body: bytes) -> None:
    assert without_values(body, NAMES) == body


def test_a_short_value_is_hidden_under_its_name_only() -> None:
    body = b'{"routing_key": "abc", "text": "the abc of it"}'
    assert json.loads(without_values(body, NAMES)) == {"routing_key": HIDDEN, "text": "the abc of it"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["routing_key", "a", "token"]) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON, st.booleans(), st.sampled_from([None, 1]))
def test_any_body_stays_readable_and_keeps_every_other_field(value: Any, ascii_only: bool, indent: int | None) -> None:
    body = json.dumps({"v": value, "routing_key": KEY}, ensure_ascii=ascii_only, indent=indent)
    read = json.loads(without_values(body.encode("utf-8", "surrogatepass"), NAMES).decode("utf-8", "surrogatepass"))
    assert read == {"v": _expected(value), "routing_key": HIDDEN}


def _expected(value: Any, within: bool = False) -> Any:
    if isinstance(value, dict):
        return {
            name: _expected(item, within or name.lower() in ("routing_key", "token")) for name, item in value.items()
        }
    if isinstance(value, list):
        return [_expected(item, within) for item in value]
    return HIDDEN if within else value


@given(st.binary(max_size=60) | st.text(alphabet='{}[]:,"\\ \n1ab_routing_keyu05f', max_size=60).map(str.encode))
def test_any_bytes_are_taken_and_a_second_time_changes_nothing(body: bytes) -> None:
    once = without_values(body, NAMES)
    assert without_values(once, NAMES) == once
