"""A circuit breaker: after several failures in a row nobody is asked for a while, then one question is tried."""

import threading
import time
from collections.abc import Callable

import attrs

FAILURES = 3
PAUSE = 60.0
"""Seconds in which nobody is asked."""


@attrs.define
class Breaker:
    """Counts failures in a row. Thread-safe; each process has its own."""

    now: Callable[[], float] = time.monotonic
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False, repr=False)
    _failures: int = attrs.field(default=0, init=False)
    _closed_until: float = attrs.field(default=0.0, init=False)

    def lets_through(self) -> bool:
        """Whether to ask. After the pause one question goes first: the next ones wait for how that ends, or another pause."""
        with self._lock:
            if self._failures < FAILURES:
                return True
            if self.now() < self._closed_until:
                return False
            self._closed_until = self.now() + PAUSE
            return True

    def note(self, *, worked: bool) -> None:
        """Take note of how a question ended."""
        with self._lock:
            self._failures = 0 if worked else self._failures + 1
            if self._failures >= FAILURES:
                self._closed_until = self.now() + PAUSE
