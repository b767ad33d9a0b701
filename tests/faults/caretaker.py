"""What a service manager does for `sre-copilot up`: it starts it again whenever it ended unasked."""

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import attrs

from tests.e2e.installation import COMMAND, OURS, Installation
from tests.e2e.server import Server, awaited, free_port
from tests.faults import DEADLINE

PAUSE = 1.0
"""Seconds between an end and the next start, as people set `RestartSec` to."""
TAIL = 4_000


@attrs.define(kw_only=True)
class Caretaker:
    """Runs `sre-copilot up` at one port for as long as it is wanted."""

    installation: Installation
    port: int
    workers: int
    log: Path
    environment: dict[str, str] = attrs.field(factory=dict)
    ends: list[int] = attrs.field(factory=list)
    """The exit codes of the ends that nobody asked for."""
    _process: "subprocess.Popen[bytes] | None" = attrs.field(default=None, init=False)
    _unwanted: threading.Event = attrs.field(factory=threading.Event, init=False)
    _thread: threading.Thread | None = attrs.field(default=None, init=False)

    def start(self) -> Self:
        """Begin; `up` may not answer yet."""
        self._thread = threading.Thread(target=self._care, name="caretaker", daemon=True)
        self._thread.start()
        return self

    def ready(self) -> Self:
        """The same, once the server answers and can serve."""
        awaited(self.answers, f"a server at {self.port}; it said: {self.said()}", DEADLINE)
        return self

    def answers(self) -> bool:
        """Whether requests are served now."""
        pid = self.pid
        if pid is None:
            return False
        process = self._process
        assert process is not None
        # `/readyz` says 503 while the database is away; anything but an answer means that nobody is there.
        server = Server(port=self.port, process=process)  # type: ignore[arg-type]  # only its port is used
        try:
            return server.ask("GET", "/readyz").status == 200
        except OSError:
            return False

    @property
    def pid(self) -> int | None:
        """The process, None between an end and the next start."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def is_gone(self) -> bool:
        """Whether nobody listens at the port any more."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError as error:
            return isinstance(error, ConnectionRefusedError)
        return False

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-TAIL:] if self.log.exists() else "nothing"

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._unwanted.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
        if self._thread is not None:
            self._thread.join(DEADLINE)
            assert not self._thread.is_alive(), f"it does not end; it said: {self.said()}"

    def _care(self) -> None:
        while not self._unwanted.is_set():
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    [*COMMAND, "up", "--port", str(self.port), "--workers", str(self.workers)],
                    env={
                        **{name: value for name, value in os.environ.items() if name not in OURS},
                        "SRE_COPILOT_DATA": str(self.installation.data_folder),
                        **self.environment,
                    },
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            if self._unwanted.is_set():
                # The end was asked for while it was being started.
                self._process.send_signal(signal.SIGTERM)
            code = self._process.wait()
            if not self._unwanted.is_set():
                self.ends.append(code)
            self._unwanted.wait(PAUSE)


@contextmanager
def cared_for(installation: Installation, workers: int = 2, **environment: str) -> Iterator[Caretaker]:
    """Everything in one that answers, with so many processes that serve, ended at the end."""
    log = installation.data_folder.parent / "up.log"
    caretaker = Caretaker(
        installation=installation, port=free_port(), workers=workers, log=log, environment=dict(environment)
    )
    caretaker.start()
    try:
        yield caretaker.ready()
    finally:
        caretaker.stop()
