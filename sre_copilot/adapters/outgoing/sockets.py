"""WebSockets through the guard: the address is checked, then the connection stands until one side closes it.

Each has an event loop in a thread of its own. The library's blocking client reads in one thread and writes in another, and
two threads at one TLS connection mix up its records: now and then a handshake or a message would be lost.
"""

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
    from anyio.from_thread import BlockingPortal
    from websockets.asyncio.client import ClientConnection

SCHEMES = {"wss://": "https://", "ws://": "http://"}
LARGEST = 1024 * 1024
"""Bytes of a message."""
PING_EVERY, PONG_WITHIN = 20.0, 20.0
"""Seconds: whoever doesn't answer is gone, whatever the network says."""


@attrs.define
class GuardedSocket:
    """A connection that stands. For one thread."""

    connection: "ClientConnection"
    portal: "BlockingPortal"
    host: str
    closing: ExitStack

    def receive(self, seconds: float) -> str | None:
        """The next message, None where none comes in time. Raises OutgoingFailed."""
        # As in `open`.
        from websockets.exceptions import ConnectionClosed

        try:
            message = self.portal.call(_next, self.connection, seconds)
        except ConnectionClosed as closed:
            raise self._ended(closed) from None
        return "" if isinstance(message, bytes) else message

    def send(self, text: str) -> None:
        """Send a message. Raises OutgoingFailed."""
        # As in `open`.
        from websockets.exceptions import ConnectionClosed

        try:
            self.portal.call(self.connection.send, text)
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
        # As for requests: few commands ever listen, and none should wait for what it doesn't use.
        from anyio.from_thread import start_blocking_portal

        target = read_target(Request(url=_as_http(url)), allow_plain=self.guard.allow_private)
        until = Deadline.after(deadline)
        with failures_named(target.host, until), ExitStack() as stack:
            plain = stack.enter_context(self.guard.connect(target.host, target.port, until))
            portal = stack.enter_context(start_blocking_portal("asyncio"))
            connection = self._opened(stack, portal, plain, target, until)
            return GuardedSocket(connection, portal, target.host, stack.pop_all())

    def _opened(
        self, stack: ExitStack, portal: "BlockingPortal", plain: sockets.socket, target: Target, until: Deadline
    ) -> "ClientConnection":
        # As in `open`.
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

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
        try:
            return stack.enter_context(portal.wrap_async_context_manager(opening))
        except OSError:
            # A certificate that does not hold is a ValueError too, and gets its own words.
            raise
        except (WebSocketException, ValueError) as error:
            # ValueError is what it makes of a redirect: where that leads to has not been checked.
            raise OutgoingFailed(f"{target.host} can't be listened to: {type(error).__name__}.") from None


async def _next(connection: "ClientConnection", seconds: float) -> str | bytes | None:
    # As in `open`.
    from anyio import move_on_after

    with move_on_after(seconds):
        return await connection.recv()
    return None


def _as_http(url: str) -> str:
    """The URL in the words of requests; another scheme is left as it is, and refused."""
    for ours, theirs in SCHEMES.items():
        if url.lower().startswith(ours):
            return theirs + url[len(ours) :]
    # Only these two: a socket is no request.
    return f"socket:{url}"
