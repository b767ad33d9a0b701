"""WebSockets through the guard: the address is checked, then the connection stands until one side closes it."""

import socket as sockets
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

import attrs

from sre_copilot.adapters.outgoing.connecting import Deadline, Guard, failures_named
from sre_copilot.adapters.outgoing.targets import Target, read_target
from sre_copilot.adapters.outgoing.trust import system_trust
from sre_copilot.application.ports.outgoing import Request
from sre_copilot.domain.errors import OutgoingFailed

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

SCHEMES = {"wss://": "https://", "ws://": "http://"}
LARGEST = 1024 * 1024
"""Bytes of a message."""
PING_EVERY, PONG_WITHIN = 20.0, 20.0
"""Seconds: whoever doesn't answer is gone, whatever the network says."""


@attrs.define
class GuardedSocket:
    """A connection that stands. For one thread."""

    connection: "ClientConnection"
    host: str
    closing: ExitStack

    def receive(self, seconds: float) -> str | None:
        """The next message, None where none comes in time. Raises OutgoingFailed."""
        from websockets.exceptions import ConnectionClosed

        try:
            message = self.connection.recv(timeout=seconds)
        except TimeoutError:
            return None
        except ConnectionClosed as closed:
            raise self._ended(closed) from None
        return message if isinstance(message, str) else ""

    def send(self, text: str) -> None:
        """Send a message. Raises OutgoingFailed."""
        from websockets.exceptions import ConnectionClosed

        try:
            self.connection.send(text)
        except ConnectionClosed as closed:
            raise self._ended(closed) from None

    def _ended(self, closed: Exception) -> OutgoingFailed:
        return OutgoingFailed(f"{self.host} closed the connection ({type(closed).__name__}).")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.close()


@attrs.frozen(kw_only=True)
class GuardedSockets:
    """Opens WebSockets where requests may go, and asks no proxy of the environment. Thread-safe."""

    guard: Guard = attrs.field(factory=Guard)
    trust: Callable[[], ssl.SSLContext] = system_trust

    def open(self, url: str, *, deadline: float = 10.0) -> GuardedSocket:
        """Connect, and shake hands. Raises OutgoingRefused and OutgoingFailed."""
        target = read_target(Request(url=_as_http(url)), allow_plain=self.guard.allow_private)
        until = Deadline.after(deadline)
        with failures_named(target.host, until), ExitStack() as stack:
            plain = stack.enter_context(self.guard.connect(target.host, target.port, until))
            connection = self._opened(stack, plain, target, until)
            return GuardedSocket(connection, target.host, stack.pop_all())

    def _opened(self, stack: ExitStack, plain: sockets.socket, target: Target, until: Deadline) -> "ClientConnection":
        # As for requests: few commands ever listen.
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect

        plain.settimeout(None)
        try:
            opening = connect(
                f"{'wss' if target.encrypted else 'ws'}://{target.authority}{target.path}",
                sock=plain,
                ssl=self.trust() if target.encrypted else None,
                server_hostname=target.host if target.encrypted else None,
                compression=None,
                proxy=None,
                user_agent_header="sre-copilot",
                open_timeout=until.left(),
                close_timeout=2.0,
                ping_interval=PING_EVERY,
                ping_timeout=PONG_WITHIN,
                max_size=LARGEST,
            )
            return stack.enter_context(opening)
        except WebSocketException as error:
            raise OutgoingFailed(f"{target.host} can't be listened to: {type(error).__name__}.") from None


def _as_http(url: str) -> str:
    """The URL in the words of requests; another scheme is left as it is, and refused."""
    for ours, theirs in SCHEMES.items():
        if url.lower().startswith(ours):
            return theirs + url[len(ours) :]
    # Only these two: a socket is no request.
    return f"socket:{url}"
