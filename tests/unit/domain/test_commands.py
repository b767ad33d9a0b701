"""What people type in a chat, and what it means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.commands import HELP, STEPS, Command, Declared, Verb, declared, is_id, resolved, spoken
from sre_copilot.domain.incidents import Resolution
from sre_copilot.domain.lifecycle import TABLE
from sre_copilot.domain.signals import Severity

PART, WHOLE = "3e4f5a6b", "0198c5d2-7a3e-7b1c-9f00-1c2d3e4f5a6b"

TYPED: list[tuple[str, Verb, str, str]] = [
    ("", Verb.HELP, "", ""),
    ("help", Verb.HELP, "", ""),
    ("dance now", Verb.HELP, "", "now"),
    ("accept 3e4f5a6b", Verb.HELP, "", "3e4f5a6b"),
    ("list", Verb.LIST, "", ""),
    (f"show {PART}", Verb.SHOW, PART, ""),
    (f"  SHOW   {WHOLE.upper()} ", Verb.SHOW, WHOLE, ""),
    ("acknowledge", Verb.ACKNOWLEDGE, "", ""),
    ("acknowledge on my way", Verb.ACKNOWLEDGE, "", "on my way"),
    (f"resolve {PART} fixed: rolled back", Verb.RESOLVE, PART, "fixed: rolled back"),
    (f"note {PART} pool is at 100", Verb.NOTE, PART, "pool is at 100"),
    ("note decade", Verb.NOTE, "", "decade"),
    (f"declare checkout high {PART}", Verb.DECLARE, "", f"checkout high {PART}"),
]


@pytest.mark.parametrize(("words", "verb", "incident", "text"), TYPED)
def test_words_mean_a_verb_an_incident_and_the_rest(words: str, verb: Verb, incident: str, text: str) -> None:
    expected = Command(by="U1", verb=verb, incident=incident, text=text, channel="C1")
    assert spoken(words, by="U1", channel="C1") == expected


@given(st.text(max_size=100))
def test_any_words_mean_something(words: str) -> None:
    assert spoken(words, by="U1").verb in Verb


def test_each_verb_of_the_lifecycle_leads_where_the_table_says() -> None:
    for action, target in STEPS.values():
        assert {row[action] for row in TABLE.values() if action in row} == {target}


def test_the_help_names_every_verb_that_can_be_typed() -> None:
    assert [verb for verb in Verb if verb.value not in HELP and verb not in (Verb.HELP, Verb.ACCEPT, Verb.REJECT)] == []


@pytest.mark.parametrize(
    ("word", "expected"), [("3e4f5a", True), ("decade", False), ("3e4f5", False), ("3e4f5g", False), ("a" * 37, False)]
)
def test_an_id_is_told_from_a_word(word: str, expected: bool) -> None:
    assert is_id(word) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("checkout Carts are lost", Declared(service="checkout", severity=Severity.HIGH, title="Carts are lost")),
        (
            "checkout CRITICAL Carts are lost",
            Declared(service="checkout", severity=Severity.CRITICAL, title="Carts are lost"),
        ),
        ("checkout", None),
        ("checkout low", None),
        ("", None),
    ],
)
def test_a_declaration_needs_a_service_and_a_title(text: str, expected: Declared | None) -> None:
    assert declared(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("false_alarm it was the test", (Resolution.FALSE_ALARM, "it was the test")),
        ("fixed: rolled back", (Resolution.FIXED, "rolled back")),
        ("rolled back", (Resolution.FIXED, "rolled back")),
        ("", (Resolution.FIXED, "")),
    ],
)
def test_a_resolve_may_say_how(text: str, expected: tuple[Resolution, str]) -> None:
    assert resolved(text) == expected
