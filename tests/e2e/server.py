"""A server that really runs, and how to speak to it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import attrs

from tests.e2e.installation import COMMAND, OURS, Installation

PATIENCE = 60.0
"""Seconds after which something that has not happened will not."""


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    assert isinstance(port, int)
    return port


def awaited(condition: Callable[[], bool], what: str, within: float = PATIENCE) -> None:
    """Wait until something is so, for so many seconds at most."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)


@attrs.frozen(kw_only=True)
class Reply:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The JSON in the body."""
        return json.loads(self.body)

    def expect(self, status: int) -> Self:
        """The reply, where it is the expected one, and in the form that everything has."""
        assert self.status == status, f"{self.status}: {self.body.decode(errors='replace')[:500]}"
        self.in_form()
        return self

    def in_form(self) -> None:
        """Assert what holds for every answer: an id, nothing that was not meant to be seen, problems for errors."""
        assert self.headers.get("x-request-id"), self.headers
        assert b"Traceback" not in self.body
        if self.status >= 400:
            assert self.headers["content-type"] == "application/problem+json"
            if self.body:
                told = self.document
                assert told["status"] == self.status
                assert told["code"]
                assert told["detail"].endswith(".")


@attrs.define(kw_only=True)
class Server:
    """`sre-copilot serve` or `up` in a process of its own."""

    port: int
    process: "subprocess.Popen[str]"
    lines: list[str] = attrs.field(factory=list)
    told: list[str] = attrs.field(factory=list)

    @classmethod
    def start(cls, installation: Installation, *words: str, **environment: str) -> "Server":
        """Start one on a free port; it may not answer yet."""
        port = free_port()
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        process = subprocess.Popen(
            [*COMMAND, *(words or ("serve",)), "--port", str(port)],
            env={**kept, "SRE_COPILOT_DATA": str(installation.data_folder), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        server = cls(port=port, process=process)
        for stream, into in ((process.stderr, server.lines), (process.stdout, server.told)):
            threading.Thread(target=into.extend, args=(stream,), daemon=True).start()
        return server

    def ready(self) -> Self:
        """The server, once it answers."""
        awaited(self.answers, f"a server at {self.port}: {self.lines[-5:]}")
        return self

    def answers(self, path: str = "/healthz") -> bool:
        """Whether it does what it is asked for now."""
        assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.lines[-5:]}"
        try:
            return self.ask("GET", path).status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        chunked: bool = False,
    ) -> Reply:
        """Send a request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}), encode_chunked=chunked)
            return reply(connection.getresponse())
        finally:
            connection.close()

    def raw(self, request: bytes) -> bytes:
        """Send bytes as they are, and return everything that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def children(self) -> list[int]:
        """The processes that it started and that live."""
        pid = self.process.pid
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return [int(child) for child in found if _lives(child)]

    def logged(self) -> list[dict[str, Any]]:
        """Everything in its log so far."""
        return [json.loads(line) for line in self.lines]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def _lives(process: str) -> bool:
    try:
        return "(zombie)" not in Path(f"/proc/{process}/status").read_text("ascii")
    except (FileNotFoundError, ProcessLookupError):
        # It was gone before it could be looked at.
        return False


def reply(response: http.client.HTTPResponse) -> Reply:
    """What a response holds."""
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(status=response.status, headers=headers, body=response.read())


@contextmanager
def serving(installation: Installation, *words: str, **environment: str) -> Iterator[Server]:
    """A server that answers, ended at the end."""
    server = Server.start(installation, *words, **environment)
    try:
        yield server.ready()
        server.end()
    finally:
        # Does nothing to one that has ended. Of one that hangs, what is seen is what went wrong first.
        server.process.kill()
        server.process.wait(PATIENCE)
