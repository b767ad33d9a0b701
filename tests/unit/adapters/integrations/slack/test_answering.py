"""Answers to slash commands: what only the person who typed one reads, in blocks that Slack takes."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from sre_copilot.domain.commands import HELP, Command, Response, Verb
from sre_copilot.domain.lifecycle import State
from sre_copilot.testing.builders import make_integration
from sre_copilot.testing.doors import plugin_gateway
from sre_copilot.testing.outbound import make_facts

INTEGRATION = make_integration(UUID(int=1), type="slack")


def answered(verb: Verb, response: Response) -> dict[str, Any]:
    reply = plugin_gateway().answer(INTEGRATION, Command(by="U1", verb=verb), response)
    assert reply is not None
    assert (reply.content_type, reply.status) == ("application/json", 200)
    said: dict[str, Any] = json.loads(reply.body)
    for block in Block.parse_all(said["blocks"]):
        block.validate_json()
    assert said["response_type"] == "ephemeral"
    return said


def test_a_list_has_a_line_per_incident_with_the_id_to_type() -> None:
    facts = [make_facts(title=f"Incident {number}") for number in range(20)]
    said = answered(Verb.LIST, Response(text="20 open incidents", incidents=tuple(facts)))
    text = json.dumps(said)
    assert all(str(one.id)[-8:] in text for one in facts)
    assert len(said["blocks"]) <= 50


def test_a_shown_incident_has_its_card_and_its_lines() -> None:
    said = answered(
        Verb.SHOW, Response(text="checkout", incidents=(make_facts(state=State.MITIGATED),), lines=("1. Deploy: 60%",))
    )
    text = json.dumps(said)
    assert "incident.resolve" in text
    assert "1. Deploy: 60%" in text


def test_help_and_refusals_are_told_in_words() -> None:
    assert "resolve ID" in json.dumps(answered(Verb.HELP, Response(text=HELP)))
    assert answered(Verb.RESOLVE, Response(text="No.", ok=False))["text"] == "No."


@given(st.text(max_size=500))
def test_whatever_it_says_slack_reads_nothing_into_it(text: str) -> None:
    said = answered(Verb.SHOW, Response(text=text, incidents=(make_facts(title=text or "x"),), lines=(text,)))
    assert "<" not in said["text"]
    assert "mrkdwn" not in json.dumps(said["blocks"])


@pytest.mark.parametrize("kind", ["generic", "webhook"])
def test_a_plugin_that_answers_nobody_is_not_asked(kind: str) -> None:
    integration = make_integration(UUID(int=1), type=kind)
    assert plugin_gateway().answer(integration, Command(by="U1", verb=Verb.LIST), Response(text="x")) is None
