"""What people read: one sentence per happening, whatever an alert has in it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.outbound import AdviceFacts, CauseFacts, Event, Happening
from sre_copilot.domain.signals import Severity
from sre_copilot.domain.telling import details, facts, headline, line, sentence, short_id, tidy
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.outbound import make_facts, make_happening

FACTS = make_facts(
    id=UUID("0198c5d2-7a3e-7b1c-9f00-1c2d3e4f5a6b"),
    service="checkout",
    title="Latency of checkout is high",
    severity=Severity.CRITICAL,
    state=State.ACKNOWLEDGED,
)
RESOLVED = attrs.evolve(FACTS, state=State.RESOLVED, resolution="false_alarm", resolved_at=BEGINNING)

SENTENCES: list[tuple[Event, Mapping[str, Any], Mapping[str, Any], str]] = [
    (Event.OPENED, {"text": "HighLatency on checkout"}, {}, "Critical incident opened: HighLatency on checkout"),
    (Event.OPENED, {"text": "declared by hand"}, {"declared": True}, "Critical incident declared by Ada"),
    (Event.STATE_CHANGED, {"text": "on it"}, {}, "Acknowledged by Ada, was detected: on it"),
    (Event.SEVERITY_CHANGED, {"before": "high"}, {}, "Severity high → critical, by Ada"),
    (Event.ASSIGNED, {}, {"assignee": "Grace"}, "Assigned to Grace by Ada"),
    (Event.ASSIGNED, {}, {}, "Assigned to nobody, by Ada"),
    (Event.NOTED, {"text": "rolled\nback"}, {}, "Ada notes: rolled back"),
    (
        Event.MERGED,
        {"text": "Disk is full (2 signals)"},
        {},
        "Ada merged another incident into it: Disk is full (2 signals)",
    ),
    (Event.SIGNALS_MOVED, {"text": "1 signal to Disk is full"}, {}, "Ada moved signals: 1 signal to Disk is full"),
    (Event.HYPOTHESES_READY, {"convincing": True}, {}, "Likely causes"),
    (Event.HYPOTHESES_READY, {"convincing": False}, {}, "No cause convinces yet"),
    (Event.RECOMMENDATIONS_READY, {}, {}, "What to do"),
    (Event.RECOMMENDATION_DECIDED, {"decision": "accepted", "text": "Roll back"}, {}, "Ada accepted: Roll back"),
]


@pytest.mark.parametrize(("event", "said", "stands", "expected"), SENTENCES)
def test_each_happening_has_its_sentence(
    event: Event, said: Mapping[str, Any], stands: Mapping[str, Any], expected: str
) -> None:
    happening = make_happening(event, **{"by": "Ada", **said})
    assert sentence(happening, attrs.evolve(FACTS, **stands)) == expected


def test_every_event_has_a_sentence() -> None:
    for event in Event:
        assert sentence(make_happening(event), FACTS)


def test_an_end_says_how_and_whether_anybody_did_it() -> None:
    by_itself = make_happening(by="SRE Copilot", automated=True, before="detected")
    assert sentence(by_itself, RESOLVED) == "Resolved (false alarm) by itself, was detected"


def test_causes_are_told_with_their_interval_and_what_speaks_for_them() -> None:
    first = CauseFacts(
        hypothesis_id=UUID(int=1),
        rank=1,
        kind="change",
        claim="Deploy of checkout",
        lower=0.41,
        primary=0.62,
        upper=0.78,
        evidence=("errors rose 3 min after it",),
    )
    advice = AdviceFacts(
        recommendation_id=UUID(int=2),
        rank=1,
        title="Roll back",
        rationale="",
        risk="low",
        reversibility="instant",
    )
    ranked = make_happening(Event.HYPOTHESES_READY, causes=(first,), checks=("p99 of checkout (checkout)",))
    assert details(ranked) == (
        "1. Deploy of checkout: 62% (41% to 78%)",
        "   errors rose 3 min after it",
        "What would tell most:",
        "   p99 of checkout (checkout)",
    )
    advised = make_happening(Event.RECOMMENDATIONS_READY, advice=(advice,))
    assert details(advised) == ("1. Roll back (risk low, instant to take back)",)


def test_an_incident_is_named_by_service_title_and_the_end_of_its_id() -> None:
    assert headline(FACTS) == "checkout: Latency of checkout is high"
    assert headline(attrs.evolve(FACTS, title="Checkout answers 500")) == "Checkout answers 500"
    assert short_id(FACTS) == "3e4f5a6b"
    assert ("Resolution", "false alarm") in facts(RESOLVED)
    assert "Assigned to" not in dict(facts(FACTS))


@given(st.text(max_size=400))
def test_no_text_brings_a_control_character_or_a_mark_of_direction(text: str) -> None:
    happening = Happening(event=Event.NOTED, at=BEGINNING, by=text, text=text)
    said = sentence(happening, attrs.evolve(FACTS, title=text, service=text)) + headline(
        attrs.evolve(FACTS, title=text)
    )
    assert not [
        mark for mark in said if not mark.isprintable() and mark in "\x00\x07\x1b\n\r\x85\u202e\u200f\u2066\ufeff"
    ]
    assert "\n" not in said


def test_long_texts_are_cut_and_say_so() -> None:
    assert tidy("x" * 30, most=10) == "x" * 9 + "…"
    assert line("a\n\n  b\u202ec") == "a b c"
    assert tidy(" a\r\nb\x1b[31m ") == "a\nb [31m"
