"""A proxy that speaks TLS in front of our server, as in production: for senders that refuse anything else."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import trustme


@contextmanager
def behind_tls(port: int) -> Iterator[tuple[str, ssl.SSLContext]]:
    """Yield the proxy's address, and what its certificate can be checked with."""
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server_side)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_accept, args=(listening, server_side, port), daemon=True).start()
        yield f"https://localhost:{listening.getsockname()[1]}", trust


def _accept(listening: socket.socket, server_side: ssl.SSLContext, port: int) -> None:
    with suppress(OSError):
        while True:
            plain, _ = listening.accept()
            threading.Thread(target=_serve, args=(plain, server_side, port), daemon=True).start()


def _serve(plain: socket.socket, server_side: ssl.SSLContext, port: int) -> None:
    with (
        suppress(OSError),
        server_side.wrap_socket(plain, server_side=True) as client,
        socket.create_connection(("127.0.0.1", port)) as server,
    ):
        threading.Thread(target=_pump, args=(server, client), daemon=True).start()
        _pump(client, server)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
