"""Socket Mode: what an envelope has in it, and how it is acknowledged."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.socket_mode.request import SocketModeRequest

from sre_copilot.adapters.integrations.isolation import Isolation
from sre_copilot.adapters.integrations.listening import PluginListeners
from sre_copilot.application.ports.outgoing import Answer
from sre_copilot.domain.deliveries import Reply
from sre_copilot.domain.errors import CopilotError, OutgoingFailed, UnknownIntegrationType
from sre_copilot.domain.integrations import Secrets
from sre_copilot.domain.listening import Heard
from sre_copilot.testing.builders import make_integration
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.doors import plugin_manager, toolbox
from sre_copilot.testing.outgoing import ScriptedOutgoing, json_answer

SLACK, GENERIC = (make_integration(UUID(int=1), type=kind) for kind in ("slack", "generic"))
OPEN = "https://slack.com/api/apps.connections.open"
EVENT = {"type": "event_callback", "event_id": "Ev1"}
TYPED = {"command": "/incident", "text": "list", "trigger_id": "13.37"}


def listeners(*answers: Answer | CopilotError) -> PluginListeners:
    outgoing = ScriptedOutgoing()
    outgoing.answer("POST", OPEN, *answers)
    return PluginListeners(plugin_manager(), Isolation(), toolbox(outgoing=outgoing))


def heard(envelope: Any) -> Heard:
    return listeners(json_answer({})).heard(SLACK, envelope if isinstance(envelope, str) else json.dumps(envelope))


def test_slack_is_asked_where_to_listen_with_the_app_level_token() -> None:
    asked = listeners(json_answer({"ok": True, "url": "wss://wss-primary.slack.com/link/?ticket=1"}))
    secrets = Secrets({"app_token": ("xapp-1",)})
    assert asked.address(SLACK, secrets, BEGINNING) == "wss://wss-primary.slack.com/link/?ticket=1"
    outgoing = asked.toolbox.outgoing
    assert isinstance(outgoing, ScriptedOutgoing)
    assert outgoing.requests[-1].headers["authorization"] == "Bearer xapp-1"
    assert asked.address(SLACK, Secrets(), BEGINNING) is None
    assert asked.kinds() == {"slack"}


@pytest.mark.parametrize(
    "answer",
    [
        json_answer({"ok": False, "error": "invalid_auth"}),
        json_answer({"ok": True}),
        Answer(status=429),
        Answer(status=500),
        OutgoingFailed(),
    ],
)
def test_where_slack_does_not_say_it_is_tried_again(answer: Answer | CopilotError) -> None:
    with pytest.raises(OutgoingFailed):
        listeners(answer).address(SLACK, Secrets({"app_token": ("xapp-1",)}), BEGINNING)


def test_an_event_is_the_same_delivery_in_whatever_envelope_it_comes() -> None:
    first = heard({"envelope_id": "e-1", "type": "events_api", "payload": EVENT, "retry_attempt": 0})
    again = heard({"envelope_id": "e-2", "type": "events_api", "payload": EVENT, "retry_attempt": 1})
    assert (first.envelope, again.envelope) == ("e-1", "e-2")
    assert first.body == again.body
    assert first.body is not None


def test_a_command_is_known_by_its_trigger() -> None:
    one, other = (
        heard({"envelope_id": "e", "type": "slash_commands", "payload": {**TYPED, "trigger_id": trigger}})
        for trigger in ("13.37", "13.38")
    )
    assert one.body is not None
    assert other.body is not None
    assert len({json.loads(row.body)["delivery_key"] for row in (one, other) if row.body}) == 2


def test_slack_sdk_reads_the_same_of_an_envelope() -> None:
    envelope = {"envelope_id": "e-1", "type": "slash_commands", "accepts_response_payload": True, "payload": TYPED}
    theirs, ours = SocketModeRequest.from_dict(envelope), heard(envelope)
    assert theirs is not None
    assert (theirs.envelope_id, theirs.accepts_response_payload) == (ours.envelope, ours.takes_reply)
    assert ours.body is not None
    assert json.loads(ours.body)["payload"] == theirs.payload


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"type": "hello", "num_connections": 1}, Heard()),
        ({"type": "disconnect", "reason": "warning"}, Heard(is_last=True)),
        ({"envelope_id": "e-1", "type": "unheard_of", "payload": {}}, Heard(envelope="e-1")),
        ({"envelope_id": "e-1", "type": "events_api", "payload": []}, Heard(envelope="e-1")),
        ({"type": "events_api", "payload": {}}, Heard()),
        ([], Heard()),
        ("not JSON", Heard()),
    ],
)
def test_what_is_no_delivery_is_none(message: Any, expected: Heard) -> None:
    assert heard(message) == expected


@given(st.text(max_size=60))
def test_anything_can_be_heard(message: str) -> None:
    assert isinstance(heard(message), Heard)


def test_an_envelope_is_acknowledged_by_its_id_with_the_answer_where_it_takes_one() -> None:
    reply = Reply(body='{"text": "One open incident"}')
    told = listeners(json_answer({}))
    takes = Heard(body=b"{}", envelope="e-1", takes_reply=True)
    assert json.loads(told.acknowledgement(SLACK, takes, reply)) == {
        "envelope_id": "e-1",
        "payload": {"text": "One open incident"},
    }
    for heard_, said in (
        (Heard(envelope="e-1"), reply),
        (takes, None),
        (takes, Reply(body="", content_type="text/plain")),
    ):
        assert json.loads(told.acknowledgement(SLACK, heard_, said)) == {"envelope_id": "e-1"}


def test_what_does_not_listen_is_not_asked() -> None:
    with pytest.raises(UnknownIntegrationType):
        listeners(json_answer({})).heard(GENERIC, "{}")
