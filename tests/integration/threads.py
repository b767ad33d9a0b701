"""Several at the same moment, each with a connection of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from sre_copilot.adapters.django_orm import setup
from sre_copilot.domain.errors import CopilotError

T = TypeVar("T")


def at_once(*works: Callable[[], T]) -> Sequence[T | CopilotError]:
    """Start all of them together, each in a thread; return what each returned, or what refused it."""
    ready = Barrier(len(works))

    def run(work: Callable[[], T]) -> T | CopilotError:
        ready.wait(timeout=10)
        try:
            return work()
        except CopilotError as error:
            return error
        finally:
            setup.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
