"""A server may be slow wherever it likes: the deadline holds in all, and what failed is said without secrets."""

import socket
import ssl
import time
import traceback
from collections.abc import Callable

import pytest
import trustme

from sre_copilot.adapters.outgoing.connecting import Guard
from sre_copilot.adapters.outgoing.requests import GuardedClient
from sre_copilot.application.ports.outgoing import Request
from sre_copilot.domain.errors import OutgoingFailed
from tests.unit.adapters.outgoing.loopback import Server, serving

HEAD = b"HTTP/1.1 200 OK\r\n"


def silent(server: Server, connection: socket.socket) -> None:
    server.over.wait()


def dripping(start: bytes, piece: bytes) -> Callable[[Server, socket.socket], None]:
    def handle(server: Server, connection: socket.socket) -> None:
        server.read_request(connection)
        server.drip(connection, start, piece)

    return handle


SLOW = {
    "nothing is read or said": silent,
    "a status line drips": dripping(b"HTTP/1.1 2", b"0"),
    "a header drips": dripping(HEAD + b"X-Slow: ", b"a"),
    "headers drip": dripping(HEAD, b"X-Slow: a\r\n"),
    "interim answers drip": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body drips": dripping(HEAD + b"Content-Length: 100000\r\n\r\n", b"a"),
    "chunks drip": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    "the body has no end": dripping(HEAD + b"\r\n", b"a"),
}
URL = "{scheme}://hooks.example.test:{port}/planted?planted"
PLANTED = {"Authorization": "planted"}


def failure(outgoing: GuardedClient, request: Request) -> str:
    started = time.monotonic()
    with pytest.raises(OutgoingFailed) as caught:
        outgoing.send(request, deadline=0.3)
    assert time.monotonic() - started < 3
    assert "planted" not in "".join(traceback.format_exception_only(caught.value)) + repr(caught.value)
    return str(caught.value)


def client(trust: ssl.SSLContext | None = None) -> GuardedClient:
    guard = Guard(allow_private=True, look_up=lambda host: ["127.0.0.1"])
    return GuardedClient(guard=guard, trust=lambda: trust) if trust else GuardedClient(guard=guard)


@pytest.mark.parametrize("handle", SLOW.values(), ids=SLOW)
def test_the_deadline_holds_where(handle: Callable[[Server, socket.socket], None]) -> None:
    with serving(handle) as server:
        # More than fits on the way, so that a server which does not read is noticed while we write.
        body = b"planted" * 2_000_000 if handle is silent else b"planted"
        request = Request(method="POST", url=URL.format(scheme="http", port=server.port), headers=PLANTED, body=body)
        assert failure(client(), request) == "hooks.example.test gave no full answer within 0.3 s."


@pytest.mark.parametrize("piece", [b"", b"\x16"])
def test_the_deadline_holds_where_tls_is_never_agreed_on(piece: bytes) -> None:
    def handle(server: Server, connection: socket.socket) -> None:
        server.drip(connection, b"", piece)

    with serving(handle) as server:
        request = Request(url=URL.format(scheme="https", port=server.port), headers=PLANTED)
        said = failure(client(), request)
    # What drips is seen to be no TLS, where enough of it has come in time.
    assert "within 0.3 s" in said or (piece and "TLS failed" in said)


@pytest.mark.parametrize("handle", SLOW.values(), ids=SLOW)
def test_the_deadline_holds_over_tls_where(
    handle: Callable[[Server, socket.socket], None], authority: trustme.CA
) -> None:
    ours, theirs = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(ours)
    authority.issue_cert("hooks.example.test").configure_cert(theirs)
    with serving(handle, theirs) as server:
        request = Request(url=URL.format(scheme="https", port=server.port), headers=PLANTED)
        assert failure(client(ours), request) == "hooks.example.test gave no full answer within 0.3 s."
