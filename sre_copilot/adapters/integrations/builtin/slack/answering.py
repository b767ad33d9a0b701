"""Answering a slash command: what only the person who typed it sees."""

import json

from sre_copilot.adapters.integrations.builtin.slack.blocks import CLOSED, MARKS, Block, card, escaped, rich, words
from sre_copilot.domain.commands import Command, Response, Verb
from sre_copilot.domain.deliveries import Reply
from sre_copilot.domain.outbound import IncidentFacts
from sre_copilot.domain.telling import headline, line, short_id, tidy

REFUSED = "\u26d4"
MOST_LINES = 30


def reply(command: Command, response: Response) -> Reply:
    """Return Slack's JSON for it."""
    mark = "" if response.ok else f"{REFUSED} "
    blocks: list[Block] = [rich([[words(f"{mark}{tidy(row)}")] for row in response.text.split("\n")])]
    if command.verb is Verb.LIST:
        blocks += [rich([[words(_listed(incident))]]) for incident in response.incidents]
    elif command.verb in (Verb.SHOW, Verb.DECLARE):
        blocks += [block for incident in response.incidents for block in card(incident)]
    if response.lines:
        blocks.append(rich([[words(tidy(row, most=300))] for row in response.lines[:MOST_LINES]]))
    told = {"response_type": "ephemeral", "text": escaped(tidy(response.text)), "blocks": blocks}
    return Reply(body=json.dumps(told, ensure_ascii=False))


def _listed(incident: IncidentFacts) -> str:
    mark = MARKS[incident.severity] if incident.state.is_open else CLOSED
    return f"{mark} {short_id(incident)} {line(headline(incident))}, {incident.state.value}"
