"""Turns on PostgreSQL: one at a time, and lost with whoever has them."""

import pytest

from sre_copilot.adapters.postgres.turns import PostgresTurns
from sre_copilot.adapters.system import new_id
from sre_copilot.domain.errors import DatabaseUnavailable
from tests.integration.database import Database


def test_a_turn_is_one_persons_until_it_ends(database: Database) -> None:
    turns, name = PostgresTurns(database.urls.app), str(new_id())
    first = turns.take(name)
    assert first is not None
    assert first.is_ours()
    assert turns.take(name) is None
    other = turns.take(str(new_id()))
    assert other is not None
    first.end()
    assert not first.is_ours()
    second = turns.take(name)
    assert second is not None
    for turn in (second, other):
        turn.end()


def test_a_turn_is_lost_with_its_connection_and_somebody_else_has_it_at_once(database: Database) -> None:
    turns, name = PostgresTurns(database.urls.app), str(new_id())
    lost = turns.take(name)
    assert lost is not None
    with database.connect("superuser") as db:
        db.execute("SELECT pg_terminate_backend(%s, 5000)", [lost.connection.info.backend_pid])
    taken = turns.take(name)
    assert taken is not None
    assert not lost.is_ours()
    taken.end()


def test_without_a_database_there_are_no_turns() -> None:
    with pytest.raises(DatabaseUnavailable):
        PostgresTurns("postgresql://nobody@127.0.0.1:1/none").take("a")
