"""What happened, in sentences that people read: the same in chat, by mail and wherever else it is told.

Everything here is plain text: whoever puts it into a language of its own (mrkdwn, HTML) escapes it there. What an alert or a
person wrote comes without control characters and without marks that would show it in another order than it is.
"""

import re
from collections.abc import Iterator

from sre_copilot.domain.outbound import AdviceFacts, CauseFacts, Event, Happening, IncidentFacts

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
SHORT = 300
"""Characters of one line; longer ones are cut."""


def tidy(text: str, *, most: int = 2_000) -> str:
    """Return a text of at most `most` characters without control characters, white space at its ends, or marks of direction."""
    cleaned = _CONTROLS.sub(" ", text.replace("\r\n", "\n").replace("\t", " ")).strip()
    return cleaned if len(cleaned) <= most else f"{cleaned[: most - 1]}…"


def line(text: str, *, most: int = SHORT) -> str:
    """Return a text on one line of at most `most` characters, as `tidy` cleans it."""
    return tidy(" ".join(tidy(text, most=len(text) + 1).split()), most=most)


def short_id(incident: IncidentFacts) -> str:
    """The last 8 characters of its id, by which people name it."""
    return str(incident.id)[-8:]


def headline(incident: IncidentFacts) -> str:
    """Which incident it is, on one line: service, then title."""
    title, service = line(incident.title), line(incident.service, most=100)
    return title if title.lower().startswith(service.lower()) else f"{service}: {title}"


def sentence(happening: Happening, incident: IncidentFacts) -> str:
    """What happened, on one line."""
    by = line(happening.by, most=100) or "somebody"
    said = f": {line(happening.text)}" if happening.text else ""
    match happening.event:
        case Event.OPENED:
            opened = f"{incident.severity.value.capitalize()} incident"
            return f"{opened} declared by {by}" if incident.declared else f"{opened} opened{said}"
        case Event.STATE_CHANGED:
            how = (
                f" ({incident.resolution.replace('_', ' ')})" if incident.resolution and _is_resolved(incident) else ""
            )
            who = "by itself" if happening.automated else f"by {by}"
            return f"{incident.state.value.capitalize()}{how} {who}, was {happening.before}{said}"
        case Event.SEVERITY_CHANGED:
            return f"Severity {happening.before} → {incident.severity.value}, by {by}"
        case Event.ASSIGNED:
            return (
                f"Assigned to {line(incident.assignee, most=100)} by {by}"
                if incident.assignee
                else f"Assigned to nobody, by {by}"
            )
        case Event.NOTED:
            return f"{by} notes{said}"
        case Event.SETTLE_SUGGESTED:
            return "All its signals have ended and stayed quiet; resolve it if it is over"
        case Event.HYPOTHESES_READY:
            return "Likely causes" if happening.convincing else "No cause convinces yet"
        case Event.RECOMMENDATIONS_READY:
            return "What to do"
        case Event.RECOMMENDATION_DECIDED:
            return f"{by} {happening.decision}{said}"
        case Event.MERGED:
            return f"{by} merged another incident into it{said}"
        case Event.SIGNALS_MOVED:
            return f"{by} moved signals{said}"


def details(happening: Happening) -> tuple[str, ...]:
    """What there is to say besides the sentence, a line each: causes with their intervals, checks, advice."""
    return tuple(_details(happening))


def cause(of: CauseFacts) -> str:
    """A hypothesis with its confidence and its interval, on one line."""
    return f"{of.rank}. {line(of.claim)}: {of.primary:.0%} ({of.lower:.0%} to {of.upper:.0%})"


def advice(of: AdviceFacts) -> str:
    """A recommendation with its risk, on one line."""
    return f"{of.rank}. {line(of.title)} (risk {of.risk}, {of.reversibility} to take back)"


def facts(incident: IncidentFacts) -> tuple[tuple[str, str], ...]:
    """How the incident stands, as pairs of a name and a word."""
    pairs = (
        ("State", incident.state.value),
        ("Severity", incident.severity.value),
        ("Service", line(incident.service, most=100)),
        ("Environment", incident.environment.value),
        ("Assigned to", line(incident.assignee, most=100)),
        ("Since", incident.detected_at.strftime("%Y-%m-%d %H:%M:%S UTC")),
        ("Resolution", incident.resolution.replace("_", " ")),
    )
    return tuple((name, word) for name, word in pairs if word)


def _details(happening: Happening) -> Iterator[str]:
    for one in happening.causes:
        yield cause(one)
        yield from (f"   {line(evidence)}" for evidence in one.evidence)
    if happening.checks:
        yield "What would tell most:"
        yield from (f"   {line(check)}" for check in happening.checks)
    yield from (advice(one) for one in happening.advice)


def _is_resolved(incident: IncidentFacts) -> bool:
    return incident.resolved_at is not None and not incident.state.is_open
