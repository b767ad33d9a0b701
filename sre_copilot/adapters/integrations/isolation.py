"""Running a plugin's code so that nothing it does reaches the caller, except as PluginFailed."""

import threading
import traceback
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, Generic, TypeVar

import attrs

from sre_copilot.domain.errors import PluginFailed

T = TypeVar("T")
DEADLINE = 5.0
"""Seconds that a plugin has for one call."""
MOST_OVERRUNS = 4
"""Calls of one integration type that may hang at the same time; with so many the type is out of service."""


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

    def __init__(self, call: Callable[[], T], passing: tuple[type[Exception], ...] = ()) -> None:
        self._call = call
        self._passing = passing
        self._results: list[T] = []
        self._error: BaseException | None = None
        # A daemon: a call that never returns must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="plugin-call", daemon=True)

    @property
    def is_running(self) -> bool:
        """Whether the thread is still at it."""
        return self._thread.is_alive()

    def result(self, deadline: float) -> T:
        """Return what the call returned within `deadline` seconds. Raises Failure, Overrun and the types that may pass."""
        self._thread.start()
        self._thread.join(deadline)
        if self._results:
            return self._results[0]
        if self._error is not None:
            raise self._error
        raise Overrun

    def _run(self) -> None:
        try:
            self._results.append(contained(self._call, self._passing))
        except BaseException as error:  # noqa: BLE001 - KeyboardInterrupt here is the plugin's own, not the user's
            known = isinstance(error, (Failure, *self._passing))
            self._error = error if known else Failure(_described(error))


class Unfit(Exception):
    """A plugin's answer has a wrong type somewhere; the message names the place."""


@attrs.define
class Isolation:
    """Where plugins are called: each call bounded, and contained. Thread-safe.

    A call that overruns its deadline can't be ended and keeps its thread. While four of one integration type hang,
    further calls of that type fail at once; the type is back as soon as one of the four has ended.
    """

    deadline: float = DEADLINE
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)
    _hanging: dict[str, list[BoundedCall[Any]]] = attrs.field(factory=dict, init=False)

    def run(self, kind: str, call: Callable[[], T], passing: tuple[type[Exception], ...] = ()) -> T:
        """Return what `call` returns. Raises PluginFailed, and the types that may pass."""
        if self._running(kind) >= MOST_OVERRUNS:
            raise _failed(kind, f"{MOST_OVERRUNS} earlier calls still hang, so it is out of service")
        bounded = BoundedCall(call, passing=(*passing, Unfit, Failure))
        try:
            return bounded.result(self.deadline)
        except Overrun:
            with self._lock:
                self._hanging.setdefault(kind, []).append(bounded)
            raise _failed(kind, f"it did not answer within {self.deadline:g} seconds") from None
        except Failure as failure:
            raise _failed(kind, f"it raised {failure}") from None
        except Unfit as unfit:
            raise _failed(kind, f"its answer can't be used: {unfit}") from None

    def _running(self, kind: str) -> int:
        with self._lock:
            alive = [call for call in self._hanging.get(kind, ()) if call.is_running]
            self._hanging[kind] = alive
            return len(alive)


def _failed(kind: str, problem: str) -> PluginFailed:
    return PluginFailed(f"The integration plugin {kind} failed: {problem}.")
