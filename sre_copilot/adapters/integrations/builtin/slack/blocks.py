"""Slack's blocks: what people see. What alerts and people wrote goes into rich text only, which Slack reads nothing into.

No mention, link or formatting can come from there; the fallback text, which notifications show, is escaped besides.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sre_copilot.domain.lifecycle import Action, allowed_actions
from sre_copilot.domain.outbound import AdviceFacts, Event, Happening, IncidentFacts
from sre_copilot.domain.signals import Severity
from sre_copilot.domain.telling import advice, details, facts, headline, line, sentence, short_id, tidy

Block = dict[str, Any]

HEADER_LENGTH = 150
LONGEST_DESCRIPTION = 600
MARKS = {
    Severity.CRITICAL: "\U0001f534",
    Severity.HIGH: "\U0001f7e0",
    Severity.MEDIUM: "\U0001f7e1",
    Severity.LOW: "\U0001f535",
    Severity.INFO: "\u26aa",
}
CLOSED = "\u2705"
STYLES = {Action.ACKNOWLEDGE: "primary", Action.RESOLVE: "primary"}
BUTTONS = (Action.ACKNOWLEDGE, Action.INVESTIGATE, Action.MITIGATE, Action.RESOLVE, Action.CONCLUDE, Action.REOPEN)
"""Verbs that need no more to be said; `learn` does."""
OF_INCIDENT, OF_RECOMMENDATION = "incident.", "recommendation."
"""What the action ids of our buttons begin with."""


def escaped(text: str) -> str:
    """A text that Slack shows as it is: without mentions, links or commands."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def card(incident: IncidentFacts) -> list[Block]:
    """The message that an incident's thread begins with: how it stands, and what can be done about it."""
    mark = MARKS[incident.severity] if incident.state.is_open else CLOSED
    blocks: list[Block] = [
        {"type": "header", "text": plain(f"{mark} {headline(incident)}", most=HEADER_LENGTH)},
        {"type": "section", "fields": [plain(f"{name}: {word}") for name, word in facts(incident)]},
    ]
    if incident.description:
        blocks.append(rich([[words(tidy(incident.description, most=LONGEST_DESCRIPTION))]]))
    verbs = [verb for verb in BUTTONS if verb in allowed_actions(incident.state)]
    if verbs:
        buttons = [
            button(verb.value.capitalize(), f"{OF_INCIDENT}{verb.value}", str(incident.id), STYLES.get(verb, ""))
            for verb in verbs
        ]
        blocks.append({"type": "actions", "block_id": f"incident {incident.id}", "elements": buttons})
    blocks.append({"type": "context", "elements": [plain(f"Incident {short_id(incident)}")]})
    return blocks


def reply(happening: Happening, incident: IncidentFacts) -> list[Block]:
    """What is said in the thread."""
    blocks = [rich([[words(sentence(happening, incident), bold=True)]])]
    if happening.event is Event.RECOMMENDATIONS_READY:
        for one in happening.advice:
            blocks += _advice(one, incident)
    else:
        said = [[words(row)] for row in details(happening)]
        blocks += [rich(said)] if said else []
    return blocks


def summary(happening: Happening, incident: IncidentFacts) -> str:
    """What notifications show."""
    return escaped(f"{headline(incident)} - {sentence(happening, incident)}")


def _advice(one: AdviceFacts, incident: IncidentFacts) -> Iterable[Block]:
    value = f"{incident.id} {one.recommendation_id}"
    why = [[words(line(one.rationale))]] if one.rationale else []
    yield rich([[words(advice(one))], *why])
    yield {
        "type": "actions",
        "block_id": f"recommendation {one.recommendation_id}",
        "elements": [
            button("Accept", f"{OF_RECOMMENDATION}accept", value, "primary"),
            button("Reject", f"{OF_RECOMMENDATION}reject", value, "danger"),
        ],
    }


def plain(text: str, *, most: int = 2_000) -> Block:
    """A text without any formatting."""
    return {"type": "plain_text", "text": tidy(text, most=most) or " ", "emoji": False}


def words(text: str, *, bold: bool = False) -> Block:
    """Some words of rich text, taken as they are."""
    element: Block = {"type": "text", "text": text or " "}
    return {**element, "style": {"bold": True}} if bold else element


def rich(lines: Sequence[Sequence[Block]]) -> Block:
    """Rich text, a section per line."""
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [*row]} for row in _broken(lines)],
    }


def _broken(lines: Sequence[Sequence[Block]]) -> Iterable[Sequence[Block]]:
    # Sections follow on one another without a break of their own.
    for number, row in enumerate(lines, 1):
        yield [*row, words("\n")] if number < len(lines) else row


def button(label: str, action_id: str, value: str, style: str = "") -> Block:
    """A button; `style` is primary, danger or nothing."""
    made: Block = {"type": "button", "text": plain(label), "action_id": action_id, "value": value}
    return {**made, "style": style} if style else made
