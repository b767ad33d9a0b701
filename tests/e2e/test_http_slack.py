"""Slack over real HTTP: an incident's thread, buttons and commands, from a signed request to the message that people see."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import attrs
import pytest
from slack_sdk.signature import SignatureVerifier

from sre_copilot.adapters.system import new_id
from sre_copilot.application.copilot import Copilot
from sre_copilot.application.ports.deliveries import DeliveryFilter
from sre_copilot.bootstrap import bootstrap
from sre_copilot.domain.actors import Actor, Role
from sre_copilot.domain.lifecycle import State
from sre_copilot.settings import Settings
from tests.e2e.installation import Installation
from tests.e2e.server import Reply, Server
from tests.slack_workspace import BOT_TOKEN, CHANNEL, SIGNING_SECRET, Posted, Workspace, workspace

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@attrs.frozen
class Room:
    """A tenant, its Slack, and the server at whose door Slack knocks."""

    server: Server
    copilot: Copilot
    slack: Workspace
    admin: Actor
    engineer: Actor
    door: UUID

    def knock(self, body: bytes, kind: str, *, secret: str = SIGNING_SECRET, **headers: str) -> Reply:
        """Send what Slack would send, signed as slack_sdk signs it."""
        stamp = str(int(time.time()))
        signed = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
        told = {"content-type": kind, "x-slack-request-timestamp": stamp, "x-slack-signature": str(signed), **headers}
        return self.server.ask("POST", f"/webhooks/{self.door}", body=body, headers=told)

    def type(self, text: str, by: str = "UENGINEER") -> dict[str, Any]:
        """Type a slash command, and return what the person sees."""
        fields = {"command": "/incident", "text": text, "user_id": by, "channel_id": CHANNEL}
        secret = {
            "token": "planted-token",
            "response_url": "https://hooks.slack.com/planted",
            "trigger_id": str(new_id()),
        }
        said = self.knock(urlencode({**fields, **secret}).encode(), FORM).expect(200)
        shown: dict[str, Any] = said.document
        return shown

    def press(self, row: Posted, action_id: str, by: str = "UENGINEER", trigger: str = "") -> Reply:
        """Press a button of a message."""
        button = row.buttons()[action_id]
        payload = {
            "type": "block_actions",
            "user": {"id": by},
            "container": {"channel_id": row.channel, "message_ts": row.ts, "thread_ts": row.thread or row.ts},
            "message": {"ts": row.ts, "thread_ts": row.thread or row.ts},
            "trigger_id": trigger or str(new_id()),
            "actions": [{key: button[key] for key in ("action_id", "block_id", "value")}],
        }
        return self.knock(urlencode({"payload": json.dumps(payload)}).encode(), FORM).expect(200)

    def say(self, text: str, thread: str, by: str = "UENGINEER", event_id: str = "", **headers: str) -> Reply:
        """Say something in a thread."""
        event = {"type": "message", "channel": CHANNEL, "user": by, "text": text, "ts": "9.9", "thread_ts": thread}
        body = {"type": "event_callback", "event_id": event_id or f"Ev{new_id().hex}", "event": event}
        return self.knock(json.dumps(body).encode(), JSON, **headers).expect(200)

    def deliver(self) -> None:
        """Send what waits, as a worker would."""
        self.copilot.dispatch(actor=Actor.system(self.admin.tenant_id), integration_id=self.door)

    def state(self, incident: UUID) -> State:
        return self.copilot.incidents.get(actor=self.admin, incident_id=incident).state


@pytest.fixture
def room(installation: Installation, server: Server) -> Iterator[Room]:
    with (
        workspace() as slack,
        bootstrap(Settings(data_folder=installation.data_folder, allow_private_addresses=True)) as copilot,
    ):
        slug = f"slack-{new_id().hex[-12:]}"
        _, user = copilot.create_tenant(slug=slug, admin_email=f"ada@{slug}.example.com")
        admin = user.as_actor(origin="test")
        person = copilot.add_user(
            actor=admin, email=f"eve@{slug}.example.com", role=Role.ENGINEER, full_name="Eve", slack_user_id="UENGINEER"
        )
        copilot.add_user(actor=admin, email=f"vic@{slug}.example.com", role=Role.VIEWER, slack_user_id="UVIEWER")
        told: Mapping[str, Any] = {
            "channel": CHANNEL,
            "bot_token": BOT_TOKEN,
            "signing_secret": SIGNING_SECRET,
            "api_url": slack.url,
        }
        made = copilot.create_integration(actor=admin, type="slack", settings=told)
        copilot.add_route(actor=admin, name="all", integration_id=made.integration.id)
        yield Room(server, copilot, slack, admin, person.as_actor(origin="test"), made.integration.id)


def test_an_incident_is_run_from_slack_from_its_declaration_to_its_end(room: Room) -> None:
    assert "Declared checkout: Carts are lost" in room.type("declare checkout critical Carts are lost")["text"]
    room.deliver()
    (card,) = room.slack.posted
    incident = UUID(card.buttons()["incident.acknowledge"]["value"])
    assert room.press(card, "incident.acknowledge").body == b""
    room.say("the pool is at <https://example.com|100 %>", card.ts)
    assert "is mitigated" in room.type(f"mitigate {str(incident)[-8:]} raised the pool")["text"]
    room.deliver()
    assert "State: mitigated" in card.words
    assert [row.thread for row in room.slack.posted[1:]] == [card.ts] * 2
    assert "Acknowledged by Eve, was detected" in room.slack.posted[1].words
    assert "is resolved" in room.type("resolve fixed: raised the pool")["text"]
    room.deliver()
    assert (room.state(incident), list(card.buttons())) == (State.RESOLVED, ["incident.reopen"])
    view = room.copilot.incidents.show(actor=room.admin, incident_id=incident)
    assert [(note.text, note.user_id) for note in view.notes] == [
        ("the pool is at 100 % (https://example.com)", room.engineer.id)
    ]
    assert all(row.user_id == room.engineer.id for row in view.transitions)


def test_advice_is_accepted_by_a_button(room: Room) -> None:
    incident = room.copilot.declare(actor=room.engineer, title="Carts are lost", service="checkout").id
    room.copilot.diagnose(actor=room.engineer, incident_id=incident)
    room.copilot.recommend(actor=room.engineer, incident_id=incident)
    room.deliver()
    advised = room.slack.posted[-1]
    room.press(advised, "recommendation.accept")
    accepted = room.copilot.incidents.recommendations(actor=room.admin, incident_id=incident)[0]
    assert accepted.status.value == "accepted"
    room.deliver()
    assert f"Eve accepted: {accepted.title}"[:60] in room.slack.posted[-1].words


def test_what_slack_sends_again_is_done_once(room: Room) -> None:
    incident = room.copilot.declare(actor=room.engineer, title="Carts are lost", service="checkout").id
    room.deliver()
    (card,) = room.slack.posted
    for retry in ({}, {"x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout"}, {"x-slack-retry-num": "2"}):
        room.say("seen", card.ts, event_id="Ev-again", **retry)
        room.press(card, "incident.investigate", trigger="13.37.again")
    view = room.copilot.incidents.show(actor=room.admin, incident_id=incident)
    assert (len(view.notes), len(view.transitions)) == (1, 2)


def test_strangers_and_viewers_are_told_so_where_only_they_see_it_and_nothing_happens(room: Room) -> None:
    incident = room.copilot.declare(actor=room.engineer, title="Carts are lost", service="checkout").id
    room.deliver()
    (card,) = room.slack.posted
    assert "I don't know who you are" in room.type("resolve", by="USTRANGER")["text"]
    for by in ("USTRANGER", "UVIEWER"):
        room.press(card, "incident.resolve", by=by)
        room.say("hm", card.ts, by=by)
    room.deliver()
    assert sorted((row["user"], row["text"][:20]) for row in room.slack.ephemeral) == [
        ("USTRANGER", "I don't know who you"),
        ("USTRANGER", "I don't know who you"),
        ("UVIEWER", "Your role does not a"),
        ("UVIEWER", "Your role does not a"),
    ]
    assert {row["thread_ts"] for row in room.slack.ephemeral} == {card.ts}
    assert room.state(incident) is State.DETECTED


def test_the_handshake_is_answered_and_a_forged_request_refused(room: Room) -> None:
    body = json.dumps({"type": "url_verification", "token": "planted-token", "challenge": "3eZbrw1aB"}).encode()
    said = room.knock(body, JSON).expect(200)
    assert (said.body, said.headers["content-type"].partition(";")[0]) == (b"3eZbrw1aB", "text/plain")
    room.knock(body, JSON, secret="planted-other").expect(401)
    assert room.server.ask("POST", f"/webhooks/{room.door}", body=body, headers={"content-type": JSON}).status == 401


def test_no_credential_of_slack_is_in_the_ledger(room: Room) -> None:
    room.type("list")
    (row,) = room.copilot.integrations.deliveries(actor=room.admin, narrowed=DeliveryFilter(limit=10))
    record = room.copilot.integrations.delivery(actor=room.admin, delivery_id=row.id)
    assert b"planted" not in record.delivery.body
    assert b"text=list" in record.delivery.body
