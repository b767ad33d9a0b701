"""Threads that use the database, each over a connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Barrier

PATIENCE = 5.0
"""Seconds until all threads of a pool have nothing else to do."""


def close_connections(pool: ThreadPoolExecutor, size: int, close: Callable[[], None]) -> None:
    """Let each of the `size` threads of an idle pool close its own connection: nobody else can."""
    together = Barrier(size)

    def last() -> None:
        # No thread may take two of these.
        together.wait(PATIENCE)
        close()

    wait([pool.submit(last) for _ in range(size)], PATIENCE)
