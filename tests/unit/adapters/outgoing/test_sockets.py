"""WebSockets through the guard: where they may go, and what happens when the other side is gone."""

import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager

import pytest
import trustme
from anyio.from_thread import start_blocking_portal
from websockets.asyncio.server import ServerConnection, serve

from sre_copilot.adapters.outgoing.connecting import Guard
from sre_copilot.adapters.outgoing.sockets import LARGEST, GuardedSockets
from sre_copilot.domain.errors import OutgoingFailed, OutgoingRefused

Talk = Callable[[ServerConnection], Awaitable[None]]


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def hang_up(connection: ServerConnection) -> None:
    await connection.close()


async def shout(connection: ServerConnection) -> None:
    await connection.send("x" * (LARGEST + 1))
    await connection.recv()


@contextmanager
def server(talk: Talk, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve on a free port of 127.0.0.1."""

    @asynccontextmanager
    async def serving() -> AsyncIterator[int]:
        async with serve(talk, "127.0.0.1", 0, ssl=tls, compression=None) as opened:
            yield next(iter(opened.sockets)).getsockname()[1]

    with start_blocking_portal("asyncio") as portal, portal.wrap_async_context_manager(serving()) as port:
        yield port


def sockets(*, allow_private: bool = True, trust: ssl.SSLContext | None = None) -> GuardedSockets:
    guard = Guard(allow_private=allow_private, look_up=lambda host: ["127.0.0.1"])
    return GuardedSockets(guard=guard, trust=lambda: trust) if trust is not None else GuardedSockets(guard=guard)


def tls() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What vendor.example.com shows, and a client that trusts it."""
    authority = trustme.CA()
    theirs, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("vendor.example.com").configure_cert(theirs)
    authority.configure_trust(ours)
    return theirs, ours


def test_what_is_said_comes_and_goes() -> None:
    with server(echo) as port, sockets().open(f"ws://127.0.0.1:{port}/link/?ticket=1") as socket:
        socket.send("grüezi")
        assert socket.receive(10) == "grüezi"
        assert socket.receive(0.01) is None


def test_over_tls_the_certificate_is_that_of_the_host() -> None:
    theirs, ours = tls()
    with server(echo, theirs) as port:
        with sockets(trust=ours).open(f"wss://vendor.example.com:{port}/") as socket:
            socket.send("hello")
            assert socket.receive(10) == "hello"
        with pytest.raises(OutgoingFailed, match="certificate"):
            sockets(trust=ours).open(f"wss://other.example.com:{port}/")


def test_over_tls_many_connections_open_at_once_and_each_is_answered() -> None:
    theirs, ours = tls()

    def spoken(number: int) -> str | None:
        with sockets(trust=ours).open(f"wss://vendor.example.com:{port}/") as socket:
            socket.send(f"hello {number}")
            return socket.receive(10)

    with server(echo, theirs) as port, ThreadPoolExecutor(16) as pool:
        assert list(pool.map(spoken, range(400))) == [f"hello {number}" for number in range(400)]


@pytest.mark.parametrize(
    "url",
    ["wss://127.0.0.1/", "wss://inside.example.com/", "ws://vendor.example.com/"],
)
def test_nothing_inside_and_nothing_unencrypted_is_listened_to(url: str) -> None:
    with pytest.raises(OutgoingRefused):
        sockets(allow_private=False).open(url)


@pytest.mark.parametrize(
    "url", ["http://vendor.example.com/", "https://vendor.example.com/", "vendor", "wss://u:p@vendor/", ""]
)
def test_what_is_no_address_of_a_socket_is_refused(url: str) -> None:
    with pytest.raises(OutgoingRefused):
        sockets().open(url)


def test_who_hangs_up_is_gone() -> None:
    with server(hang_up) as port, sockets().open(f"ws://127.0.0.1:{port}/") as socket:
        with pytest.raises(OutgoingFailed, match="closed the connection"):
            socket.receive(10)
        with pytest.raises(OutgoingFailed, match="closed the connection"):
            socket.send("hello")


def test_a_message_that_is_too_large_ends_it() -> None:
    with (
        server(shout) as port,
        sockets().open(f"ws://127.0.0.1:{port}/") as socket,
        pytest.raises(OutgoingFailed),
    ):
        socket.receive(10)


@pytest.mark.parametrize("answer", ["403 Forbidden", "302 Found\r\nlocation: ws://127.0.0.1:1/"])
def test_who_does_not_shake_hands_is_not_listened_to(answer: str) -> None:
    import socketserver

    class Silent(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(f"HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n".encode())

    with socketserver.TCPServer(("127.0.0.1", 0), Silent) as plain:
        threading.Thread(target=plain.handle_request, daemon=True).start()
        with pytest.raises(OutgoingFailed, match="can't be listened to"):
            sockets().open(f"ws://127.0.0.1:{plain.server_address[1]}/")


def test_who_answers_too_slowly_is_given_up() -> None:
    import socket as plain

    with plain.create_server(("127.0.0.1", 0)) as silent, pytest.raises(OutgoingFailed, match="within"):
        sockets().open(f"ws://127.0.0.1:{silent.getsockname()[1]}/", deadline=0.2)
