"""Drafting postmortems: what is on record is told, nothing else, and nobody is named or can write in another's place."""

from datetime import timedelta
from uuid import uuid4

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.edits import Impact, checked_address
from sre_copilot.domain.errors import ConcurrentTransition, InvalidInput
from sre_copilot.domain.hypotheses import Feedback
from sre_copilot.domain.incidents import Resolution
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.outcomes import Outcome, OutcomeResult
from sre_copilot.domain.postmortem import MOST_ENTRIES, Record, Tried, draft, said
from sre_copilot.domain.timeline import TimelineEntry
from sre_copilot.testing.builders import (
    make_cause,
    make_diagnosis,
    make_hypothesis,
    make_incident,
    make_recommendation,
    make_snapshot,
)
from sre_copilot.testing.clock import BEGINNING

MINUTE = timedelta(minutes=1)
INCIDENT = make_incident(
    uuid4(),
    title="Checkout is slow",
    state=State.RESOLVED,
    detected_at=BEGINNING,
    acknowledged_at=BEGINNING + 3 * MINUTE,
    acknowledged_by_person=True,
    mitigated_at=BEGINNING + 20 * MINUTE,
    resolved_at=BEGINNING + 95 * MINUTE,
    resolution=Resolution.FIXED,
    root_cause="A pool of 5 connections.\nIt was 50 before.",
    resolution_summary="Rolled back.",
    impact=Impact(description="no orders", affected_user_count=12_000, slo_breached=True),
)
DIAGNOSIS = make_diagnosis(make_snapshot(INCIDENT))


def test_times_are_told_with_how_long_they_took() -> None:
    told = draft(Record(incident=INCIDENT))
    assert "# Postmortem: Checkout is slow\n" in told
    assert f"| Acknowledged | {BEGINNING + 3 * MINUTE:%Y-%m-%d %H:%M:%S}, after 3 min |" in told
    assert "after 20 min |" in told
    assert "after 1 h 35 min, fixed |" in told
    assert "| Users affected | 12,000 |" in told
    assert "| Service level | breached |" in told
    assert "> A pool of 5 connections.\n> It was 50 before.\n" in told


def test_what_only_automation_acknowledged_counts_as_nobodys_response() -> None:
    told = draft(Record(incident=attrs.evolve(INCIDENT, acknowledged_by_person=False)))
    assert ", automatically |" in told


def test_without_a_confirmed_cause_the_diagnosis_is_told_as_unconfirmed() -> None:
    hypothesis = make_hypothesis(DIAGNOSIS, cause=make_cause(claim="payments is slow itself"))
    told = draft(Record(incident=attrs.evolve(INCIDENT, root_cause=""), hypotheses=(hypothesis,)))
    assert "No cause is confirmed yet." in told
    assert "The diagnosis said: payments is slow itself (" in told
    assert "; not confirmed)." in told


def test_the_hypothesis_that_a_person_accepted_is_told_before_the_first() -> None:
    first = make_hypothesis(DIAGNOSIS, rank=1, cause=make_cause(claim="the first"), feedback=Feedback.REJECTED)
    second = make_hypothesis(DIAGNOSIS, rank=2, cause=make_cause(claim="the second"), feedback=Feedback.ACCEPTED)
    told = draft(Record(incident=INCIDENT, hypotheses=(first, second)))
    assert "The diagnosis said: the second (" in told
    assert "accepted by a person" in told
    assert "* the first (" in told
    assert "rejected by a person" in told


def test_what_was_tried_is_told_with_what_came_of_it() -> None:
    action = make_recommendation(INCIDENT, description="Roll back checkout\nAnd wait.")
    executed = action.accept(at=BEGINNING).execute(at=BEGINNING + MINUTE)
    outcome = Outcome(
        id=uuid4(),
        recommendation_id=action.id,
        incident_id=INCIDENT.id,
        result=OutcomeResult.WORKED,
        notes="errors | gone",
        at=BEGINNING + MINUTE,
    )
    told = draft(Record(incident=INCIDENT, tried=(Tried(recommendation=executed, outcomes=(outcome,)),)))
    assert r"| Roll back checkout | executed | worked: errors \| gone |" in told
    assert "Nothing that was recommended" in draft(Record(incident=INCIDENT))


def test_a_storm_is_one_line_and_a_long_timeline_says_what_it_leaves_out() -> None:
    storm = [
        TimelineEntry(at=BEGINNING + number * MINUTE, kind="signal", text="SlowCheckout", service="checkout")
        for number in range(3)
    ]
    notes = [TimelineEntry(at=BEGINNING + 9 * MINUTE, kind="note", text="still slow") for _ in range(MOST_ENTRIES + 4)]
    told = draft(Record(incident=INCIDENT, timeline=(*storm, *notes)))
    assert f"signal: checkout: SlowCheckout (3 times until {BEGINNING + 2 * MINUTE:%Y-%m-%d %H:%M:%S})" in told
    assert told.count("note: still slow") == MOST_ENTRIES - 1
    assert "* ... and 5 more, which the incident's timeline has." in told


@given(st.text(max_size=200))
def test_whatever_an_alert_says_stays_on_its_line_and_opens_no_markup(text: str) -> None:
    told = said(text)
    assert len(told.splitlines()) <= 1
    plain = "".join(told.split("\\\\"))
    assert not any(mark in plain.replace(f"\\{mark}", "") for mark in "`*_[]<>|@#")


def test_planted_markup_is_text() -> None:
    hostile = "x](https://evil.example.com) <script>alert(1)</script>\n# Resolved\n| a | b |"
    entry = TimelineEntry(at=BEGINNING, kind="signal", text=hostile)
    told = draft(Record(incident=attrs.evolve(INCIDENT, title=hostile), timeline=(entry,)))
    assert "\n# Resolved" not in told
    assert "](" not in told
    assert "<script>" not in told.replace("\\<", "")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://wiki.example.com/1",
        "javascript:alert(1)",
        "https://",
        "https://ada:secret@wiki.example.com/1",
        "https://wiki.example.com/a b",
        "https://wiki.example.com/\x07",
        "https://[wiki",
        "https://wiki.example.com/" + "x" * 200,
    ],
)
def test_only_an_address_that_people_can_be_sent_to_is_kept(url: str) -> None:
    with pytest.raises(InvalidInput):
        checked_address(url)


def test_publishing_counts_as_a_change_by_people() -> None:
    published = INCIDENT.published(" https://wiki.example.com/42 ", at=BEGINNING + 100 * MINUTE)
    assert (published.postmortem_url, published.version) == ("https://wiki.example.com/42", INCIDENT.version + 1)
    assert published.published(None, at=BEGINNING).postmortem_url is None
    with pytest.raises(ConcurrentTransition):
        published.published(None, at=BEGINNING, expected_version=INCIDENT.version)
