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

    def once(work: Callable[[], T]) -> Callable[[int], T]:
        return lambda _: work()

    (outcomes,) = in_rounds(1, [once(work) for work in works])
    return outcomes


def in_rounds(rounds: int, works: Sequence[Callable[[int], T]]) -> Sequence[Sequence[T | CopilotError]]:
    """Let each work run once per round, all of them together, each in a thread and on a connection of its own.

    Returns per round what each returned, or what refused it.
    """
    ready = Barrier(len(works))

    def run(work: Callable[[int], T]) -> list[T | CopilotError]:
        outcomes: list[T | CopilotError] = []
        try:
            for number in range(rounds):
                ready.wait(timeout=30)
                try:
                    outcomes.append(work(number))
                except CopilotError as error:
                    outcomes.append(error)
        finally:
            setup.close()
        return outcomes

    with ThreadPoolExecutor(len(works)) as pool:
        return list(zip(*pool.map(run, works), strict=True))
