"""Doing a unit of work again that had to give way to another one."""

from collections.abc import Callable
from typing import TypeVar

from sre_copilot.domain.errors import WriteConflict

T = TypeVar("T")
ATTEMPTS = 5


def again_on_conflict(work: Callable[[], T]) -> T:
    """Return what `work` returns, of at most ATTEMPTS attempts. Raises WriteConflict where the last one gave way as well.

    Whoever gave way finds the others' locks released or waits for them, so there is nothing to sleep for. `work` must
    open its own unit of work each time.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return work()
        except WriteConflict:
            continue
    return work()
