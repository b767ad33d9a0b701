"""The worker: takes jobs and has their handlers run in threads, for as long as it is let, whatever the database does."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID

import attrs
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext
from procrastinate.worker import Worker

from sre_copilot.adapters.jobs.attempts import Attempts, error_code, fields_of, whereabouts
from sre_copilot.adapters.jobs.fenced import FencedJobManager
from sre_copilot.adapters.jobs.threads import close_connections
from sre_copilot.application.ports.jobs import HEARTBEAT, SILENCE, Handler, Job

LOOK_FOR_JOBS = 2.0
"""Seconds between two looks for jobs that no notification told of, such as those whose time has come."""
CONNECTION_WAIT = 5.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
"""Seconds between two tries to reach the database."""
NOTICES_DEAD_PEERS = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""So that a server that vanished without a word is noticed within about ten seconds."""

log = logging.getLogger(__name__)


@attrs.define(kw_only=True)
class JobWorker:
    """Runs jobs of the kinds that have a handler, `concurrency` at a time. Start it once; all methods are for one thread.

    `name` tells it from others in the log; `url` says how to sign in as the app role. `release` is called by a thread
    after each job, `close` at its end; `revive` whenever the database is away.
    """

    name: str
    url: str = attrs.field(repr=False)
    handlers: Mapping[str, Handler]
    concurrency: int
    release: Callable[[], None] = lambda: None
    close: Callable[[], None] = lambda: None
    revive: Callable[[], object] = lambda: None
    _main: ThreadPoolExecutor = attrs.field(factory=lambda: ThreadPoolExecutor(1, "worker"), init=False)
    _life: "_Life | None" = attrs.field(default=None, init=False)
    _ended: "Future[None] | None" = attrs.field(default=None, init=False)

    def start(self) -> "Future[None]":
        """Begin, and return what is done when the worker has ended, or has the error that ended it."""
        self._life = _Life(self)
        self._ended = self._main.submit(asyncio.run, self._life.live())
        return self._ended

    def stop(self) -> None:
        """Take no more jobs, and end when those that run have ended."""
        if self._life is not None:
            self._life.stop()

    def abandon(self) -> None:
        """Give back what runs after all, so that others take it over at once; for right before the process ends."""
        if self._life is not None and self._ended is not None and not self._ended.done():
            self._life.abandon()


class _Worker(Worker):
    """Procrastinate's, which says when it has begun and when it begins to end."""

    def __init__(self, app: App, **options: Any) -> None:
        super().__init__(app, install_signal_handlers=False, **options)
        self.began, self.ending = asyncio.Event(), asyncio.Event()

    async def _run_loop(self) -> None:
        self.began.set()
        await super()._run_loop()  # type: ignore[no-untyped-call]  # as the library has it

    async def _shutdown(self, side_tasks: list[asyncio.Task[Any]]) -> None:
        self.ending.set()
        await super()._shutdown(side_tasks)


class _Connector(PsycopgConnector):
    """Procrastinate's, whose pool needs no database when it is opened: it finds one whenever there is one."""

    async def open_async(self, pool: Any = None) -> None:
        if self._async_pool is None:
            self._async_pool = await self._create_pool(self._pool_args)
            await self._async_pool.open(wait=False)


