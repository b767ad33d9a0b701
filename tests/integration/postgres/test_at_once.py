"""Several processes that start and stop at the same moment end up with one server."""

import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from tests.integration.postgres.ground import Ground, Visitor, identity, kill

ROUNDS = 3


@pytest.fixture
def visitors(ground: Ground) -> list[Visitor]:
    """Three processes."""
    return [ground.visitor() for _ in range(3)]


def begin_at_once(visitors: list[Visitor], server: EmbeddedPostgres) -> None:
    """Let all of them start the server, and see that they all use the same."""
    for visitor in visitors:
        visitor.send("start", server)
    answers = [visitor.answer() for visitor in visitors]
    assert answers == [{"server": identity(server), "user": "sre_copilot_app_login"}] * len(visitors)


def test_processes_that_start_at_once_share_one_server_be_there_nothing_a_stopped_or_a_crashed_one(
    ground: Ground, visitors: list[Visitor]
) -> None:
    server = ground.server()
    seen = set()
    for crashes in (False, True, False, True, False):
        begin_at_once(visitors, server)
        seen.add(identity(server))
        if crashes:
            kill(server)
        else:
            server.stop()
    assert len(seen) == 5


def test_a_start_beside_a_stop_is_either_before_or_after_it(running: EmbeddedPostgres, visitors: list[Visitor]) -> None:
    starting, stopping, _ = visitors
    for _ in range(ROUNDS):
        starting.send("begin", running)
        stopping.send("stop", running)
        assert starting.answer() == stopping.answer() == {}
        running.start()
        assert running.status().running


def test_programs_that_begin_at_once_where_there_is_nothing_all_get_a_migrated_database(
    ground: Ground, visitors: list[Visitor]
) -> None:
    server = EmbeddedPostgres(ground.folder / "data")
    ground.servers.append(server)
    for visitor in visitors:
        visitor.send("run", server)
    assert [visitor.answer() for visitor in visitors] == [{"tenants": 0, "pending": []}] * len(visitors)
