"""Running a plugin's code so that nothing it does reaches the caller, except as PluginFailed."""

import threading
import traceback
from collections.abc import Callable
from pathlib import PurePath
from typing import Generic, TypeVar

import attrs

from sre_copilot.adapters.integrations.bulkhead import MOST_CALLS, SHORT, Bulkhead, Full, OutOfService, Place
from sre_copilot.adapters.integrations.muting import muted
from sre_copilot.domain.errors import PluginBusy, PluginFailed

T = TypeVar("T")
DEADLINE = 5.0
"""Seconds that a plugin has for one call."""


class Failure(Exception):
    """Plugin code failed. The message says how and where, never what the exception said: that may quote a body."""


class Overrun(Exception):
    """Plugin code did not answer in time; its thread goes on."""


def contained(call: Callable[[], T], passing: tuple[type[Exception], ...] = ()) -> T:
    """Return what `call` returns. Raises Failure for whatever it raises, except the types that may pass."""
    try:
        return call()
    except passing:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
        raise Failure(_described(error)) from None


def _described(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[1:]
    where = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


class BoundedCall(Generic[T]):
    """One call in a thread of its own, given up on after a deadline. A thread can't be ended, so it stays until it ends."""

    def __init__(
        self,
        call: Callable[[], T],
        passing: tuple[type[Exception], ...] = (),
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._call = call
        self._passing = passing
        self._at_end = at_end
        self._results: list[T] = []
        self._error: BaseException | None = None
        # A daemon: a call that never returns must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="plugin-call", daemon=True)

    def result(self, deadline: float) -> T:
        """Return what the call returned within `deadline` seconds. Raises Failure, Overrun and the types that may pass."""
        try:
            self._thread.start()
        except RuntimeError:
            self._at_end()
            raise Failure("no thread could be started") from None
        self._thread.join(deadline)
        if self._results:
            return self._results[0]
        if self._error is not None:
            raise self._error
        raise Overrun

    def _run(self) -> None:
        try:
            with muted():
                self._results.append(contained(self._call, self._passing))
        except BaseException as error:  # noqa: BLE001 - KeyboardInterrupt here is the plugin's own, not the user's
            known = isinstance(error, (Failure, *self._passing))
            self._error = error if known else Failure(_described(error))
        finally:
            self._at_end()


class Unfit(Exception):
    """A plugin's answer has a wrong type somewhere; the message names the place."""


@attrs.define
class Isolation:
    """Where plugins are called: each call bounded, contained and muted. Thread-safe.

    A call that overruns its deadline can't be ended and keeps its thread. At most four calls of one integration type
    run at the same time, those included; while four hang, further ones fail at once, and the type is back as soon as
    one of the four has ended.
    """

    deadline: float = DEADLINE
    slow_after: float = SHORT
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)
    _bulkheads: dict[str, Bulkhead] = attrs.field(factory=dict, init=False)

    def run(
        self,
        kind: str,
        call: Callable[[], T],
        passing: tuple[type[Exception], ...] = (),
        *,
        deadline: float | None = None,
        here: bool = False,
    ) -> T:
        """Return what `call` returns within `deadline` seconds, by default the usual ones.

        With `here` it is called in this thread and without a deadline: only for code of our own that waits for nothing.
        Raises PluginFailed, PluginBusy, and the types that may pass.
        """
        if here:
            return _called_here(kind, call, (*passing, Unfit, Failure))
        limit = self.deadline if deadline is None else deadline
        bulkhead = self._bulkhead(kind)
        place = _taken(bulkhead, kind)
        bounded = BoundedCall(call, passing=(*passing, Unfit, Failure), at_end=lambda: bulkhead.leave(place))
        try:
            return bounded.result(limit)
        except Overrun:
            bulkhead.given_up(place)
            raise _failed(kind, f"it did not answer within {limit:g} seconds") from None
        except Failure as failure:
            raise _failed(kind, f"it raised {failure}") from None
        except Unfit as unfit:
            raise _failed(kind, f"its answer can't be used: {unfit}") from None

    def _bulkhead(self, kind: str) -> Bulkhead:
        with self._lock:
            return self._bulkheads.setdefault(kind, Bulkhead(self.slow_after))


def _called_here(kind: str, call: Callable[[], T], passing: tuple[type[Exception], ...]) -> T:
    try:
        return contained(call, passing)
    except Failure as failure:
        raise _failed(kind, f"it raised {failure}") from None
    except Unfit as unfit:
        raise _failed(kind, f"its answer can't be used: {unfit}") from None


def _taken(bulkhead: Bulkhead, kind: str) -> Place:
    try:
        return bulkhead.take()
    except OutOfService:
        raise _failed(kind, f"{MOST_CALLS} earlier calls still hang, so it is out of service") from None
    except Full:
        raise PluginBusy(
            f"The integration plugin {kind} is busy with {MOST_CALLS} other calls, so nothing was stored; send it again."
        ) from None


def _failed(kind: str, problem: str) -> PluginFailed:
    return PluginFailed(f"The integration plugin {kind} failed: {problem}.")
