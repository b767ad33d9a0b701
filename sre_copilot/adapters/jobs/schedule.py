"""Running the schedule: every entry when it is due, once at a time over all processes."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Event

import attrs

from sre_copilot.adapters.jobs.attempts import error_code, whereabouts
from sre_copilot.adapters.jobs.threads import close_connections
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.jobs import SILENCE
from sre_copilot.application.ports.schedule import FinishedRun, ScheduleRuns
from sre_copilot.domain.errors import CopilotError

TICK = 0.2
"""Seconds between two looks at what is due; they ask nobody but the clock."""
AWAY_TICK = 1.0
HOLD = SILENCE
"""How long a run belongs to whoever has claimed or prolonged it. Were it longer, a worker that died while it looked for
stalled jobs would keep others from looking for its own."""
PROLONG = timedelta(seconds=4)
LOOK_AGAIN = timedelta(seconds=30)
"""At the latest after this time an entry is asked for again that somebody else runs; they might be gone."""

log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class Chore:
    """An entry of the schedule, ready to run: `run` is given the time and says in a few words what it did."""

    name: str
    every: timedelta
    run: Callable[[datetime], str]


@attrs.define
class _Running:
    chore: Chore
    started_at: datetime
    prolonged_at: datetime
    work: "Future[tuple[str, datetime]]"


@attrs.define(kw_only=True)
class ScheduleRunner:
    """Runs chores in threads until it is told to stop. Start it once.

    `holder` names this process among all that run the schedule; `release` is called by a thread after each run,
    `close` at its end.
    """

    chores: Sequence[Chore]
    runs: ScheduleRuns
    clock: Clock
    holder: str
    release: Callable[[], None] = lambda: None
    close: Callable[[], None] = lambda: None
    _stopping: Event = attrs.field(factory=Event, init=False)
    _running: dict[str, _Running] = attrs.field(factory=dict, init=False)
    _look_at: dict[str, datetime] = attrs.field(factory=dict, init=False)
    _is_away: bool = attrs.field(default=False, init=False)
    _main: ThreadPoolExecutor = attrs.field(factory=lambda: ThreadPoolExecutor(1, "schedule"), init=False)
    _threads: ThreadPoolExecutor = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        # One for each, so that a slow one holds up nothing but itself.
        self._threads = ThreadPoolExecutor(max(1, len(self.chores)), thread_name_prefix="chore")

    def start(self) -> "Future[None]":
        """Begin, and return what is done when the runner has ended, or has the error that ended it."""
        return self._main.submit(self._live)

    def stop(self) -> None:
        """Begin no more runs, and end when those that run have ended."""
        self._stopping.set()

    def _live(self) -> None:
        while not self._stopping.wait(AWAY_TICK if self._is_away else TICK):
            self.tick()
        while self._running:
            time.sleep(TICK)
            self.tick()
        close_connections(self._threads, self._threads._max_workers, self.close)
        self.close()

    def tick(self) -> None:
        """Keep what has ended, prolong what runs, begin what is due."""
        now = self.clock.now()
        for row in list(self._running.values()):
            if row.work.done():
                self._spared(row.chore, partial(self._finish, row, now))
            elif now - row.prolonged_at >= PROLONG:
                row.prolonged_at = now
                self._spared(row.chore, partial(self._prolong, row, now))
        for chore in self.chores:
            due = self._look_at.get(chore.name, now) <= now and chore.name not in self._running
            if due and not self._stopping.is_set():
                self._look_at[chore.name] = now + min(chore.every, LOOK_AGAIN)
                self._spared(chore, partial(self._begin, chore, now))

    def _begin(self, chore: Chore, now: datetime) -> None:
        if self.runs.claim(chore.name, holder=self.holder, now=now, until=now + HOLD):
            work = self._threads.submit(self._run, chore, now)
            self._running[chore.name] = _Running(chore, now, now, work)

    def _run(self, chore: Chore, now: datetime) -> tuple[str, datetime]:
        try:
            return chore.run(now), self.clock.now()
        finally:
            self.release()

    def _prolong(self, row: _Running, now: datetime) -> None:
        self.runs.prolong(row.chore.name, holder=self.holder, until=now + HOLD)

    def _finish(self, row: _Running, now: datetime) -> None:
        error = row.work.exception()
        result, at = (error_code(error), now) if error is not None else row.work.result()
        run = FinishedRun(started_at=row.started_at, finished_at=at, ok=error is None, result=result)
        next_at = max(now, row.started_at + row.chore.every)
        self.runs.finish(row.chore.name, run, holder=self.holder, next_at=next_at)
        # Only now: what could not be kept is kept with the next tick.
        del self._running[row.chore.name]
        self._look_at[row.chore.name] = next_at
        if error is not None:
            where = {} if isinstance(error, CopilotError) else {"where": whereabouts(error)}
            log.error("scheduled run failed", extra={"entry": row.chore.name, "error": result, **where})

    def _spared(self, chore: Chore, step: Callable[[], None]) -> None:
        """Whatever the database does, there is a next tick."""
        try:
            step()
        except CopilotError as error:
            if not self._is_away:
                log.warning("schedule waits for the database", extra={"entry": chore.name, "error": error.code})
            self._is_away = True
        else:
            if self._is_away:
                log.info("schedule goes on")
            self._is_away = False
