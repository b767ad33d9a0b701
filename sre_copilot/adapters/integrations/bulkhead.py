"""Places for the calls of one integration type, so that a slow one takes a few threads of the process and never all."""

import threading
import time

import attrs

MOST_CALLS = 4
"""Calls of one type that run at the same time, those that hang and were given up on included."""
MOST_WAITING = 4
"""Calls of one type that wait for a place while the type is slow."""
SHORT = 0.1
"""Seconds: a type is slow while none of its running calls began within so long."""
PATIENCE = 1.0
"""Seconds after which a call no longer waits for a place."""


class Full(Exception):
    """Every place is taken, and waiting would take too many threads or too long."""


class OutOfService(Exception):
    """Every place is taken by a call that hangs."""


@attrs.define(eq=False)
class Place:
    """One call's place, since a time of the monotonic clock."""

    since: float
    hangs: bool = False


@attrs.define(eq=False)
class Bulkhead:
    """The places of one type. Thread-safe.

    A type that answers quickly lets as many calls wait as come, because its places are free in a moment. One whose
    calls take long has at most 4 waiting besides the 4 that run, and none once those 4 hang. `slow_after` is in seconds.
    """

    slow_after: float = SHORT
    _changed: threading.Condition = attrs.field(factory=threading.Condition, init=False)
    _taken: set[Place] = attrs.field(factory=set, init=False)
    _waiting: int = attrs.field(default=0, init=False)

    def take(self) -> Place:
        """Take a place, for `leave`. Raises Full and OutOfService."""
        until = time.monotonic() + PATIENCE
        with self._changed:
            while len(self._taken) >= MOST_CALLS:
                self._wait(until)
            place = Place(time.monotonic())
            self._taken.add(place)
        return place

    def leave(self, place: Place) -> None:
        """Give a place back, once its call has ended."""
        with self._changed:
            self._taken.discard(place)
            self._changed.notify()

    def given_up(self, place: Place) -> None:
        """Say that nobody waits for the call of this place any more."""
        with self._changed:
            place.hangs = True
            self._changed.notify_all()

    def _wait(self, until: float) -> None:
        if all(place.hangs for place in self._taken):
            raise OutOfService
        now = time.monotonic()
        is_slow = now - max(place.since for place in self._taken) > self.slow_after
        if now >= until or (is_slow and self._waiting >= MOST_WAITING):
            raise Full
        self._waiting += 1
        try:
            self._changed.wait(SHORT)
        finally:
            self._waiting -= 1
