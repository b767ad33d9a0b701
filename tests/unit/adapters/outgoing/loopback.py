"""Servers on loopback that do with a connection whatever a test wants."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import attrs

Handler = Callable[[socket.socket], None]


@attrs.define
class Server:
    """What arrived: the number of connections that were accepted, the bytes of each, and the names that TLS was asked for."""

    port: int
    accepted: int = 0
    received: list[bytes] = attrs.field(factory=list)
    names: list[str | None] = attrs.field(factory=list)
    over: threading.Event = attrs.field(factory=threading.Event)

    def read_request(self, connection: socket.socket) -> bytes:
        """Read the head of a request and the body that its Content-Length announces."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += _more(connection)
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        while lengths and len(body) < int(lengths[0].partition(b":")[2]):
            body += _more(connection)
        self.received.append(head + b"\r\n\r\n" + body)
        return self.received[-1]

    def drip(self, connection: socket.socket, start: bytes, piece: bytes, pause: float = 0.02) -> None:
        """Send a start, and then a piece every so often until nobody listens any more."""
        connection.sendall(start)
        while not self.over.wait(pause):
            connection.sendall(piece)


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionResetError
    return data


@contextlib.contextmanager
def serving(handle: "Callable[[Server, socket.socket], None]", tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve on a free port of 127.0.0.1, each connection in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(port=listener.getsockname()[1])
        if tls is not None:
            tls.sni_callback = lambda _, name, __: server.names.append(name)

        def talk(connection: socket.socket) -> None:
            # A client that goes away, or does not trust us, is what many of these tests are about.
            with contextlib.suppress(OSError), connection:
                secured = tls.wrap_socket(connection, server_side=True) if tls else connection
                with secured:
                    handle(server, secured)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    server.accepted += 1
                    threading.Thread(target=talk, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield server
        finally:
            server.over.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def answering(answer: bytes) -> "Callable[[Server, socket.socket], None]":
    """Return a handler that reads a request and says these bytes."""

    def handle(server: Server, connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(answer)

    return handle
