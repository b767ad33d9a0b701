"""Who is told what: each rule by itself, several together, and names with stars."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.outbound import Event
from sre_copilot.domain.routing import MOST_GLOBS, Routed, Target, checked_globs, fits, recipients, route
from sre_copilot.domain.signals import Environment, Severity
from sre_copilot.testing.outbound import make_facts, make_rule

OPS, CHAT = UUID(int=1), UUID(int=2)
FACTS = make_facts(
    service="checkout-api", environment=Environment.PRODUCTION, severity=Severity.HIGH, state=State.ACKNOWLEDGED
)
EVENT = Event.STATE_CHANGED

RULES: list[tuple[Mapping[str, Any], Routed]] = [
    ({}, Routed.TOLD),
    ({"services": ("checkout-api",)}, Routed.TOLD),
    ({"services": ("pay*", "Check*")}, Routed.TOLD),
    ({"services": ("checkout",)}, Routed.OTHER_SERVICE),
    ({"minimum_severity": Severity.HIGH}, Routed.TOLD),
    ({"minimum_severity": Severity.CRITICAL}, Routed.LESS_SEVERE),
    ({"states": frozenset({State.ACKNOWLEDGED, State.RESOLVED})}, Routed.TOLD),
    ({"states": frozenset({State.RESOLVED})}, Routed.OTHER_STATE),
    ({"events": frozenset({Event.STATE_CHANGED})}, Routed.TOLD),
    ({"events": frozenset({Event.OPENED, Event.NOTED})}, Routed.OTHER_EVENT),
    ({"environments": frozenset({Environment.PRODUCTION})}, Routed.TOLD),
    ({"environments": frozenset({Environment.STAGING})}, Routed.OTHER_ENVIRONMENT),
    ({"is_active": False}, Routed.INACTIVE),
]


@pytest.mark.parametrize(("says", "expected"), RULES)
def test_a_rule_tells_what_fits_all_of_it_and_says_why_it_does_not(says: Mapping[str, Any], expected: Routed) -> None:
    assert route(make_rule(OPS, **says), EVENT, FACTS) is expected
    assert expected.tells is (expected is Routed.TOLD)


@pytest.mark.parametrize("says", [{"minimum_severity": Severity.CRITICAL}, {"states": frozenset({State.DETECTED})}])
def test_who_has_heard_of_an_incident_hears_how_it_goes_on_whatever_became_of_severity_and_state(
    says: Mapping[str, Any],
) -> None:
    rule = make_rule(OPS, **says)
    assert route(rule, EVENT, FACTS, told={Target(OPS)}) is Routed.TOLD_BEFORE
    assert Routed.TOLD_BEFORE.tells
    assert not route(rule, EVENT, FACTS, told={Target(CHAT), Target(OPS, "#other")}).tells


@pytest.mark.parametrize(
    "says", [{"events": frozenset({Event.OPENED})}, {"services": ("payments",)}, {"is_active": False}]
)
def test_what_was_asked_not_to_be_told_is_not_told_whoever_has_heard_before(says: Mapping[str, Any]) -> None:
    assert not route(make_rule(OPS, **says), EVENT, FACTS, told={Target(OPS)}).tells


def test_what_was_said_at_a_target_is_not_said_there_again() -> None:
    rules = [make_rule(OPS), make_rule(OPS, target=Target(OPS, "#other"))]
    assert route(rules[0], Event.NOTED, FACTS, said_at=Target(OPS)) is Routed.SAID_THERE
    assert recipients(rules, Event.NOTED, FACTS, said_at=Target(OPS)) == (Target(OPS, "#other"),)


def test_with_no_rule_nobody_is_told() -> None:
    assert recipients([], EVENT, FACTS) == ()


def test_a_target_gets_one_message_however_many_rules_lead_to_it() -> None:
    rules = [make_rule(CHAT), make_rule(OPS), make_rule(OPS), make_rule(OPS, target=Target(OPS, "#sre"))]
    assert recipients(rules, EVENT, FACTS) == (Target(OPS), Target(OPS, "#sre"), Target(CHAT))


@given(
    st.permutations([make_rule(UUID(int=number % 3 + 1), **says) for number, (says, _) in enumerate(RULES)]),
    st.sampled_from(list(Event)),
)
def test_the_order_of_rules_makes_no_difference(rules: list[Any], event: Event) -> None:
    assert recipients(rules, event, FACTS) == recipients(sorted(rules, key=lambda rule: rule.name), event, FACTS)


@given(st.text("ab*?B", max_size=8), st.text("abB", max_size=10))
def test_a_star_is_any_text_and_a_question_mark_any_character(glob: str, name: str) -> None:
    parts = {"*": ".*", "?": "."}
    pattern = "".join(parts.get(character, re.escape(character.casefold())) for character in glob)
    assert fits(glob, name) is bool(re.fullmatch(pattern, name.casefold()))


def test_many_stars_take_no_time() -> None:
    assert not fits("a*" * 120 + "b", "a" * 255)


def test_globs_are_cleaned_and_bounded() -> None:
    assert checked_globs([" pay* ", "pay*", "cart"]) == ("pay*", "cart")
    for bad in ([""], ["  "], ["x" * 256], [f"service-{number}" for number in range(MOST_GLOBS + 1)], ["a\x00"]):
        with pytest.raises(InvalidInput):
            checked_globs(bad)
