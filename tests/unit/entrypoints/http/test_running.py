"""One copilot per process, and its database that comes and goes."""

import attrs
import pytest

from sre_copilot.application.copilot import Copilot
from sre_copilot.domain.errors import DatabaseNotReady, DatabaseUnavailable, EnvironmentFault
from sre_copilot.entrypoints.http import running as module
from sre_copilot.entrypoints.http.running import Running
from sre_copilot.testing.stage import copilot


@attrs.define
class World:
    """A database that may be away, and how often somebody looked after it."""

    away: bool = False
    opened: int = 0
    revived: int = 0
    missing: tuple[str, ...] = ()
    made: Copilot = attrs.field(factory=copilot)

    def open(self) -> Copilot:
        self._refuse()
        self.opened += 1
        return self.made

    def revive(self) -> None:
        self._refuse()
        self.revived += 1
        if self.missing:
            raise DatabaseNotReady

    def pending(self) -> tuple[str, ...]:
        self._refuse()
        return self.missing

    def _refuse(self) -> None:
        if self.away:
            raise DatabaseUnavailable


def serving(world: World) -> Running:
    return Running(world.open, world.revive, world.pending, patience=0.0)


def test_a_copilot_is_opened_once() -> None:
    world = World()
    running = serving(world)
    assert running.copilot() is running.copilot() is world.made
    assert world.opened == 1


def test_a_copilot_that_could_not_be_opened_is_opened_later() -> None:
    world = World(away=True)
    running = serving(world)
    with pytest.raises(DatabaseUnavailable):
        running.copilot()
    world.away = False
    assert running.copilot() is world.made


def test_attempts_are_not_made_more_often_than_is_good() -> None:
    world = World(away=True)
    running = Running(world.open, world.revive, world.pending, patience=3600.0)
    with pytest.raises(DatabaseUnavailable):
        running.copilot()
    world.away = False
    with pytest.raises(DatabaseUnavailable):
        running.copilot()


def test_a_database_that_was_found_away_is_looked_after_once() -> None:
    world = World()
    running = serving(world)
    running.copilot()
    running.lost_database()
    running.copilot()
    running.copilot()
    assert (world.opened, world.revived) == (1, 1)


def test_where_the_database_stays_away_everybody_is_told() -> None:
    world = World()
    running = serving(world)
    running.copilot()
    world.away = True
    running.lost_database()
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            running.copilot()
    world.away = False
    assert running.copilot() is world.made


def test_ready_is_who_has_a_database_that_lacks_nothing() -> None:
    world = World()
    running = serving(world)
    running.check()
    world.away = True
    with pytest.raises(DatabaseUnavailable):
        running.check()
    world.away = False
    running.check()
    assert world.revived == 1
    world.missing = ("0001_tables",)
    with pytest.raises(DatabaseNotReady):
        running.check()


def test_while_one_opens_it_the_others_do_not_wait() -> None:
    world = World()
    told: list[EnvironmentFault] = []

    def open_slowly() -> Copilot:
        with pytest.raises(EnvironmentFault) as raised:
            running.copilot()
        told.append(raised.value)
        return world.made

    running = Running(open_slowly)
    assert running.copilot() is world.made
    assert "being opened" in str(told[0])


def test_a_process_serves_what_it_is_told_to() -> None:
    world = World()
    module.use(world.made)
    assert module.copilot() is world.made
    module.use(serving(world))
    module.copilot()
    module.lost_database()
    module.copilot()
    assert world.revived == 1
    module.forget()
    module.lost_database()
