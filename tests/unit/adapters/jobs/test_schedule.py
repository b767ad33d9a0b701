"""Running the schedule: when it is due, once, and whatever happens to a run, its thread or the database."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from datetime import datetime, timedelta
from threading import Event, get_ident
from time import monotonic, sleep

import attrs
import pytest

from sre_copilot.adapters.jobs.schedule import HOLD, LOOK_AGAIN, PROLONG, Chore, ScheduleRunner
from sre_copilot.application.ports.schedule import FinishedRun
from sre_copilot.domain.errors import DatabaseUnavailable
from sre_copilot.testing.clock import BEGINNING, ManualClock
from sre_copilot.testing.schedule import InMemoryScheduleRuns

EVERY = timedelta(seconds=5)
PATIENCE = 10.0


@attrs.define
class Shaky(InMemoryScheduleRuns):
    """Runs that can't be reached at times."""

    is_away: bool = False

    def claim(self, name: str, *, holder: str, now: datetime, until: datetime) -> bool:
        self._refuse()
        return super().claim(name, holder=holder, now=now, until=until)

    def finish(self, name: str, run: FinishedRun, *, holder: str, next_at: datetime) -> bool:
        self._refuse()
        return super().finish(name, run, holder=holder, next_at=next_at)

    def _refuse(self) -> None:
        if self.is_away:
            raise DatabaseUnavailable


@attrs.define
class Work:
    """What a chore does: it is counted, and may be held up or fail."""

    error: Exception | None = None
    may_end: Event = attrs.field(factory=Event)
    began: list[datetime] = attrs.field(factory=list)

    def __call__(self, now: datetime) -> str:
        self.began.append(now)
        assert self.may_end.wait(PATIENCE)
        if self.error is not None:
            raise self.error
        return f"round {len(self.began)}"


@attrs.frozen
class Here:
    """One process that runs the schedule."""

    runner: ScheduleRunner
    runs: Shaky
    clock: ManualClock

    def tick_until(self, done: Callable[[], bool]) -> None:
        """Tick, without letting time pass, until something has happened."""
        deadline = monotonic() + PATIENCE
        while not done():
            assert monotonic() < deadline
            self.runner.tick()
            sleep(0.01)

    def last(self, name: str = "probe") -> FinishedRun | None:
        state = self.runs.all(self.clock.now()).get(name)
        return state.last if state else None

    def runs_now(self, name: str = "probe") -> bool:
        state = self.runs.all(self.clock.now()).get(name)
        return state is not None and state.running_since is not None


@pytest.fixture
def work() -> Iterator[Work]:
    doing = Work()
    doing.may_end.set()
    yield doing
    doing.may_end.set()


def process(work: Work, *, runs: Shaky | None = None, clock: ManualClock | None = None, holder: str = "a") -> Here:
    own, time = runs or Shaky(), clock or ManualClock()
    chore = Chore(name="probe", every=EVERY, run=work)
    return Here(ScheduleRunner(chores=[chore], runs=own, clock=time, holder=holder), own, time)


def test_what_is_due_runs_and_then_rests_until_its_time_has_come(work: Work) -> None:
    here = process(work)
    here.tick_until(lambda: here.last() is not None)
    assert here.last() == FinishedRun(started_at=BEGINNING, finished_at=BEGINNING, ok=True, result="round 1")
    here.clock.advance(EVERY - timedelta(seconds=1))
    here.runner.tick()
    assert len(work.began) == 1
    here.clock.advance(timedelta(seconds=1))
    here.tick_until(lambda: len(work.began) == 2)
    assert work.began[1] == BEGINNING + EVERY


def test_two_processes_run_an_entry_once(work: Work) -> None:
    one = process(work)
    other = process(work, runs=one.runs, clock=one.clock, holder="b")
    for _ in range(3):
        one.runner.tick()
        other.runner.tick()
    one.tick_until(lambda: one.last() is not None)
    other.runner.tick()
    assert len(work.began) == 1


def test_a_run_that_takes_long_is_prolonged_and_not_begun_a_second_time(work: Work) -> None:
    here = process(work)
    other = process(Work(), runs=here.runs, clock=here.clock, holder="b")
    work.may_end.clear()
    here.tick_until(here.runs_now)
    for _ in range(10):
        here.clock.advance(PROLONG)
        here.runner.tick()
        other.runner.tick()
        assert here.runs_now()
    work.may_end.set()
    here.tick_until(lambda: len(work.began) == 2)
    assert work.began == [BEGINNING, here.clock.now()], "the next one is due long since, and begins when this one ends"


def test_what_a_process_ran_that_died_is_run_by_another(work: Work) -> None:
    dead = process(held := Work())
    dead.tick_until(dead.runs_now)
    heir = process(work, runs=dead.runs, clock=dead.clock, holder="b")
    heir.runner.tick()
    assert work.began == []
    dead.clock.advance(max(HOLD, LOOK_AGAIN, EVERY))
    heir.tick_until(lambda: heir.last() is not None)
    held.may_end.set()
    dead.tick_until(lambda: not dead.runner._running)
    last = heir.last()
    assert last is not None
    assert last.started_at == dead.clock.now(), "the late end of the first run is not kept"


def test_a_run_that_fails_is_told_and_kept_and_runs_again(work: Work, caplog: pytest.LogCaptureFixture) -> None:
    here = process(work)
    work.error = ValueError("xoxb-planted-canary")
    here.tick_until(lambda: here.last() is not None)
    last = here.last()
    assert last is not None
    assert (last.ok, last.result) == (False, "ValueError")
    (record,) = caplog.records
    assert (record.levelno, vars(record)["entry"]) == (logging.ERROR, "probe")
    assert "canary" not in repr(vars(record))
    work.error = None
    here.clock.advance(EVERY)
    here.tick_until(lambda: (last := here.last()) is not None and last.ok)


def test_a_slow_entry_holds_up_no_other_one(work: Work) -> None:
    slow, clock, runs = Work(), ManualClock(), Shaky()
    chores = [Chore(name="slow", every=EVERY, run=slow), Chore(name="probe", every=EVERY, run=work)]
    here = Here(ScheduleRunner(chores=chores, runs=runs, clock=clock, holder="a"), runs, clock)
    for _ in range(3):
        rounds = len(work.began)
        here.tick_until(lambda rounds=rounds: len(work.began) == rounds + 1 and not here.runs_now())  # type: ignore[misc]
        clock.advance(EVERY)
    assert len(slow.began) == 1
    slow.may_end.set()


def test_without_a_database_nothing_begins_and_what_ended_is_kept_when_it_is_back(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    here = process(work)
    work.may_end.clear()
    here.tick_until(here.runs_now)
    here.runs.is_away = True
    work.may_end.set()
    for _ in range(20):
        here.runner.tick()
        sleep(0.01)
    assert here.last() is None
    here.runs.is_away = False
    here.tick_until(lambda: here.last() is not None)
    assert [record.message for record in caplog.records] == ["schedule waits for the database", "schedule goes on"]


def test_it_lets_what_runs_end_when_it_is_stopped_and_closes_the_connection_of_every_thread(work: Work) -> None:
    closed: set[int] = set()
    here = process(work)
    runner = attrs.evolve(here.runner, close=lambda: closed.add(get_ident()))
    work.may_end.clear()
    ended = runner.start()
    deadline = monotonic() + PATIENCE
    while not work.began:
        assert monotonic() < deadline
        sleep(0.01)
    runner.stop()
    assert wait([ended], 0.3).not_done
    work.may_end.set()
    ended.result(PATIENCE)
    assert here.last() is not None
    assert len(closed) == 2, "the thread of the entry, and the runner's own"
