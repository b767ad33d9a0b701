"""Regular expressions without backtracking: they mean what Python's mean, and nothing makes them slow."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.expression_syntax import DEEPEST, MOST_PLACES
from sre_copilot.domain.expressions import LONGEST_EXPRESSION, LONGEST_TEXT, MOST_REMEMBERED, compiled

ALPHABET = "abAB1-. \n"
ATOMS = st.sampled_from(
    [
        "a", "b", "A", "1", "-", " ", "ab", ".", r"\.", "[ab]", "[^a]", "[a-b1]", "[]a]", "[^]a]", "[a-]", r"\d", r"\D", r"\w", r"\W",
        r"\s", r"\S", r"\n", r"[\d.]", r"[\-b]",
    ]
)  # fmt: skip
TIMES = st.sampled_from(["", "*", "+", "?", "*?", "+?", "??", "{2}", "{0}", "{1,2}", "{0,2}?", "{2,}", "{0,}"])


def grown(smaller: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Groups, choices, repetitions and sequences of expressions that are there already."""
    return st.one_of(
        st.tuples(st.sampled_from(["(", "(?:"]), smaller, TIMES).map(lambda row: f"{row[0]}{row[1]}){row[2]}"),
        st.tuples(smaller, smaller).map("|".join),
        st.tuples(smaller, smaller).map("".join),
        smaller.map(lambda one: f"(|{one})"),
    )


EXPRESSIONS = st.recursive(st.tuples(ATOMS, TIMES).map("".join), grown, max_leaves=6)


@given(EXPRESSIONS, st.lists(st.text(ALPHABET, max_size=6), min_size=1, max_size=10), st.booleans())
def test_a_text_fits_where_python_says_so(expression: str, texts: list[str], ignores_case: bool) -> None:
    written = f"(?i){expression}" if ignores_case else expression
    understood = compiled(written)
    for text in texts:
        expected = re.fullmatch(written, text, re.DOTALL | re.ASCII) is not None
        assert understood.fits(text) is expected, text


MANY_SIGNS = "".join(chr(0x4E00 + number) for number in range(LONGEST_EXPRESSION - 20))


@pytest.mark.parametrize(
    ("expression", "texts"),
    [
        ("", [""]),
        ("a||b", ["a", "", "b"]),
        (r"10\.0\.0\.1:9100|x\|y", ["10.0.0.1:9100", "x|y"]),
        ("^api-.*$", ["api-", "api-x\ny"]),
        ("^(?:a|b)$", ["a", "b"]),
        ("(?i)Straße-[a-c]", ["STRAßE-B", "straße-a"]),
        ("[\\]\\\\]", ["]", "\\"]),
        ("a}]", ["a}]"]),
    ],
)
def test_what_people_write_is_understood(expression: str, texts: list[str]) -> None:
    understood = compiled(expression)
    assert [text for text in texts if not understood.fits(text)] == []
    assert not understood.fits("something else")


@pytest.mark.parametrize(
    "expression",
    [
        "(", "a)", "(a", "*a", "+", "a**", "a+*", "a{2}{3}", "a{3,2}", "a{", "a{x}", "a{1,x}", "a{,2}", "a{99999}", "a{1.5}",
        "[", "[]", "[a", "[b-a]", "\\", "[\\", r"\b", r"\1", r"\p", r"[\q]", "(?=a)", "(?!a)", "(?<=a)", "(?P<n>a)", "a(?i)b",
        "a^", "a$b", "{",
    ],
)  # fmt: skip
def test_what_has_no_meaning_is_refused_and_said_where(expression: str) -> None:
    with pytest.raises(InvalidInput, match="character"):
        compiled(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "a" * LONGEST_EXPRESSION + "b",
        "." * (MOST_PLACES + 1),
        f".{{{MOST_PLACES + 1}}}",
        "(.{20}){20}",
        "(" * (DEEPEST + 1) + "a" + ")" * (DEEPEST + 1),
        "(((){200}){200}){200}",
        "((((.*)*)*){100}){100}",
        "(()|()|()|()){200}" * 100,
        "((" + "|" * 1970 + "){180}){10}",
        ".*[" + MANY_SIGNS + "]{199}",
    ],
)
def test_what_asks_for_too_much_is_refused_at_once(expression: str) -> None:
    with pytest.raises(InvalidInput):
        compiled(expression)


def test_the_largest_expressions_are_understood() -> None:
    assert compiled("." * MOST_PLACES).fits("x" * MOST_PLACES)
    assert compiled("(" * DEEPEST + "a+" + ")" * DEEPEST).fits("aa")
    words = "|".join(f"w{n}" for n in range(380))
    assert len(words) <= LONGEST_EXPRESSION
    assert compiled(words).fits("w379")
    assert not compiled(words).fits("w380")


def test_a_text_that_is_too_long_fits_nothing() -> None:
    anything = compiled("(.|\n)*")
    assert anything.fits("x" * LONGEST_TEXT)
    assert not anything.fits("x" * (LONGEST_TEXT + 1))
    assert not compiled("x" * 300).fits("x" * 300)


@pytest.mark.parametrize(
    "expression", ["(a*)*b", "(a|a)*b", "(a|ab)*c", "(.*.*.*.*)*x", "(a?){90}a{90}", "(a|b)*a[ab]{190}"]
)
def test_hostile_expressions_take_no_more_steps_than_they_say(expression: str) -> None:
    understood = compiled(expression)
    text = "ab" * (LONGEST_TEXT // 2)
    understood.fits(text)
    assert len(understood._steps) < len(text)
    assert understood.work(text) <= LONGEST_TEXT * MOST_PLACES + 1


def test_ranges_in_brackets_count_as_steps_and_single_signs_do_not() -> None:
    text = "x" * LONGEST_TEXT
    assert compiled("[abcxyz]{20}").work(text) == compiled("x{20}").work(text)
    assert compiled("[a-cx-z]{20}").work(text) > 2 * compiled("x{20}").work(text)


def test_what_an_expression_remembers_is_bounded_and_never_wrong() -> None:
    understood = compiled(".*x.{3}")
    for number in range(3 * MOST_REMEMBERED):
        text = f"{chr(0x4E00 + number)}x{number % 1000:03d}"
        assert understood.fits(text)
        assert not understood.fits(f"{text}y")
    assert len(understood._fitting) <= MOST_REMEMBERED
    assert len(understood._steps) <= MOST_REMEMBERED
