"""A runbook, drafted from one incident: how it looked, what it was, what worked. Offered to people, never stored by itself.

Markdown. Everything that an alert or a person wrote is escaped, as in a postmortem. What one incident can't tell is asked for.
"""

from collections.abc import Iterator, Sequence

from sre_copilot.domain.hypotheses import CandidateKind, Evidence, Feedback, Hypothesis
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.learning import named_by
from sre_copilot.domain.outcomes import OutcomeResult
from sre_copilot.domain.postmortem import Record, Tried, said

MOST_SYMPTOMS = 10
MOST_CHECKS = 5
INTRODUCTION = (
    "A draft from one incident. Read it, correct it, and save it as a runbook if it would help the next person; nothing "
    "of it is stored until somebody does."
)


def runbook_draft(record: Record) -> str:
    """Return the runbook as Markdown, the same for the same record."""
    incident = record.incident
    cause = confirmed_of(record)
    parts = (
        [f"# {said(incident.title)}", "", INTRODUCTION, "", f"Services: {', '.join(_services(incident, cause))}", ""],
        _symptoms(record),
        _cause(incident, cause),
        _checks(cause, record.hypotheses),
        _what_worked(incident, record.tried),
        ["## Verify", "", "* How do we see that it is over? Name the graph and the value.", ""],
        ["## Afterwards", "", "* What keeps this from happening again?"],
    )
    return "\n".join(text for part in parts for text in part) + "\n"


def confirmed_of(record: Record) -> Hypothesis | None:
    """The hypothesis that people confirmed: the one that the root cause names, else the one that was accepted."""
    named = named_by(record.incident.root_cause, record.hypotheses) if record.incident.root_cause else None
    accepted = [row for row in record.hypotheses if row.feedback is Feedback.ACCEPTED]
    return named or (accepted[0] if accepted else None)


def _services(incident: Incident, cause: Hypothesis | None) -> Sequence[str]:
    blamed = [cause.cause.subject] if cause and cause.cause.kind is not CandidateKind.HOST else []
    return [said(name) for name in dict.fromkeys([incident.service, *blamed]) if name]


def _symptoms(record: Record) -> Iterator[str]:
    yield "## Symptoms"
    yield ""
    told = dict.fromkeys((entry.service, entry.text) for entry in record.timeline if entry.kind == "signal")
    for service, text in list(told)[:MOST_SYMPTOMS]:
        yield f"* {said(service)}: {said(text)}" if service else f"* {said(text)}"
    if len(told) > MOST_SYMPTOMS:
        yield f"* ... and {len(told) - MOST_SYMPTOMS} kinds of signals more"
    if not told:
        yield "* No signal told of it. How would the next person notice?"
    yield ""


def _cause(incident: Incident, cause: Hypothesis | None) -> Iterator[str]:
    yield "## Cause"
    yield ""
    if incident.root_cause:
        yield from (f"> {said(row)}".rstrip() for row in incident.root_cause.splitlines())
    elif cause is not None:
        yield said(cause.cause.claim)
    else:
        yield "No cause is confirmed. What was it?"
    yield ""


def _checks(cause: Hypothesis | None, hypotheses: Sequence[Hypothesis]) -> Iterator[str]:
    yield "## Check first"
    yield ""
    shown = _strongest(cause.cause.supporting) if cause else []
    yield from (f"{number}. This time it showed: {said(item.summary)}" for number, item in enumerate(shown, 1))
    wrong = [row for row in hypotheses if row.feedback is Feedback.REJECTED]
    yield from (f"* It was not this: {said(row.cause.claim)}" for row in wrong)
    if not shown and not wrong:
        yield "* Where does one look to tell this cause from others?"
    yield ""


def _what_worked(incident: Incident, tried: Sequence[Tried]) -> Iterator[str]:
    yield "## Mitigate"
    yield ""
    found = False
    for result, word in ((OutcomeResult.WORKED, "Worked"), (OutcomeResult.FAILED, "Did not work")):
        for row in tried:
            for outcome in row.outcomes:
                if outcome.result is result:
                    found = True
                    notes = f" ({said(outcome.notes)})" if outcome.notes else ""
                    risk = row.recommendation.risk_level.value
                    yield f"* {word}: {said(row.recommendation.title)}, risk {risk}{notes}"
    if incident.resolution_summary:
        found = True
        yield f"* What ended it: {said(incident.resolution_summary)}"
    if not found:
        yield "* What helped? Put the step that is easiest to take back first."
    yield ""


def _strongest(evidence: Sequence[Evidence]) -> Sequence[Evidence]:
    return sorted(evidence, key=lambda item: (-item.strength, item.id))[:MOST_CHECKS]
