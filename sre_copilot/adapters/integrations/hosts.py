"""Processes in which plugins are called, so that one which exits, crashes or never ends takes nothing along.

A host is started when it is first needed and then waits for the next call. One that overruns its deadline, ends or
answers nonsense is killed; the next call starts another one. Calls and answers are pickles behind their length, which
both sides of one installation may trust; a plugin's own output goes nowhere.
"""

import os
import pickle
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from typing import IO, Any

import attrs

from sre_copilot.adapters.integrations.calls import Calls
from sre_copilot.domain.errors import CopilotError, PluginFailed

HOST = "sre_copilot.entrypoints.plugin_host"
"""The module that a host process runs."""
LENGTH = struct.Struct(">Q")
LARGEST = 64 * 1024 * 1024
"""Bytes of an answer; more is a flood."""
START_UP = 20.0
"""Seconds that a host may take until it is ready."""


class _Silent(Exception):
    """The host did not answer in time, or ended; the message says which."""


@attrs.define
class _Host:
    """One process."""

    process: "subprocess.Popen[bytes]"
    ready: bool = False

    @classmethod
    def start(cls, arguments: Sequence[str]) -> "_Host":
        """Start a process; it says when it is ready."""
        return cls(
            subprocess.Popen(
                [sys.executable, "-m", HOST, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        )

    def ask(self, question: bytes, until: float) -> Any:
        """Return the answer. Raises _Silent."""
        if not self.ready:
            self._answer(until + START_UP)
            self.ready = True
        try:
            _write(self.process.stdin, question)
        except OSError:
            raise _Silent("its process ended") from None
        return self._answer(until)

    def _answer(self, until: float) -> Any:
        (size,) = LENGTH.unpack(self._read(LENGTH.size, until))
        if size > LARGEST:
            raise _Silent(f"it answered with more than {LARGEST} bytes")
        return pickle.loads(self._read(size, until))

    def _read(self, size: int, until: float) -> bytes:
        pipe = self.process.stdout
        assert pipe is not None
        parts: list[bytes] = []
        while size:
            ready, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise _Silent("it did not answer in time")
            part = os.read(pipe.fileno(), min(size, 1 << 20))
            if not part:
                raise _Silent("its process ended")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def end(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class PluginHosts(Calls):
    """Calls plugins in at most `most` processes at a time. Close it at the end."""

    def __init__(self, arguments: Sequence[str] = (), *, most: int = 4) -> None:
        self._arguments = tuple(arguments)
        self._slots = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._idle: list[_Host] = []

    def call(self, kind: str, method: str, arguments: Sequence[Any], now: datetime, *, deadline: float) -> Any:
        """Return what the plugin returned in a host; see `Calls`."""
        question = pickle.dumps((kind, method, tuple(arguments), now, deadline))
        if not self._slots.acquire(timeout=deadline):
            raise PluginFailed(f"The integration plugin {kind} was not asked: other plugins keep every host busy.")
        try:
            return self._asked(kind, question, deadline)
        finally:
            self._slots.release()

    def _asked(self, kind: str, question: bytes, deadline: float) -> Any:
        with self._lock:
            host = self._idle.pop() if self._idle else None
        host = host or _Host.start(self._arguments)
        try:
            # The host gives up by itself at the deadline; whoever doesn't answer even then is stuck.
            answer = host.ask(question, time.monotonic() + deadline + 1)
        except (_Silent, pickle.UnpicklingError, EOFError, AttributeError, ImportError) as error:
            host.end()
            problem = error if isinstance(error, _Silent) else "its answer can't be read"
            raise PluginFailed(f"The integration plugin {kind} failed: {problem}.") from None
        except BaseException:
            host.end()
            raise
        with self._lock:
            self._idle.append(host)
        if isinstance(answer, CopilotError):
            raise answer
        return answer

    def close(self) -> None:
        """End the hosts that wait."""
        with self._lock:
            waiting, self._idle = self._idle, []
        for host in waiting:
            host.end()


def serve(calls: Calls, questions: IO[bytes], answers: IO[bytes]) -> None:
    """Be a host: answer questions until there are none any more."""
    _write(answers, pickle.dumps("ready"))
    while head := questions.read(LENGTH.size):
        (size,) = LENGTH.unpack(head)
        kind, method, arguments, now, deadline = pickle.loads(questions.read(size))
        try:
            answer = calls.call(kind, method, arguments, now, deadline=deadline)
        except CopilotError as error:
            answer = error
        _write(answers, _pickled(answer, kind))


def _pickled(answer: Any, kind: str) -> bytes:
    try:
        return pickle.dumps(answer)
    except (pickle.PicklingError, TypeError, AttributeError, ValueError, RecursionError):
        return pickle.dumps(PluginFailed(f"The integration plugin {kind} failed: its answer is no plain data."))


def _write(pipe: IO[bytes] | None, content: bytes) -> None:
    assert pipe is not None
    pipe.write(LENGTH.pack(len(content)) + content)
    pipe.flush()
