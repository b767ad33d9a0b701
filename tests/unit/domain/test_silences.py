"""Silences: what their matchers hold for, when they are in force, and what is refused."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.expressions import LONGEST_TEXT
from sre_copilot.domain.signals import Environment, Severity
from sre_copilot.domain.silences import (
    LONGEST_VALUE,
    MOST_MATCHERS,
    Matcher,
    Operator,
    SilenceState,
    checked_matchers,
    facts_of,
    read_matchers,
    silence_of,
)
from sre_copilot.testing.builders import make_draft, make_integration, make_signal, make_tenant
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.silences import HOUR, make_silence

FACTS = {
    "service": ("checkout",),
    "severity": ("critical", "page"),
    "empty": ("",),
    "long": ("x" * (LONGEST_TEXT + 1),),
}
NAMES = st.text(st.characters(exclude_characters='=!~{},"', exclude_categories=("Z", "C")), min_size=1, max_size=8)
MATCHERS = st.builds(Matcher, NAMES, st.sampled_from(Operator), st.text(max_size=12))


@pytest.mark.parametrize(
    ("written", "holds"),
    [
        ("service=checkout", True),
        ("service=Checkout", False),
        ("service=check", False),
        ("service!=checkout", False),
        ("service!=search", True),
        ("service=~check.*", True),
        ("service=~check", False),
        ("service=~search|checkout", True),
        ("service!~check.*", False),
        ("service!~search|mail", True),
        ("severity=page", True),
        ("severity=critical", True),
        ("severity!=page", False),
        ("severity!=low", True),
        ("severity!~p.*", False),
        ("team=", True),
        ("team!=", False),
        ("team=~.*", True),
        ("team=~.+", False),
        ("team!~.+", True),
        ("team!=search", True),
        ("empty=", True),
        ("empty!=", False),
        ("long=~x+", False),
        ("long!~y", False),
        ("long!=y", True),
        (f"long={'x' * (LONGEST_TEXT + 1)}", True),
    ],
)
def test_a_matcher_holds(written: str, holds: bool) -> None:
    (matcher,) = read_matchers(written)
    assert matcher.holds(FACTS) is holds


@given(MATCHERS)
def test_a_negative_matcher_holds_exactly_where_the_positive_one_does_not(matcher: Matcher) -> None:
    opposite = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}[matcher.operator]
    other = Matcher(matcher.name, Operator(opposite), matcher.value)
    for facts in ({}, {matcher.name: (matcher.value,)}, {matcher.name: ("a", "b")}):
        try:
            held = matcher.holds(facts)
        except InvalidInput:
            return
        assert other.holds(facts) is not held


@given(st.lists(MATCHERS, min_size=1, max_size=5))
def test_matchers_read_back_as_they_are_written(matchers: list[Matcher]) -> None:
    written = ", ".join(map(str, matchers))
    assert list(read_matchers(written)) == matchers
    assert list(read_matchers(f" {{{written}}} ")) == matchers


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("service = checkout , team!=a b", ["checkout", "a b"]),
        (r'instance=~"10\\.0\\.0\\.1:9100"', [r"10\.0\.0\.1:9100"]),
        (r"instance=~10\.0\.0\.1:9100", [r"10\.0\.0\.1:9100"]),
        ('a="x,y{z}",', ["x,y{z}"]),
        ("a=", [""]),
        ("", []),
        ("{}", []),
    ],
)
def test_matchers_are_read_as_alertmanager_has_them_and_without_quotes(written: str, values: list[str]) -> None:
    assert [matcher.value for matcher in read_matchers(written)] == values


@pytest.mark.parametrize(
    "written", ["service", "service==x", "=x", "a=b}", 'a="b', 'a="b"c', "a=b,,", "a~b", 'a=x"y"', "a b=c"]
)
def test_what_is_no_matcher_is_refused(written: str) -> None:
    with pytest.raises(InvalidInput, match="no matcher"):
        read_matchers(written)


@pytest.mark.parametrize(
    ("matchers", "why"),
    [
        ((), "1 to"),
        (tuple(Matcher(f"n{n}", Operator.EQUAL, "x") for n in range(MOST_MATCHERS + 1)), "1 to"),
        (read_matchers("service=~.*"), "everything"),
        (read_matchers("service!=nobody,team="), "everything"),
        (read_matchers("service=~(,team=x"), "regular expression"),
        ((Matcher(" ", Operator.EQUAL, "x"),), "name"),
        ((Matcher("a\x00", Operator.EQUAL, "x"),), "NUL"),
        ((Matcher("a", Operator.EQUAL, "x\ud800"),), "surrogate"),
        ((Matcher("a" * 256, Operator.EQUAL, "x"),), "name"),
        ((Matcher("a", Operator.EQUAL, "x" * (LONGEST_VALUE + 1)),), "value"),
    ],
)
def test_matchers_that_can_not_be_used_are_refused(matchers: tuple[Matcher, ...], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        checked_matchers(matchers)


def test_one_matcher_that_asks_for_something_is_enough_and_each_counts_once() -> None:
    matchers = read_matchers("service=checkout,severity!=critical,service=checkout")
    assert checked_matchers(matchers) == matchers[:2]


def test_a_silence_is_in_force_from_its_start_until_before_its_end() -> None:
    silence = make_silence(starts_at=BEGINNING, ends_at=BEGINNING + HOUR)
    tick = timedelta(microseconds=1)
    stands = {
        BEGINNING - tick: "pending",
        BEGINNING: "active",
        BEGINNING + HOUR - tick: "active",
        BEGINNING + HOUR: "expired",
    }
    assert {at: silence.stands(at).value for at in stands} == stands


def test_a_silence_that_was_ended_is_over_and_can_not_be_ended_again() -> None:
    ada, grace = UUID(int=1), UUID(int=2)
    silence = make_silence()
    ended = silence.ended(ada, BEGINNING)
    assert (ended.stands(BEGINNING), ended.ended_at, ended.ended_by) == (SilenceState.EXPIRED, BEGINNING, ada)
    assert ended.ended(grace, BEGINNING) is ended
    assert silence.ended(grace, BEGINNING + HOUR) is silence
    called_off = silence.ended(ada, BEGINNING - HOUR)
    assert called_off.stands(BEGINNING) is SilenceState.EXPIRED


def test_all_matchers_of_a_silence_have_to_hold_and_the_first_silence_wins() -> None:
    both = make_silence(matchers=read_matchers("service=~check.*,severity=page"))
    one = make_silence(matchers=read_matchers("service=~check.*,severity=low"))
    assert both.silences(FACTS)
    assert not one.silences(FACTS)
    again = make_silence(matchers=both.matchers)
    assert silence_of([one, both, again], FACTS) is both
    assert silence_of([one], FACTS) is None
    assert silence_of([], FACTS) is None


def test_where_looking_takes_too_long_people_are_told() -> None:
    hostile = [make_silence(matchers=read_matchers(f"service=~.*{n}.*")) for n in range(10)]
    fitting = make_silence(matchers=read_matchers("service=~check.+"))
    assert silence_of([*hostile, fitting], FACTS) is fitting
    assert silence_of([*hostile, fitting], FACTS, most_work=100) is None
    plain = make_silence(matchers=read_matchers("service=checkout"))
    elsewhere = [make_silence(matchers=read_matchers(f"team=a,service=~.*{n}.*")) for n in range(10)]
    assert silence_of([*elsewhere, plain], FACTS, most_work=100) is plain


def test_matchers_see_fields_labels_and_the_vendors_own_words() -> None:
    integration = make_integration(make_tenant().id, name="our alerts")
    draft = make_draft(
        name="DiskFull",
        service="checkout",
        severity=Severity.HIGH,
        severity_word="page",
        environment=Environment.PRODUCTION,
        environment_word="prd",
        labels={"service": "checkout-svc", "team": "shop", "severity": "page"},
    )
    signal = make_signal(integration, draft=draft)
    facts = facts_of(signal, integration)
    assert facts == {
        "team": ("shop",),
        "service": ("checkout-svc", "checkout"),
        "severity": ("page", "high"),
        "environment": ("production", "prd"),
        "name": ("DiskFull",),
        "alertname": ("DiskFull",),
        "integration": (signal.source, str(integration.id), "our alerts"),
    }
    assert facts_of(signal)["integration"] == (signal.source, str(integration.id))
