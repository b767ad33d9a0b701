"""Keeping what plugins print off our output: it may hold what must not be read there, and as much of it as they like.

While a plugin's call runs, `sys.stdout` and `sys.stderr` are streams that tell threads apart: what the call's own thread
writes is thrown away, what any other thread writes goes where it always went. Not covered, because Python can't tell
whose it is: threads that a plugin starts, and what is written to the file descriptors 1 and 2 past Python's streams.
"""

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

STREAMS = ("stdout", "stderr")

_thread = threading.local()
_lock = threading.Lock()
_running = 0


def is_muted() -> bool:
    """Whether this thread runs a plugin's call; a log that plugins must not write to asks it."""
    return getattr(_thread, "muted", False)


@contextmanager
def muted() -> Iterator[None]:
    """Throw away what this thread writes to standard output and standard error for so long. Not to be nested."""
    _thread.muted = True
    _begin()
    try:
        yield
    finally:
        _end()
        _thread.muted = False


class Nowhere(io.TextIOBase):
    """A text stream that keeps nothing, and costs nothing however much is written."""

    encoding = "utf-8"
    errors = "replace"

    @property
    def buffer(self) -> io.RawIOBase:
        """Where bytes are written to."""
        return NoBytes()

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        return len(text)


class NoBytes(io.RawIOBase):
    """The same for bytes."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        return len(data)


class ByThread:
    """A stream that is nowhere for muted threads, and `stream` for all others."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(_NOWHERE if is_muted() else self.stream, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.stream)


_NOWHERE = Nowhere()


def _begin() -> None:
    global _running  # noqa: PLW0603 - the streams are the process's, so that the count of who needs them is too
    with _lock:
        _running += 1
        for name in STREAMS:
            stream = getattr(sys, name)
            # Without a console there may be none.
            if stream is not None and not isinstance(stream, ByThread):
                setattr(sys, name, cast(TextIO, ByThread(stream)))


def _end() -> None:
    global _running  # noqa: PLW0603 - see above
    with _lock:
        _running -= 1
        for name in STREAMS:
            stream = getattr(sys, name)
            # Somebody else may have put a stream of their own there meanwhile; then it is theirs to take away.
            if not _running and isinstance(stream, ByThread):
                setattr(sys, name, stream.stream)
