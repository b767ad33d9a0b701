"""Workers are killed while Slack is receiving: every message arrives, under its key, in order, and soon."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.application.copilot import Copilot
from sre_copilot.application.ports.outbox import OutboxFilter
from sre_copilot.bootstrap import bootstrap
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.outbox import OutboxEntry, OutboxStatus
from sre_copilot.settings import Settings
from tests.e2e.installation import Installation
from tests.e2e.server import PATIENCE, awaited
from tests.e2e.workers import Worker
from tests.slack_workspace import BOT_TOKEN, CHANNEL, Workspace, limited, workspace

KILLS = 12 if os.environ.get("SRE_COPILOT_SOAK") else 2
CONCURRENCY = 2
INCIDENTS, NOTES = 4, 6 * KILLS + 6
"""So many that there is still something to send at the last kill, however late it comes."""
QUIET = 0.5
"""Seconds without a message after which none is on its way any more."""
TAKEN_OVER = 30.0
"""Seconds after which somebody else goes on where a killed worker stopped: the promise."""


@pytest.fixture
def slack() -> Iterator[Workspace]:
    with workspace(delay=0.15) as opened:
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
    """The administrator of a tenant whose Slack is told of everything."""
    tenant, user = copilot.create_tenant(slug="killed", admin_email="ada@killed.example.com")
    assert tenant.id == user.tenant_id
    actor = user.as_actor(origin="test")
    told = {"channel": CHANNEL, "bot_token": BOT_TOKEN, "api_url": slack.url}
    made = copilot.create_integration(actor=actor, type="slack", settings=told)
    copilot.add_route(actor=actor, name="everything", integration_id=made.integration.id)
    return actor


def started(own: Installation) -> Worker:
    """A worker that takes jobs."""
    worker = Worker.start(own, "--concurrency", str(CONCURRENCY), SRE_COPILOT_ALLOW_PRIVATE_ADDRESSES="true")
    try:
        awaited(worker.takes_jobs, "a worker")
    except BaseException:
        worker.kill()
        raise
    return worker


def posts_another(slack: Workspace, than: int) -> None:
    awaited(lambda: len(slack.posted) > than, f"message {than + 1}", TAKEN_OVER)


def settled(slack: Workspace) -> int:
    """How many messages there are once none comes any more."""
    count, since = len(slack.posted), time.monotonic()
    until = since + PATIENCE
    while time.monotonic() - since < QUIET:
        assert time.monotonic() < until, "messages still come, though nobody is left to send them"
        time.sleep(0.02)
        if len(slack.posted) != count:
            count, since = len(slack.posted), time.monotonic()
    return count


def outbox(copilot: Copilot, actor: Actor) -> list[OutboxEntry]:
    return list(copilot.outbound.messages(actor=actor, narrowed=OutboxFilter(limit=10_000)))


def all_sent(copilot: Copilot, actor: Actor) -> bool:
    return all(row.status is OutboxStatus.SENT for row in outbox(copilot, actor))


def test_every_message_arrives_at_least_once_under_its_key_and_in_order_however_often_workers_are_killed(
    own: Installation, copilot: Copilot, admin: Actor, slack: Workspace, record_property: Callable[[str, object], None]
) -> None:
    incidents = [copilot.declare(actor=admin, title=f"Incident {n}", service=f"s{n}").id for n in range(INCIDENTS)]
    for number in range(NOTES):
        for incident in incidents:
            copilot.note(actor=admin, incident_id=incident, text=f"note {number}")
    for incident in incidents:
        copilot.acknowledge(actor=admin, incident_id=incident)
    takeovers = []
    worker = started(own)
    try:
        awaited(lambda: bool(slack.posted), "the first message")
        for _ in range(KILLS):
            posts_another(slack, than=len(slack.posted))
            worker.kill()
            # What was on its way may still arrive.
            left = settled(slack)
            assert not all_sent(copilot, admin), "nothing is left to take over"
            slack.failures.append(lambda method: limited(1))
            worker = started(own)
            # How long a process takes to start is no part of the promise.
            began = time.monotonic()
            posts_another(slack, than=left)
            takeovers.append(round(time.monotonic() - began, 1))
        awaited(lambda: all_sent(copilot, admin), "the last message", within=4 * PATIENCE)
    finally:
        worker.kill()
    record_property("seconds until taken over", takeovers)
    check(outbox(copilot, admin), slack, incidents)


def check(entries: list[OutboxEntry], slack: Workspace, incidents: list[UUID]) -> None:
    places = {row.key: (row.incident_id, row.sequence) for row in entries}
    arrived = list(dict.fromkeys(row.key for row in slack.posted))
    assert set(arrived) == set(places)
    for incident in incidents:
        sequences = [places[key][1] for key in arrived if places[key][0] == incident]
        assert sequences == list(range(1, NOTES + 3)), incident
    # What was sent before is looked for before it is sent again; only what a kill left on its way may come twice.
    assert len(slack.posted) - len(arrived) <= KILLS * CONCURRENCY
    assert len({(row.key, row.thread) for row in slack.posted if row.thread}) + INCIDENTS == len(arrived)
    # A card that came twice is not the one that the incident goes on under.
    threads = {row.thread for row in slack.posted if row.thread}
    assert len(threads) == INCIDENTS
    assert all("State: acknowledged" in row.words for row in slack.posted if row.ts in threads)
    assert all(row.attempts == 0 for row in entries)
