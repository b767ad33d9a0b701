"""`sre-copilot up`: everything in one, and what dies is started again."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.installation import Installation
from tests.e2e.server import PATIENCE, Server, awaited, serving


@pytest.fixture
def up(installation: Installation) -> Iterator[Server]:
    """Everything in one, running."""
    with serving(installation, "up") as running:
        awaited(lambda: bool(running.told), "the start screen")
        yield running


def test_it_says_where_everything_is_and_then_what_happens_line_by_line(up: Server) -> None:
    screen = "".join(up.told)
    assert f"http://127.0.0.1:{up.port}/docs" in screen
    assert "/webhooks/" in screen
    assert "Ctrl-C" in screen
    up.ask("GET", "/nothing-here").expect(404)
    awaited(lambda: any("/nothing-here" in line for line in up.lines), "the line of the request")
    assert all(row["event"] for row in up.logged())


def parts(up: Server) -> dict[str, int]:
    """Its parts by name; a process that serves may have given itself a title."""
    titles: dict[int, bytes] = {}
    for child in up.children():
        # One that has just died is no part any more.
        with suppress(FileNotFoundError, ProcessLookupError):
            titles[child] = Path(f"/proc/{child}/cmdline").read_bytes()
    return {
        "server" if b"\0serve\0" in title or b"granian" in title else "worker": child for child, title in titles.items()
    }


@pytest.mark.parametrize(("part", "event"), [("server", "listening"), ("worker", "worker started")])
def test_a_part_that_is_killed_is_started_again(up: Server, part: str, event: str) -> None:
    killed = parts(up)[part]
    os.kill(killed, signal.SIGKILL)
    awaited(lambda: parts(up).get(part, killed) != killed, "another one")
    awaited(lambda: [row["event"] for row in up.logged()].count(event) == 2, "its beginning")
    awaited(lambda: up.answers("/readyz"), "an answer")
    assert any("SIGKILL" in row["event"] for row in up.logged())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_everything_that_it_started(up: Server, number: signal.Signals) -> None:
    children = up.children()
    assert up.end(number) == 0
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert {"stopped", "worker stopped"} <= {row["event"] for row in up.logged()}


def test_where_it_is_killed_its_parts_end_by_themselves(up: Server) -> None:
    children = up.children()
    up.process.kill()
    up.process.wait(PATIENCE)
    awaited(lambda: not any(Path(f"/proc/{child}").exists() for child in children), "their end")


def test_a_part_that_cannot_begin_ends_it_with_the_reason(installation: Installation, server: Server) -> None:
    answer = installation.call("up", "--port", str(server.port))
    assert answer.code == 5
    assert f"port {server.port}" in answer.err
    assert answer.out == ""
