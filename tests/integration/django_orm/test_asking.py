"""A statement straight on the connection behaves as one of the driver's cursor, but that it may be prepared."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread, Timer
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, ProgrammingError, connections, transaction

from sre_copilot.adapters.django_orm import asking, sets
from sre_copilot.adapters.django_orm.renewing import renewing
from sre_copilot.adapters.django_orm.routing import ALIAS
from tests.integration.database import Database

pytestmark = pytest.mark.usefixtures("database")
PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE statement = %b"
ADDED = "SELECT %b::int8 + 1"
OFTEN = asking.ASKED_BEFORE + 2


def driver() -> psycopg.Connection[Any]:
    """The connection of this thread."""
    connections[ALIAS].ensure_connection()
    connection: psycopg.Connection[Any] | None = connections[ALIAS].connection
    assert connection is not None
    return connection


def prepared() -> int:
    """How many statements that add are prepared in the server."""
    return int(sets.ask(PREPARED, ["SELECT $1::int8 + 1"])[0][0])


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """A connection that nobody asked anything of."""
    connections[ALIAS].close()
    yield
    connections[ALIAS].close()


def test_what_is_asked_often_is_prepared_once_for_each_connection() -> None:
    sets.ask(ADDED, [1], prepared=True)
    assert prepared() == 0
    assert [sets.ask(ADDED, [number], prepared=True) for number in range(OFTEN)] == [
        [(number + 1,)] for number in range(OFTEN)
    ]
    assert prepared() == 1
    connections[ALIAS].close()
    assert prepared() == 0


def test_what_is_not_to_be_prepared_has_a_plan_of_its_own_each_time() -> None:
    for number in range(OFTEN):
        assert sets.ask(ADDED, [number]) == [(number + 1,)]
    assert prepared() == 0


def test_who_finds_a_prepared_statement_gone_prepares_it_again() -> None:
    for number in range(OFTEN):
        sets.ask(ADDED, [number], prepared=True)
    driver().execute("DEALLOCATE ALL")
    with pytest.raises(DatabaseError):
        sets.ask(ADDED, [7], prepared=True)
    assert sets.ask(ADDED, [7], prepared=True) == [(8,)]


def test_the_first_statement_begins_the_transaction() -> None:
    with transaction.atomic(using=ALIAS):
        sets.ask("SELECT set_config('sre_copilot.tenant_id', %b, true)", [str(UUID(int=1))])
        assert driver().info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
        transaction.set_rollback(True, using=ALIAS)
    assert sets.ask("SELECT current_setting('sre_copilot.tenant_id', true)", []) in ([("",)], [(None,)])


def test_an_error_is_djangos_and_has_the_drivers_as_its_cause() -> None:
    with pytest.raises(ProgrammingError) as raised:
        sets.ask("SELECT * FROM nowhere WHERE 1 = %b", [1])
    assert isinstance(raised.value.__cause__, psycopg.errors.UndefinedTable)
    assert raised.value.__cause__.diag.sqlstate == "42P01"


def test_nothing_is_asked_in_a_transaction_that_is_to_be_rolled_back() -> None:
    with transaction.atomic(using=ALIAS):
        transaction.set_rollback(True, using=ALIAS)
        with pytest.raises(transaction.TransactionManagementError):
            sets.ask(ADDED, [1])


def test_a_connection_that_the_server_ended_is_renewed(database: Database) -> None:
    ((pid,),) = sets.ask("SELECT pg_backend_pid()", [])
    with database.connect("superuser") as db:
        db.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert renewing(lambda: sets.ask(ADDED, [1])) == [(2,)]


def test_a_notice_is_no_answer() -> None:
    heard: list[str | None] = []
    driver().add_notice_handler(lambda said: heard.append(said.message_primary))
    sets.ask("SET client_min_messages = notice", [])
    sets.ask("DO $$ BEGIN RAISE NOTICE 'hm'; END $$", [])
    assert sets.ask(ADDED, [1]) == [(2,)]
    assert heard == ["hm"]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C interrupts, also where whoever runs this in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_cancels_what_is_asked() -> None:
    interruption = Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    interruption.start()
    with pytest.raises(KeyboardInterrupt), transaction.atomic(using=ALIAS):
        sets.ask("SELECT pg_sleep(60)", [])
    interruption.join()
    assert sets.ask(ADDED, [1]) == [(2,)]


@contextmanager
def pooler(host: str, port: str) -> Iterator[int]:
    """Somebody in between, on a port, who says of himself by which process a connection is served, as poolers do."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def pass_on(source: socket.socket, target: socket.socket, *, pretends: bool) -> None:
            with source, target:
                while data := source.recv(65536):
                    at = data.find(b"K\0\0\0\x0c") if pretends else -1
                    target.sendall(data if at < 0 else data[: at + 5] + b"\x7f\1\2\3" + data[at + 9 :])

        def serve() -> None:
            caller, _ = door.accept()
            server = socket.socket(socket.AF_UNIX if host.startswith("/") else socket.AF_INET)
            server.connect(f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, int(port)))
            Thread(target=pass_on, args=(caller.dup(), server.dup()), kwargs={"pretends": False}, daemon=True).start()
            pass_on(server, caller, pretends=True)

        Thread(target=serve, daemon=True).start()
        yield door.getsockname()[1]


def test_nothing_is_prepared_where_a_pooler_may_change_the_process(database: Database) -> None:
    direct = driver().info
    with (
        pooler(direct.host, str(direct.port)) as port,
        psycopg.connect(
            database.urls.app, host="127.0.0.1", port=port, sslmode="disable", gssencmode="disable", connect_timeout=5
        ) as db,
    ):
        for _ in range(OFTEN):
            assert asking.rows(db, ADDED, [1], prepared=True) == [(2,)]
        assert asking.rows(db, "SELECT count(*) FROM pg_prepared_statements", []) == [(0,)]
