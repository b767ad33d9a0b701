"""A postmortem, drafted from what is on record: what happened, not who did it.

Markdown. Everything that an alert or a person wrote is escaped, so that it stays text whatever it holds. Nothing is in it
that is not on record; what only people can say is asked for.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import attrs

from sre_copilot.domain.hypotheses import Evidence, Feedback, Hypothesis
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.outcomes import Outcome
from sre_copilot.domain.recommendations import Recommendation
from sre_copilot.domain.telling import line, tidy
from sre_copilot.domain.timeline import TimelineEntry

MOST_ENTRIES = 200
"""Lines of the timeline; of the rest it is said how many they are."""
MOST_REASONS = 5
"""Evidence items for and against that a cause is told with, each."""
LONG = 4_000
"""Characters of what people wrote as a text of its own; more is cut."""
_MARKS = re.compile(r"([\\`*_{}\[\]()<>#|~!&@])")
INTRODUCTION = (
    "A draft from what is on record, without blame: it says what happened, not who did it. Correct it, and answer the "
    "questions at its end."
)
QUESTIONS = (
    "What went well, and should be kept?",
    "What made it harder to notice, to understand or to mend this than it had to be?",
    "Where were we lucky?",
    "What will change, until when, and how will we see that it helps?",
)


@attrs.frozen(kw_only=True)
class Tried:
    """A recommendation that people decided, and what they said came of it, by time."""

    recommendation: Recommendation
    outcomes: tuple[Outcome, ...] = ()


@attrs.frozen(kw_only=True)
class Record:
    """What is on record of an incident. `timeline` is by time and names nobody; `hypotheses` are the latest, by rank."""

    incident: Incident
    timeline: tuple[TimelineEntry, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    tried: tuple[Tried, ...] = ()


def draft(record: Record) -> str:
    """Return the postmortem as Markdown, the same for the same record."""
    incident = record.incident
    parts = (
        [f"# Postmortem: {said(incident.title)}", ""],
        [
            INTRODUCTION,
            "",
        ],
        _summary(incident),
        _cause(incident, record.hypotheses),
        _actions(record.tried),
        _timeline(record.timeline),
        ["## What we learn", "", *(f"* {question}" for question in QUESTIONS)],
    )
    return "\n".join(text for part in parts for text in part) + "\n"


def said(text: str) -> str:
    """Return what somebody wrote on one line, and as nothing but text in Markdown."""
    return _MARKS.sub(r"\\\1", line(text))


def _quoted(text: str) -> Iterator[str]:
    """What somebody wrote at length, as a quotation."""
    for row in tidy(text, most=LONG).split("\n"):
        yield f"> {said(row)}".rstrip()


def _summary(incident: Incident) -> Iterator[str]:
    yield "## What happened"
    yield ""
    if incident.resolution_summary:
        yield from _quoted(incident.resolution_summary)
        yield ""
    yield "| | |"
    yield "| --- | --- |"
    for name, told in _facts(incident):
        yield f"| {name} | {told} |"
    yield ""


def _facts(incident: Incident) -> Iterator[tuple[str, str]]:
    yield "Service", f"{said(incident.service)} ({incident.environment.value})"
    yield "Severity", incident.severity.value
    yield "Detected", _when(incident.detected_at)
    if incident.acknowledged_at is not None:
        how = f"after {_lasted(incident.mtta_seconds)}" if incident.acknowledged_by_person else "automatically"
        yield "Acknowledged", f"{_when(incident.acknowledged_at)}, {how}"
    if incident.mitigated_at is not None:
        taken = (incident.mitigated_at - incident.detected_at).total_seconds()
        yield "Mitigated", f"{_when(incident.mitigated_at)}, after {_lasted(taken)}"
    if incident.resolved_at is not None:
        resolution = f", {incident.resolution.value.replace('_', ' ')}" if incident.resolution else ""
        by_itself = ", by itself" if incident.resolved_automatically else ""
        how = f"after {_lasted(incident.mttr_seconds)}{resolution}{by_itself}"
        yield "Resolved", f"{_when(incident.resolved_at)}, {how}"
    else:
        yield "State", incident.state.value
    if incident.reopen_count:
        yield "Reopened", f"{incident.reopen_count} times" if incident.reopen_count > 1 else "once"
    if incident.impact.description:
        yield "Impact", said(incident.impact.description)
    if incident.impact.affected_user_count is not None:
        yield "Users affected", f"{incident.impact.affected_user_count:,}"
    yield "Service level", "breached" if incident.impact.slo_breached else "not reported as breached"


def _cause(incident: Incident, hypotheses: Sequence[Hypothesis]) -> Iterator[str]:
    yield "## Why it happened"
    yield ""
    if incident.root_cause:
        yield from _quoted(incident.root_cause)
    else:
        yield "No cause is confirmed yet."
    yield ""
    leading = next(
        (row for row in hypotheses if row.feedback is Feedback.ACCEPTED), hypotheses[0] if hypotheses else None
    )
    if leading is None:
        return
    judged = "accepted by a person" if leading.feedback is Feedback.ACCEPTED else "not confirmed"
    yield f"The diagnosis said: {said(leading.cause.claim)} ({_sure(leading)}; {judged})."
    yield ""
    yield from _reasons("For it", leading.cause.supporting)
    yield from _reasons("Against it", leading.cause.contradicting)
    others = [row for row in hypotheses if row is not leading]
    if others:
        yield "What else was considered:"
        yield ""
        for row in others:
            word = f", {row.feedback.value} by a person" if row.feedback is not None else ""
            yield f"* {said(row.cause.claim)} ({_sure(row)}{word})"
        yield ""


def _reasons(title: str, evidence: Sequence[Evidence]) -> Iterator[str]:
    strongest = sorted(evidence, key=lambda item: (-item.strength, item.id))
    if strongest:
        yield f"{title}:"
        yield ""
        yield from (f"* {said(item.summary)}" for item in strongest[:MOST_REASONS])
        yield ""


def _actions(tried: Sequence[Tried]) -> Iterator[str]:
    yield "## What was tried"
    yield ""
    if not tried:
        yield "Nothing that was recommended is on record as decided; the timeline has what people noted."
        yield ""
        return
    yield "| when | what | decided | what came of it |"
    yield "| --- | --- | --- | --- |"
    for row in tried:
        action = row.recommendation
        at = _when(action.status_updated_at or action.created_at)
        outcome = "; ".join(_outcome(one) for one in row.outcomes)
        yield f"| {at} | {said(action.title)} | {action.status.value} | {outcome} |"
    yield ""


def _outcome(outcome: Outcome) -> str:
    return f"{outcome.result.value}: {said(outcome.notes)}" if outcome.notes else outcome.result.value


def _timeline(entries: Sequence[TimelineEntry]) -> Iterator[str]:
    yield "## Timeline (UTC)"
    yield ""
    rows = _together(entries)
    for first, count, last in rows[:MOST_ENTRIES]:
        where = f"{said(first.service)}: " if first.service else ""
        again = f" ({count} times until {_when(last.at)})" if count > 1 else ""
        yield f"* {_when(first.at)} {first.kind}: {where}{said(first.text)}{again}"
    left = len(rows) - MOST_ENTRIES
    if left > 0:
        yield f"* ... and {left:,} more, which the incident's timeline has."
    yield ""


def _together(entries: Iterable[TimelineEntry]) -> list[tuple[TimelineEntry, int, TimelineEntry]]:
    """(first, how many, last) of entries that say the same, by the time of the first: a storm is one line."""
    found: dict[tuple[str, str, str], tuple[TimelineEntry, int, TimelineEntry]] = {}
    for place, entry in enumerate(entries):
        # What people did and wrote is never the same twice.
        alone = "" if entry.kind in ("signal", "resolve") else str(place)
        key = (f"{entry.kind}{alone}", entry.service, entry.text)
        first, count, _ = found.get(key, (entry, 0, entry))
        found[key] = (first, count + 1, entry)
    return list(found.values())


def _sure(hypothesis: Hypothesis) -> str:
    sure = hypothesis.cause.confidence
    return f"{sure.primary:.0%}, between {sure.lower:.0%} and {sure.upper:.0%}"


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _lasted(seconds: float | None) -> str:
    """A duration in its two largest units."""
    left = round(seconds or 0)
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    told: list[str] = []
    for name, size in units:
        count, left = divmod(left, size)
        if count:
            told.append(f"{count} {name}")
    return " ".join(told[:2]) or "0 s"
