"""Drafting a runbook from one incident."""

from uuid import uuid4

import attrs

from sre_copilot.domain.hypotheses import Feedback
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.outcomes import Outcome, OutcomeResult
from sre_copilot.domain.postmortem import Record, Tried
from sre_copilot.domain.runbook_draft import MOST_SYMPTOMS, confirmed_of, runbook_draft
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

INCIDENT = make_incident(uuid4(), title="Checkout is slow", state=State.LEARNED)
DIAGNOSIS = make_diagnosis(make_snapshot(INCIDENT))
FIRST = make_hypothesis(DIAGNOSIS)
SECOND = make_hypothesis(DIAGNOSIS, rank=2, cause=make_cause(subject="payments", claim="It begins in payments itself."))
SIGNAL = TimelineEntry(at=BEGINNING, kind="signal", text="HighLatency: p99 over 2 s", service="checkout")


def tried(result: OutcomeResult, notes: str) -> Tried:
    row = make_recommendation(INCIDENT)
    outcome = Outcome(
        id=uuid4(), recommendation_id=row.id, incident_id=INCIDENT.id, result=result, at=BEGINNING, notes=notes
    )
    return Tried(recommendation=row, outcomes=(outcome,))


def test_it_tells_how_it_looked_what_it_was_and_what_worked() -> None:
    record = Record(
        incident=attrs.evolve(INCIDENT, root_cause="The pool of payments", resolution_summary="Rolled back"),
        timeline=(SIGNAL, SIGNAL),
        hypotheses=(attrs.evolve(FIRST, feedback=Feedback.REJECTED), SECOND),
        tried=(tried(OutcomeResult.FAILED, "no change"), tried(OutcomeResult.WORKED, "at once")),
    )
    text = runbook_draft(record)
    assert text == runbook_draft(record)
    assert text.startswith("# Checkout is slow\n")
    assert "Services: checkout, payments" in text
    assert text.count("HighLatency: p99 over 2 s") == 1
    assert "> The pool of payments" in text
    assert "1. This time it showed: Latency rose from 0.2 s to 2.5 s" in text
    assert "It was not this: checkout is the origin" in text
    assert text.index("* Worked: Roll back checkout, risk medium (at once)") < text.index("* Did not work: Roll back")
    assert "* What ended it: Rolled back" in text


def test_what_is_not_on_record_is_asked_for_and_never_made_up() -> None:
    text = runbook_draft(Record(incident=INCIDENT, hypotheses=(FIRST,)))
    for question in ("How would the next person notice?", "What was it?", "Where does one look", "What helped?"):
        assert question in text
    assert "This time it showed" not in text


def test_the_root_cause_says_which_hypothesis_was_right_before_what_was_accepted() -> None:
    accepted = attrs.evolve(FIRST, feedback=Feedback.ACCEPTED)
    assert confirmed_of(Record(incident=INCIDENT, hypotheses=(accepted, SECOND))) == accepted
    named = attrs.evolve(INCIDENT, root_cause="payments")
    assert confirmed_of(Record(incident=named, hypotheses=(accepted, SECOND))) == SECOND
    assert confirmed_of(Record(incident=INCIDENT, hypotheses=(FIRST, SECOND))) is None


def test_what_others_wrote_stays_text_and_a_storm_stays_short() -> None:
    hostile = attrs.evolve(INCIDENT, title="# <script>", root_cause="[a](javascript:b)\n# c")
    entries = tuple(attrs.evolve(SIGNAL, text=f"kind {number}") for number in range(MOST_SYMPTOMS + 5))
    text = runbook_draft(Record(incident=hostile, timeline=entries))
    assert "# \\# \\<script\\>" in text
    assert "> \\[a\\]\\(javascript:b\\)\n> \\# c" in text
    assert "* ... and 5 kinds of signals more" in text
