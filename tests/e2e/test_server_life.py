"""The server through its life: it ends gracefully, outlives its database and its own processes."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPResponse
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from tests.e2e.installation import Installation
from tests.e2e.server import PATIENCE, Server, awaited, reply, serving
from tests.e2e.tenants import resident


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation whose database may be ended."""
    folder = tmp_path_factory.mktemp("own")
    made = Installation(data_folder=folder)
    made.call("migrate").expect(0)
    yield made
    EmbeddedPostgres(folder).erase()


def begin(server: Server) -> socket.socket:
    """Send a request but for the end of its body."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    connection.sendall(b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
    return connection


def finish(connection: socket.socket) -> HTTPResponse:
    """Send the rest, and return the answer."""
    connection.sendall(b"def")
    response = HTTPResponse(connection)
    response.begin()
    return response


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_was_accepted_is_answered_before_the_end(own: Installation, number: signal.Signals) -> None:
    with serving(own) as server:
        with begin(server) as slow:
            # One process alone accepts, so that another answer shows that the first request has arrived.
            server.ask("GET", "/healthz").expect(200)
            server.process.send_signal(number)
            awaited(lambda: not listens(server), "the end of listening")
            reply(finish(slow)).expect(405)
        assert server.end() == 0
        assert server.logged()[-1]["event"] == "stopped"


def test_who_is_asked_to_end_again_and_again_ends_as_gracefully(own: Installation) -> None:
    with serving(own) as server:
        deadline = time.monotonic() + PATIENCE
        while server.process.returncode is None:
            assert time.monotonic() < deadline, "it doesn't end"
            server.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                server.process.wait(0.2)
        assert server.end() == 0


def test_an_idle_connection_does_not_hold_up_the_end(own: Installation) -> None:
    with serving(own) as server, socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(65536).startswith(b"HTTP/1.1 200")
        assert server.end() == 0


def listens(server: Server) -> bool:
    """Whether anybody accepts connections there."""
    try:
        socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_process_that_is_killed_is_replaced(own: Installation) -> None:
    with serving(own) as server:
        (child,) = server.children()
        os.kill(child, signal.SIGKILL)
        awaited(lambda: server.children() not in ([], [child]), "another process")
        awaited(lambda: server.answers("/readyz"), "an answer")


def test_the_processes_of_a_killed_server_end_and_give_up_the_port(own: Installation) -> None:
    with serving(own, "serve", "--workers", "2") as server:
        children = server.children()
        server.process.kill()
        server.process.wait(PATIENCE)
        awaited(lambda: not listens(server), "the end of its processes")
        awaited(lambda: not any(Path(f"/proc/{child}").exists() for child in children), "their end")


FROZEN = """
import ctypes, signal, threading
from sre_copilot.entrypoints.http.server import end_as_an_orphan

# C that is called so keeps every other thread of Python from running.
signal.signal(signal.SIGTERM, lambda *_: ctypes.PyDLL(None).sleep(600))
threading.Thread(target=end_as_an_orphan, args=(threading.main_thread().ident,)).start()
signal.pause()
"""


def test_an_orphan_whose_threads_wait_for_each_other_for_ever_is_ended_all_the_same() -> None:
    orphan = subprocess.Popen([sys.executable, "-c", FROZEN])
    try:
        assert orphan.wait(PATIENCE) == -signal.SIGALRM
    finally:
        orphan.kill()


def test_while_the_database_is_away_requests_are_told_to_come_back_and_then_all_is_well(own: Installation) -> None:
    database = EmbeddedPostgres(own.data_folder)
    url = database.start().app
    secret = conninfo_to_dict(url)["password"]
    assert isinstance(secret, str)
    home = resident(own, "home")
    door, key = f"/webhooks/{home.ids['integration']}", {"Authorization": f"Bearer {home.key}"}
    body = b'{"title": "Search is empty", "service": "search"}'
    keys = str(own.data_folder / "keys.json")
    with serving(own, DATABASE_URL=url, SRE_COPILOT_KEYS=keys) as server:
        server.ask("GET", "/readyz").expect(200)
        server.ask("POST", door, body=body, headers=key).expect(202)
        database.stop()
        for method, path, sent in (("GET", "/readyz", None), ("POST", door, body), ("GET", "/api/v1/incidents", None)):
            told = server.ask(method, path, body=sent, headers=key if sent else home.headers()).expect(503)
            assert int(told.headers["retry-after"]) > 0
            assert told.document["code"] == "database_unavailable"
            # Whoever comes while the database is looked for is told to check address and password; neither is said.
            assert secret not in told.body.decode()
            assert url not in told.body.decode()
        server.ask("GET", "/healthz").expect(200)
        database.start()
        awaited(lambda: server.answers("/readyz"), "readiness")
        server.ask("POST", door, body=body, headers=key).expect(202)
        server.ask("GET", "/api/v1/incidents", headers=home.headers()).expect(200)


def test_an_embedded_database_that_died_is_started_again_by_who_needs_it(own: Installation) -> None:
    with serving(own) as server:
        EmbeddedPostgres(own.data_folder).stop()
        awaited(lambda: server.answers("/readyz"), "readiness")


def test_a_server_without_a_database_says_what_is_wrong_instead_of_serving(own: Installation) -> None:
    answer = own.call("serve", DATABASE_URL="postgresql://somebody:secret@127.0.0.1:1/none").expect(5)
    assert "can't be reached" in answer.err
    assert "secret" not in answer.err
