"""Reading Slack: what becomes a command, what is nobody's business, and what is never kept."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.adapters.integrations.builtin.slack.hiding import hidden
from sre_copilot.adapters.integrations.builtin.slack.reading import plain
from sre_copilot.domain.commands import Command, Verb, Way
from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.errors import UnreadableDelivery
from tests.unit.adapters.integrations.door import Door

DOOR = Door(type="slack")
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
INCIDENT, ADVICE = "0198c5d2-7a3e-7b1c-9f00-1c2d3e4f5a6b", "0198c5d2-7a3e-7b1c-9f00-1c2d3e4f5a6c"
TOKEN, ADDRESS, TRIGGER = "planted-token", "https://hooks.slack.com/planted", "123.456.planted"


def typed(text: str, **given: str) -> Parsed:
    fields = {"token": TOKEN, "response_url": ADDRESS, "trigger_id": TRIGGER, "command": "/incident", "text": text}
    body = urlencode({**fields, "user_id": "U1", "channel_id": "C1", **given}).encode()
    return DOOR.read(body, FORM)


def pressed(action_id: str, value: str, **given: Any) -> Parsed:
    payload = {
        "type": "block_actions",
        "token": TOKEN,
        "response_url": ADDRESS,
        "trigger_id": TRIGGER,
        "user": {"id": "U1"},
        "container": {"channel_id": "C1", "message_ts": "2.0", "thread_ts": "1.0"},
        "actions": [{"action_id": action_id, "value": value}],
        **given,
    }
    return DOOR.read(urlencode({"payload": json.dumps(payload)}).encode(), FORM)


def said(event: Mapping[str, Any], **given: Any) -> Parsed:
    message = {"type": "message", "channel": "C1", "user": "U1", "text": "the pool", "ts": "2.0", "thread_ts": "1.0"}
    body = {"type": "event_callback", "token": TOKEN, "event_id": "Ev1", "event": {**message, **event}, **given}
    return DOOR.read(body, JSON)


def test_the_handshake_is_answered_with_its_challenge() -> None:
    parsed = DOOR.read({"type": "url_verification", "token": TOKEN, "challenge": "3eZbrw1aB"}, JSON)
    assert parsed.reply is not None
    assert (parsed.reply.body, parsed.reply.content_type, parsed.reply.status) == ("3eZbrw1aB", "text/plain", 200)
    assert parsed.command is None


def test_a_typed_command_is_read_with_who_and_where() -> None:
    parsed = typed(f"resolve {INCIDENT} fixed rolled back")
    assert parsed.command == Command(
        by="U1", verb=Verb.RESOLVE, incident=INCIDENT, text="fixed rolled back", channel="C1"
    )
    assert parsed.command.answered is Way.REPLY


def test_a_pressed_button_is_read_with_the_incident_and_the_thread_that_it_is_in() -> None:
    command = pressed("incident.acknowledge", INCIDENT).command
    assert command == Command(
        by="U1", verb=Verb.ACKNOWLEDGE, incident=INCIDENT, channel="C1", thread="1.0", answered=Way.MESSAGE
    )
    accepted = pressed("recommendation.accept", f"{INCIDENT} {ADVICE}").command
    assert accepted is not None
    assert (accepted.verb, accepted.incident, accepted.subject) == (Verb.ACCEPT, INCIDENT, ADVICE)


@pytest.mark.parametrize(
    ("action_id", "value"),
    [
        ("incident.learn", INCIDENT),
        ("incident.accept", INCIDENT),
        ("incident.acknowledge", "nothing"),
        ("recommendation.resolve", f"{INCIDENT} {ADVICE}"),
        ("recommendation.accept", "nothing"),
        ("somebody.elses", INCIDENT),
    ],
)
def test_a_button_that_is_not_ours_means_nothing(action_id: str, value: str) -> None:
    assert pressed(action_id, value).command is None


def test_what_a_person_says_in_a_thread_is_a_note() -> None:
    assert said({}).command == Command(
        by="U1", verb=Verb.NOTE, text="the pool", channel="C1", thread="1.0", answered=Way.SILENT
    )


@pytest.mark.parametrize(
    "event",
    [
        {"thread_ts": None},
        {"bot_id": "B1"},
        {"subtype": "bot_message"},
        {"subtype": "message_changed"},
        {"subtype": "channel_join"},
        {"user": None},
        {"text": ""},
        {"type": "reaction_added"},
    ],
)
def test_what_bots_say_what_changes_and_what_is_said_elsewhere_is_no_command(event: Mapping[str, Any]) -> None:
    parsed = said(event)
    assert (parsed.command, parsed.drafts) == (None, ())
    assert parsed.reply is not None
    assert (parsed.reply.body, parsed.reply.status) == ("", 200)


def test_through_a_socket_the_same_is_read() -> None:
    fields = {"command": "/incident", "text": "list", "user_id": "U1", "trigger_id": TRIGGER, "channel_id": "C1"}
    parsed = DOOR.read({"type": "slash_commands", "delivery_key": "k-1", "payload": fields}, JSON)
    assert parsed.command == Command(by="U1", verb=Verb.LIST, channel="C1")
    assert parsed.vendor_id == "k-1"


def test_a_redelivery_is_known_by_slacks_id_or_by_what_is_made_of_the_trigger() -> None:
    assert said({}).vendor_id == "Ev1"
    first, again = typed("list").vendor_id, typed("list").vendor_id
    other = typed("list", trigger_id="123.456.other").vendor_id
    assert first == again
    assert len({first, other, pressed("incident.acknowledge", INCIDENT).vendor_id}) == 2


@pytest.mark.parametrize(
    "body", [[], {"type": 5}, {"event_id": [], "type": "event_callback"}, {"type": "event_callback", "event": []}]
)
def test_wrong_types_are_named(body: Any) -> None:
    with pytest.raises(UnreadableDelivery):
        DOOR.read(body, JSON)


@pytest.mark.parametrize("body", [{}, {"type": "view_submission"}, {"ssl_check": "1"}])
def test_what_else_slack_sends_is_taken_and_means_nothing(body: Any) -> None:
    assert DOOR.read(body, JSON).command is None


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("a &lt;b&gt; &amp;&amp; c", "a <b> && c"),
        ("<@U1> look at <https://example.com/x|the graph>", "@U1 look at the graph (https://example.com/x)"),
        ("<https://example.com>", "https://example.com"),
        ("<#C1|ops> <!here>", "#ops @here"),
        ("  &amp;lt;  ", "&lt;"),
    ],
)
def test_text_is_kept_as_people_read_it(theirs: str, ours: str) -> None:
    assert plain(theirs) == ours


def kept(body: bytes) -> bytes:
    return DOOR.gateway.strip(DOOR.integration, DOOR.delivery(body)).body


def test_no_credential_is_kept_of_a_form_and_the_rest_is() -> None:
    fields = {"token": TOKEN, "response_url": ADDRESS, "trigger_id": TRIGGER, "text": "list", "user_id": "U1"}
    left = kept(urlencode(fields).encode())
    assert b"planted" not in left
    found = parse_qs(left.decode())
    assert (found["text"], found["user_id"], len(found["delivery_key"][0])) == (["list"], ["U1"], 64)


def test_no_credential_is_kept_of_a_button_or_an_event() -> None:
    payload = {
        "token": TOKEN,
        "trigger_id": TRIGGER,
        "response_urls": [{"response_url": ADDRESS}],
        "user": {"id": "U1"},
    }
    left = kept(urlencode({"payload": json.dumps(payload)}).encode())
    assert b"planted" not in left
    assert b"U1" in left
    assert b"planted" not in kept(json.dumps({"token": TOKEN, "event": {"thread_ts": "1"}}).encode())


def test_what_people_say_outside_of_threads_is_not_kept() -> None:
    event = {"type": "message", "user": "U1", "text": "planted words", "blocks": [{"text": "planted words"}]}
    body = {"type": "event_callback", "event_id": "Ev1", "event": event}
    left = kept(json.dumps(body).encode())
    assert b"planted" not in left
    assert json.loads(left)["event_id"] == "Ev1"
    for more, is_kept in (({"thread_ts": "1.0"}, True), ({"thread_ts": "1.0", "bot_id": "B1"}, False)):
        left = kept(json.dumps({**body, "event": {**event, **more}}).encode())
        assert (b"planted" in left) is is_kept
    envelope = {"type": "events_api", "payload": body}
    assert b"planted" not in kept(json.dumps(envelope).encode())


@given(st.binary(max_size=200))
def test_hiding_takes_any_bytes_and_hides_nothing_twice(body: bytes) -> None:
    once = hidden(body)
    assert hidden(once) == hidden(once)
    assert hidden(body) == once


@given(st.text("0123456789abcdef.", min_size=8, max_size=40))
def test_whatever_a_credential_is_it_is_not_kept(secret: str) -> None:
    word = f"secret-{secret}"
    for name in ("token", "response_url", "trigger_id"):
        assert word.encode() not in hidden(urlencode({"a": "b", name: word, "c": "d"}).encode())
        assert word.encode() not in hidden(json.dumps({"a": [{name: word}]}).encode())
        form = urlencode({"payload": json.dumps({"a": {name: word}})}).encode()
        assert word.encode() not in hidden(form)
