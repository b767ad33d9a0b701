"""Whatever is killed at whatever moment, the next start works."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from tests.integration.postgres.ground import (
    Ground,
    data,
    eventually,
    identity,
    is_alive,
    kill,
    postmaster,
    store,
    stored,
)


@pytest.fixture
def program() -> Iterator["subprocess.Popen[bytes]"]:
    """Another program that lives, and that ends where anybody signals it."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_a_start_after_a_crash_finds_what_was_stored(running: EmbeddedPostgres) -> None:
    store(running, "crash")
    before = identity(running)
    kill(running)
    running.start()
    assert identity(running) != before
    assert "crash" in str(stored(running))


def test_a_pid_file_that_names_another_living_program_stops_no_start(
    running: EmbeddedPostgres, program: "subprocess.Popen[bytes]"
) -> None:
    name_in_pid_file(running, kill(running), program.pid)
    running.start()
    assert postmaster(running) != program.pid
    assert program.poll() is None


def test_a_stop_never_ends_another_program_that_a_pid_file_names(
    running: EmbeddedPostgres, program: "subprocess.Popen[bytes]"
) -> None:
    name_in_pid_file(running, kill(running), program.pid)
    running.stop()
    assert not running.status().running
    assert program.poll() is None


def name_in_pid_file(server: EmbeddedPostgres, old: int, new: int) -> None:
    path = data(server) / "postmaster.pid"
    text = path.read_text()
    assert text.startswith(f"{old}\n")
    path.write_text(text.replace(f"{old}\n", f"{new}\n", 1))


@pytest.mark.parametrize("text", ["", "4711", "4711\n/nowhere\n"])
def test_a_pid_file_that_was_cut_off_stops_no_start(running: EmbeddedPostgres, text: str) -> None:
    kill(running)
    (data(running) / "postmaster.pid").write_text(text)
    running.start()
    assert running.status().running


def test_a_stop_right_after_a_crash_is_no_error(running: EmbeddedPostgres) -> None:
    os.kill(postmaster(running), signal.SIGKILL)
    running.stop()
    assert not running.status().running


def test_a_lock_file_that_somebody_took_away_makes_no_second_server(running: EmbeddedPostgres) -> None:
    before, number = identity(running), postmaster(running)
    (running.data_folder / "server.lock").unlink()
    running.start()
    assert identity(running) == before
    running.stop()
    assert not is_alive(number)


def test_leftovers_of_a_killed_server_are_gone_after_a_start_and_a_stop(running: EmbeddedPostgres) -> None:
    kill(running)
    running.start()
    running.stop()
    names = {path.name for path in running.status().folder.rglob("*")}
    assert not names & {"postmaster.pid", ".s.PGSQL.5432", ".s.PGSQL.5432.lock"}


@pytest.mark.parametrize("sign", ["data.new/base", "data"])
def test_what_is_killed_while_it_makes_the_database_is_made_anew(ground: Ground, sign: str) -> None:
    """In the middle of initdb, which goes on meanwhile, and before the roles are there."""
    server = ground.server()
    visitor = ground.visitor()
    visitor.send("start", server)
    eventually((server.data_folder / "postgres" / sign).exists)
    visitor.end()
    server.start()
    store(server, "made")
    assert stored(server) == "made"
    left = {path.name for path in server.data_folder.iterdir()} | {p.name for p in server.status().folder.iterdir()}
    assert not left & {"data.new", "superuser-password"}


def test_a_server_whose_folder_was_deleted_takes_nothing_of_its_successor_along(ground: Ground) -> None:
    """It notices within a minute and ends, removing the path of its socket; here it is told to."""
    server = ground.server()
    server.start()
    forgotten = postmaster(server)
    shutil.rmtree(server.data_folder)
    server.start()
    os.kill(forgotten, signal.SIGQUIT)
    eventually(lambda: not is_alive(forgotten))
    assert server.status().running
    assert postmaster(server) != forgotten
