"""Two ways to send a storm: as fast as it is answered, and at fixed times whether or not it is."""

import asyncio
import gc
import itertools
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import attrs

from benchmarks.ingest.bodies import Post
from benchmarks.ingest.connection import NONE, PATIENCE, Answer, Connection

MOST_CONNECTIONS = 64
"""Of the client that sends at fixed times; what finds none free waits, and its wait counts."""


@attrs.define(kw_only=True)
class Load:
    """What was sent and how it was answered; the latencies, in seconds, are those of acknowledged posts."""

    answers: list[tuple[Post, Answer]] = attrs.field(factory=list, repr=False)
    latencies: list[float] = attrs.field(factory=list, repr=False)
    seconds: float = 0.0
    client_seconds: float = 0.0
    """Processor time of the client."""

    @property
    def acknowledged(self) -> list[Post]:
        """The posts that the server took."""
        return [post for post, answer in self.answers if answer.is_success]

    @property
    def alerts(self) -> int:
        """How many alerts were acknowledged."""
        return sum(post.alerts for post in self.acknowledged)

    @property
    def failing(self) -> int:
        """How many posts were not."""
        return sum(not answer.is_success for _, answer in self.answers)

    @property
    def statuses(self) -> dict[str, int]:
        """How often each status was answered, 0 for no answer."""
        return {str(status): count for status, count in Counter(answer.status for _, answer in self.answers).items()}

    def latency_ms(self, share: float) -> float:
        """A percentile of the latencies, in milliseconds."""
        ordered = sorted(self.latencies) or [math.nan]
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000

    def note(self, post: Post, answer: Answer, latency: float) -> None:
        """Add what became of a post, without its body: there may be millions."""
        self.answers.append((attrs.evolve(post, body=b""), answer))
        if answer.is_success:
            self.latencies.append(latency)

    def plus(self, other: "Load") -> "Load":
        """Both, as far as what was sent is concerned."""
        return Load(answers=[*self.answers, *other.answers])


@attrs.frozen(kw_only=True)
class Door:
    """Where posts go: `wrapped` makes a request of a body."""

    port: int
    wrapped: Callable[[bytes], bytes]

    async def send(self, connection: Connection, post: Post) -> tuple[Connection, Answer]:
        """Send a post; the connection comes back as a new one where it has ended."""
        if not connection.is_open:
            connection = await Connection.opened(self.port)
        try:
            return connection, await asyncio.wait_for(connection.exchange(self.wrapped(post.body)), PATIENCE)
        except TimeoutError:
            connection.close()
            return connection, NONE


def closed_loop(door: Door, posts: Iterator[Post], *, seconds: float, connections: int) -> Load:
    """Send posts over so many connections, on each the next one as soon as the last is answered."""
    return asyncio.run(_closed_loop(door, posts, seconds, connections))


async def _closed_loop(door: Door, posts: Iterator[Post], seconds: float, connections: int) -> Load:
    load = Load()
    opened = [await Connection.opened(door.port) for _ in range(connections)]
    with _undisturbed():
        used, begin = time.process_time(), time.perf_counter()

        async def sender(connection: Connection) -> None:
            while time.perf_counter() - begin < seconds and (post := next(posts, None)) is not None:
                sent = time.perf_counter()
                connection, answer = await door.send(connection, post)
                load.note(post, answer, time.perf_counter() - sent)
            connection.close()

        await asyncio.gather(*map(sender, opened))
        load.seconds, load.client_seconds = time.perf_counter() - begin, time.process_time() - used
    return load


def open_loop(door: Door, posts: Iterator[Post], *, seconds: float, per_second: float) -> Load:
    """Send so many posts a second, each at its time; the latency counts from that time."""
    return asyncio.run(_open_loop(door, posts, seconds, per_second))


async def _open_loop(door: Door, posts: Iterator[Post], seconds: float, per_second: float) -> Load:
    load = Load()
    free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
    for _ in range(MOST_CONNECTIONS):
        free.put_nowait(await Connection.opened(door.port))

    async def sent(post: Post, due: float) -> None:
        connection, answer = await door.send(await free.get(), post)
        load.note(post, answer, time.perf_counter() - due)
        free.put_nowait(connection)

    with _undisturbed():
        used, begin = time.process_time(), time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, post in enumerate(itertools.islice(posts, int(seconds * per_second))):
                due = begin + number / per_second
                if (early := due - time.perf_counter()) > 0:
                    await asyncio.sleep(early)
                group.create_task(sent(post, due))
        load.seconds, load.client_seconds = time.perf_counter() - begin, time.process_time() - used
    while not free.empty():
        free.get_nowait().close()
    return load


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without pauses of our own garbage collector, which would be taken for the server's."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def taken(posts: Iterable[Post], alerts: int) -> Sequence[Post]:
    """As many of the first posts as hold so many alerts."""
    held: list[Post] = []
    left = alerts
    for post in posts:
        if left <= 0:
            break
        held.append(post)
        left -= post.alerts
    return held
