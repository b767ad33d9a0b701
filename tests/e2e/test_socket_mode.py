"""Socket Mode with real workers: no address of ours is needed, and what is acknowledged is durable."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from websockets.exceptions import ConnectionClosed

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.application.copilot import Copilot
from sre_copilot.application.ports.deliveries import DeliveryFilter
from sre_copilot.bootstrap import bootstrap
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.lifecycle import State
from sre_copilot.settings import Settings
from tests.e2e.installation import Installation
from tests.e2e.server import awaited
from tests.e2e.workers import Worker
from tests.slack_workspace import APP_TOKEN, BOT_TOKEN, CHANNEL, Workspace, workspace


@pytest.fixture
def slack() -> Iterator[Workspace]:
    with workspace() as opened:
        yield opened


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(data_folder=tmp_path / "data")
    yield made
    EmbeddedPostgres(made.data_folder).erase()


@pytest.fixture
def copilot(own: Installation) -> Iterator[Copilot]:
    with bootstrap(Settings(data_folder=own.data_folder, allow_private_addresses=True)) as made:
        yield made


@pytest.fixture
def admin(copilot: Copilot, slack: Workspace) -> Actor:
    """The administrator, who is UADA in Slack."""
    _, user = copilot.create_tenant(slug="socket", admin_email="ada@socket.example.com")
    actor = user.as_actor(origin="test")
    copilot.change_user(actor=actor, user_id=user.id, slack_user_id="UADA")
    told = {"channel": CHANNEL, "bot_token": BOT_TOKEN, "app_token": APP_TOKEN, "api_url": slack.url}
    made = copilot.create_integration(actor=actor, type="slack", settings=told)
    copilot.add_route(actor=actor, name="everything", integration_id=made.integration.id)
    return actor


@pytest.fixture
def workers(own: Installation) -> Iterator[Callable[[], Worker]]:
    """Starts workers; they are gone at the end."""
    running: list[Worker] = []

    def start() -> Worker:
        running.append(Worker.start(own, "--concurrency", "1", SRE_COPILOT_ALLOW_PRIVATE_ADDRESSES="true"))
        return running[-1]

    yield start
    for worker in running:
        worker.kill()


def typed(text: str, envelope: str, trigger: str = "") -> dict[str, Any]:
    payload = {
        "command": "/incident",
        "text": text,
        "user_id": "UADA",
        "channel_id": CHANNEL,
        "token": "planted-token",
        "response_url": "https://hooks.slack.com/planted",
        "trigger_id": trigger or envelope,
    }
    return {"envelope_id": envelope, "type": "slash_commands", "accepts_response_payload": True, "payload": payload}


def said(text: str, thread: str, envelope: str, retry: int = 0) -> dict[str, Any]:
    event = {"type": "message", "channel": CHANNEL, "user": "UADA", "text": text, "ts": "9.9", "thread_ts": thread}
    payload = {"type": "event_callback", "event_id": "Ev1", "token": "planted-token", "event": event}
    return {"envelope_id": envelope, "type": "events_api", "payload": payload, "retry_attempt": retry}


def acknowledged(slack: Workspace, envelope: str) -> dict[str, Any]:
    """What was acknowledged of an envelope, once it is."""
    awaited(lambda: any(row["envelope_id"] == envelope for row in slack.acknowledged), f"acknowledgement of {envelope}")
    return next(row for row in slack.acknowledged if row["envelope_id"] == envelope)


def test_an_incident_is_run_over_a_socket_that_is_one_over_all_workers_and_comes_back_when_it_is_lost(
    copilot: Copilot, admin: Actor, slack: Workspace, workers: Callable[[], Worker]
) -> None:
    both = workers(), workers()
    awaited(lambda: len(slack.sockets) == 1, "a connection")
    slack.push(typed("declare checkout critical Carts are lost", "e-1"))
    answer = acknowledged(slack, "e-1")["payload"]
    assert "Declared checkout: Carts are lost" in answer["text"]
    (incident,) = copilot.incidents.list(actor=admin)
    # A worker tells, as ever.
    awaited(lambda: len(slack.posted) == 1, "the card")
    thread = slack.posted[0].ts
    slack.push(said("the pool", thread, "e-2"))
    acknowledged(slack, "e-2")
    # Slack didn't hear of it, and sends it again in another envelope.
    slack.push(said("the pool", thread, "e-3", retry=1))
    acknowledged(slack, "e-3")
    assert [note.text for note in notes(copilot, admin, incident.id)] == ["the pool"]
    assert len(slack.sockets) == 1
    comes_back(slack, politely=True, connections=2)
    comes_back(slack, politely=False, connections=3)
    # Whichever has it, both are killed in turn, and another one takes over.
    workers()
    for worker in both:
        worker.kill()
        awaited(lambda: len(slack.sockets) == 1 and is_answered(slack), "another worker's connection")
    slack.push(typed("resolve fixed", "e-9"))
    assert "is resolved" in acknowledged(slack, "e-9")["payload"]["text"]
    assert copilot.incidents.get(actor=admin, incident_id=incident.id).state is State.RESOLVED
    kept = copilot.integrations.deliveries(actor=admin, narrowed=DeliveryFilter(limit=50))
    bodies = [copilot.integrations.delivery(actor=admin, delivery_id=row.id).delivery.body for row in kept]
    assert all(b"planted" not in body for body in bodies)
    assert all(row.verdict.value == "pulled" for row in kept)


def comes_back(slack: Workspace, *, politely: bool, connections: int) -> None:
    """Hang up, and wait for the connection that takes the old one's place."""
    old = slack.sockets[-1]
    slack.hang_up(politely=politely)

    def is_back() -> bool:
        opened, asked = list(slack.sockets), slack.calls.count("apps.connections.open")
        return asked == connections and len(opened) == 1 and opened[0] is not old

    awaited(is_back, f"connection {connections}")


def notes(copilot: Copilot, admin: Actor, incident: UUID) -> Any:
    return copilot.incidents.show(actor=admin, incident_id=incident).notes


def is_answered(slack: Workspace) -> bool:
    """Whether somebody listens and not only seems to."""
    envelope = f"probe-{time.monotonic_ns()}"
    try:
        slack.push(typed("help", envelope))
    except (OSError, IndexError, ConnectionClosed):
        return False
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        if any(row["envelope_id"] == envelope for row in slack.acknowledged):
            return True
        time.sleep(0.05)
    return False
