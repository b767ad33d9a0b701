"""Several programs run as one: started together, started again when they die, ended together."""

import http.client
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Protocol

import attrs

from sre_copilot.entrypoints import leashed
from sre_copilot.entrypoints.cli.errors import DONE

TICK = 0.1
"""Seconds between two looks at the parts."""
SHORTEST, LONGEST = 0.5, 10.0
"""Seconds before a part that died is started again: at first, and when it keeps dying."""
STEADY = 30.0
"""After so many seconds a part is no longer one that keeps dying."""
GRACE = 45.0
"""Seconds that the parts have to finish what they were doing."""
EVERYBODY = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class Screen(Protocol):
    """Where people see what happens."""

    def began(self, seconds: float) -> None:
        """Everything runs, after so many seconds."""

    def line(self, part: str, text: str) -> None:
        """A part wrote a line."""

    def said(self, text: str) -> None:
        """The supervisor itself has something to say."""


@attrs.frozen(kw_only=True)
class Part:
    """A program. It runs once it has logged `event`, and answers at the host and port where it speaks HTTP.

    Without an `event` it counts as running at once.
    """

    name: str
    command: Sequence[str]
    event: str = ""
    answers_at: tuple[str, int] | None = None


@attrs.define(kw_only=True)
class Child:
    """A part, as it runs now."""

    part: Part
    _line: Callable[[str, str], None]
    process: "subprocess.Popen[str] | None" = None
    started_at: float = 0.0
    again_at: float = 0.0
    deaths: int = 0
    has_begun: bool = False

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the supervisor only."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            leashed.command(self.part.command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        threading.Thread(target=self._relay, args=(self.process,), daemon=True).start()

    def died(self) -> int | None:
        """Plan the next start of one that has ended, and return how it ended; None where it has not."""
        if self.process is None or (code := self.process.poll()) is None:
            return None
        now = time.monotonic()
        self.deaths = 1 if now - self.started_at > STEADY else self.deaths + 1
        self.again_at = now + min(LONGEST, SHORTEST * 2 ** (self.deaths - 1))
        self.process = None
        return code

    def runs(self) -> bool:
        """Whether it does its work. That somebody answers is not enough: it may be another one's server."""
        return (self.has_begun or not self.part.event) and (
            self.part.answers_at is None or is_alive(*self.part.answers_at)
        )

    def _relay(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for text in process.stdout:
            self.has_begun = self.has_begun or f'"event": "{self.part.event}"' in text
            self._line(self.part.name, text.rstrip("\n"))


@attrs.define(kw_only=True)
class Supervisor:
    """Runs the parts until somebody asks for the end."""

    parts: Sequence[Part]
    screen: Screen
    _signals: int = attrs.field(default=0, init=False)

    def run(self) -> int:
        """Return the exit code: 0 after SIGTERM or SIGINT, that of a part which ended before everything ran."""
        children = [Child(part=part, line=self.screen.line) for part in self.parts]
        with self._listening():
            began = time.monotonic()
            for child in children:
                child.start()
            try:
                return self._watch(children, began)
            finally:
                self._end(children)

    def _watch(self, children: Sequence[Child], began: float) -> int:
        all_run = False
        while not self._signals:
            for child in children:
                code = child.died()
                if code is not None and code > 0 and not all_run:
                    return code
                if code is not None:
                    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
                    self.screen.said(f"The {child.part.name} {how}; it is started again.")
                if child.process is None and time.monotonic() >= child.again_at:
                    child.start()
            if not all_run and all(child.runs() for child in children):
                all_run = True
                self.screen.began(time.monotonic() - began)
            # Not an Event that the handler sets: a handler may run while its own thread holds the lock of it.
            time.sleep(TICK)
        return DONE

    def _end(self, children: Sequence[Child]) -> None:
        running = [child.process for child in children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + GRACE
        asked = self._signals
        while any(process.poll() is None for process in running) and time.monotonic() < deadline:
            if self._signals > max(asked, 1):
                break
            time.sleep(TICK)
        for process in running:
            if process.poll() is None:
                process.kill()
                process.wait()

    @contextmanager
    def _listening(self) -> Iterator[None]:
        def asked_to_end(number: int, frame: FrameType | None) -> None:
            self._signals += 1

        before = {number: signal.signal(number, asked_to_end) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def address(host: str, port: int) -> tuple[str, int]:
    """Where to reach from here what listens at `host` and `port`."""
    return EVERYBODY.get(host, host), port


def is_alive(host: str, port: int) -> bool:
    """Whether something there says that it is alive."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    return False