class _Life:
    """What happens in the worker's event loop: one procrastinate worker after the other, each until the database is away.

    One that lost the database ends only when its jobs have; meanwhile the next one begins.
    """

    def __init__(self, of: JobWorker) -> None:
        self._of = of
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._wanted_to_stop = False
        self._runs: dict[_Worker, asyncio.Task[None]] = {}
        self._attempts = Attempts()
        self._reviving = ThreadPoolExecutor(1, "revive")

    async def live(self) -> None:
        """Work until `stop`, then until all jobs have ended."""
        self._loop = asyncio.get_running_loop()
        threads = ThreadPoolExecutor(self._of.concurrency, thread_name_prefix="job")
        self._loop.set_default_executor(threads)
        if self._wanted_to_stop:
            self._stopping.set()
        self._app = self._made_app()
        await self._app.open_async()
        beat = asyncio.create_task(self._beat())
        try:
            await self._work()
            if self._runs:
                await asyncio.wait(self._runs.values())
            # Nothing else happens in this loop any more.
            close_connections(threads, self._of.concurrency, self._of.close)
        finally:
            beat.cancel()
            with suppress(ConnectorException):
                await self._app.close_async()

    def stop(self) -> None:
        """May be called from another thread."""
        self._wanted_to_stop = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)

    def abandon(self) -> None:
        """May be called from another thread: without a row of its own a worker's jobs are orphans at once."""
        assert self._loop is not None
        workers = [worker.worker_id for worker in self._runs if worker.worker_id is not None]

        async def unregister() -> None:
            for worker_id in workers:
                await self._app.job_manager.unregister_worker(worker_id)

        # Without the database they are taken over when the worker has been silent for long enough.
        with suppress(ConnectorException, TimeoutError):
            asyncio.run_coroutine_threadsafe(unregister(), self._loop).result(CONNECTION_WAIT)

    async def _work(self) -> None:
        pause, away = SHORTEST_PAUSE, False
        while not self._stopping.is_set():
            worker = _Worker(self._app, **self._options())
            run = self._runs[worker] = asyncio.create_task(worker.run())  # type: ignore[no-untyped-call]
            run.add_done_callback(partial(self._has_ended, worker))
            await self._any_of(run, worker.began.wait())
            if worker.began.is_set():
                event = "database is back" if away else "worker takes jobs"
                log.info(event, extra={"lane": self._of.name, "worker": worker.worker_id})
                pause, away = SHORTEST_PAUSE, False
                await self._any_of(run, worker.ending.wait())
            worker.stop()  # type: ignore[no-untyped-call]
            if self._stopping.is_set():
                return
            if not away:
                said = {"lane": self._of.name, "error": _cause(run)}
                log.warning("database is away; trying until it is back", extra=said)
            away = True
            reviving = self._reviving.submit(self._of.revive)
            await self._any_of(reviving)
            if reviving.done() and (failed := reviving.exception()) is not None:
                log.error("database can't be started", extra={"error": error_code(failed)})
            await self._any_of(asyncio.sleep(pause))
            pause = min(2 * pause, LONGEST_PAUSE)

    def _has_ended(self, worker: _Worker, run: "asyncio.Task[None]") -> None:
        del self._runs[worker]
        error = None if run.cancelled() else run.exception()
        if error is not None and not isinstance(error, ConnectorException):
            log.error("worker ended", extra={"error": error_code(error), "where": whereabouts(error)})

    async def _any_of(self, *awaited: "Coroutine[Any, Any, Any] | asyncio.Task[Any] | Future[Any]") -> None:
        """Wait for one of them, or for `stop`. Whatever else they are goes on, only coroutines are ended."""
        own = [asyncio.ensure_future(one) for one in (*awaited, self._stopping.wait()) if asyncio.iscoroutine(one)]
        others = [
            one if isinstance(one, asyncio.Task) else asyncio.wrap_future(one)
            for one in awaited
            if not asyncio.iscoroutine(one)
        ]
        done, _ = await asyncio.wait([*own, *others], return_when=asyncio.FIRST_COMPLETED)
        for one in own:
            one.cancel()
        for ended in done:
            # Looked at, so that asyncio doesn't complain; whoever waits looks itself.
            ended.cancelled() or ended.exception()

    async def _beat(self) -> None:
        """Show signs of life for workers that are ending too: procrastinate's own stop before its jobs do."""
        while True:
            await asyncio.sleep(HEARTBEAT.total_seconds())
            for worker in list(self._runs):
                if worker.worker_id is not None:
                    with suppress(ConnectorException):
                        await self._app.job_manager.update_heartbeat(worker.worker_id)

    def _options(self) -> dict[str, Any]:
        return {
            "queues": list(self._of.handlers),
            "concurrency": self._of.concurrency,
            "fetch_job_polling_interval": LOOK_FOR_JOBS,
            # Nobody aborts our jobs.
            "abort_job_polling_interval": 3600.0,
            "update_heartbeat_interval": HEARTBEAT.total_seconds(),
            "stalled_worker_timeout": SILENCE.total_seconds(),
        }

    def _made_app(self) -> App:
        connector = _Connector(
            conninfo=self._of.url,
            min_size=1,
            max_size=4,
            timeout=CONNECTION_WAIT,
            # The pool's own pauses between two tries get as long as this; ours are short.
            reconnect_timeout=CONNECTION_WAIT,
            kwargs=NOTICES_DEAD_PEERS,
        )
        app = App(connector=connector)
        app.job_manager = FencedJobManager(connector, self._attempts)
        for kind, handler in self._of.handlers.items():
            task = app.task(name=kind, queue=kind, retry=self._attempts, pass_context=True)
            task(_doing(handler, self._of.release))
        return app


def _doing(handler: Handler, release: Callable[[], None]) -> Callable[..., None]:
    """What procrastinate calls for a job of one kind, in a thread."""

    def do(context: JobContext, *, tenant_id: str, arguments: dict[str, str | int], last_error: str = "") -> None:
        started = time.monotonic()
        stored = context.job
        try:
            handler(_job(stored.task_name, tenant_id, arguments, stored.lock))
        finally:
            release()
        seconds = round(time.monotonic() - started, 3)
        log.info("job done", extra={**fields_of(stored), "attempt": stored.attempts + 1, "seconds": seconds})

    return do


def _job(kind: str, tenant_id: str, arguments: Mapping[str, str | int], lock: str | None) -> Job:
    one_at_a_time = lock.removeprefix(f"{tenant_id}:") if lock is not None else None
    return Job(kind=kind, tenant_id=UUID(tenant_id), arguments=arguments, one_at_a_time=one_at_a_time)


def _cause(run: "asyncio.Task[None]") -> str:
    """Of what a procrastinate worker ended, as far as it has. Raises what has nothing to do with the database."""
    error = run.exception() if run.done() and not run.cancelled() else None
    if error is None:
        return "connection lost"
    if not isinstance(error, ConnectorException):
        raise error
    return type(error.__cause__ or error).__name__
