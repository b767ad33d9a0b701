"""The quick way of reading JSON gives exactly what the strict one gives, value or refusal."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sre_copilot.domain.errors import MalformedDelivery
from sre_copilot.domain.strict_json import MAX_STRING_BYTES, read_json

ESCAPED_PAIR = "\\ud83d\\ude00"


def outcome(body: bytes) -> tuple[str, str]:
    """What is read, with the types of its numbers, or the class and words of the refusal."""
    try:
        return "read", repr(read_json(body))
    except MalformedDelivery as error:
        return type(error).__name__, str(error)


def strictly(text: str) -> tuple[str, str]:
    """The outcome of the strict way: one escaped pair anywhere makes it the only one, here in a new list."""
    found = outcome(f'[{text}\n,"{ESCAPED_PAIR}"]'.encode("utf-8", "surrogatepass"))
    if found[0] != "read":
        return found
    return "read", found[1].removeprefix("[").removesuffix(", '\U0001f600']")


SCALARS = st.one_of(
    st.sampled_from(
        ["null", "true", "false", "NaN", "Infinity", "-Infinity", "-0", "-0.0", "0.0", "01", "1.", ".5", "+1", "1e400"]
    ),
    st.integers(-(2**65), 2**65).map(str),
    st.sampled_from([2**53, 2**63, 2**64, 10**18, 10**19, 10**20, 10**30]).flatmap(
        lambda near: st.integers(-2, 2).flatmap(lambda off: st.sampled_from([str(near + off), str(-near + off)]))
    ),
    st.floats().map(json.dumps),
    st.tuples(st.integers(-(10**20), 10**20), st.integers(-20, 400)).map(lambda parts: f"{parts[0]}e{parts[1]}"),
    st.tuples(st.integers(0, 10**25), st.integers(0, 10**25)).map(lambda parts: f"{parts[0]}.{parts[1]}"),
)
WORDS = st.one_of(
    st.text(max_size=6).map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.text(max_size=6).map(json.dumps),
    st.sampled_from(
        ['"&"', '"\\u0026"', '"\\\\u0026"', '"\\u003c\\u003E"', '"\\\\\\u003e"', '"\\u0022:"', '"\\u0000"']
    ),
    st.sampled_from(['"a"', '"b"', '"a\\":"', '"\\\\"', '":"', '"\\u0061"', '"\\/"', '"\x00"', '"\x7f"', '"a', "'a'"]),
    st.sampled_from(["a", "ü", "€", "\U0001f600"]).flatmap(
        lambda letter: st.sampled_from(
            [
                MAX_STRING_BYTES // 4,
                MAX_STRING_BYTES // len(letter.encode()),
                MAX_STRING_BYTES // len(letter.encode()) + 1,
            ]
        ).map(lambda length: f'"{letter * length}"')
    ),
)
SPACE = st.sampled_from(["", "", "", " ", "\n", "\t\r "])


def lists(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(inner, max_size=4).map(lambda parts: f"[{','.join(parts)}]")


def objects(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(WORDS, SPACE, SPACE, inner).map(lambda parts: f"{parts[0]}{parts[1]}:{parts[2]}{parts[3]}")
    return st.lists(pair, max_size=4).map(lambda parts: f"{{{','.join(parts)}}}")


def deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(inner, st.integers(25, 33)).map(lambda parts: "[" * parts[1] + parts[0] + "]" * parts[1])


TEXTS = st.recursive(
    SCALARS | WORDS, lambda inner: st.one_of(lists(inner), objects(inner), objects(inner), deeper(inner)), max_leaves=12
)


def is_complete(text: str) -> bool:
    """Whether it is one value for whoever is not strict: others mean something else inside a list."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


@given(TEXTS)
@example('{"a":1,"a":1}')
@example('{"a":{"b":1},"a" :1}')
@example('{"a\\":":1,"a":1,"a":2}')
@example('["a\\":",{"a":1,"a":2}]')
@example('{"x":"\\":","a":1,"a":2}')
@example('{"a":1,"a":"\\u0022:"}')
@example('{"&":1,"\\u0026":2}')
@example('{"a":"\\u0026","a":"\\u0026"}')
@example("18446744073709551616")
@example("18446744073709551615")
@example("-9223372036854775809")
@example("1e19")
@example(f'{{"{"a" * (MAX_STRING_BYTES + 1)}":1}}')
@example("[" * 32 + "]" * 32)
@example("[" * 33 + "]" * 33)
def test_a_text_is_read_as_the_strict_way_reads_it(text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")
    quick = outcome(body)
    if not is_complete(text):
        # Refused by both, in the words of the strict one.
        assert quick[0] != "read"
        return
    nested = outcome(b"[" + body + b"\n,0]")
    strict = strictly(text)
    if strict[0] != "read":
        # Positions move by the bracket, and one level more may be too deep where the text by itself is not.
        assert strict[0] == nested[0]
        if strict[0] == "MalformedDelivery":
            assert quick[0] == strict[0]
    else:
        assert quick == strict
        assert nested == ("read", f"[{quick[1]}, 0]")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e19", 1e19),
        ("-1e300", -1e300),
        ("9223372036854775808", 2**63),
        ("9007199254740993", 2**53 + 1),
        ("1.0", 1.0),
        ("-0.0", -0.0),
        ('{"a":":","b":"\\":"}', {"a": ":", "b": '":'}),
    ],
)
def test_numbers_and_words_that_make_the_quick_way_doubt_are_read_none_the_less(text: str, value: Any) -> None:
    assert repr(read_json(text.encode())) == repr(value)
