"""Running a plugin's code so that nothing it does reaches the caller, except as PluginFailed."""

import threading
import traceback
from collections.abc import Callable
from pathlib import PurePath
from typing import Generic, TypeVar

T = TypeVar("T")


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
