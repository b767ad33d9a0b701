"""One request and its answer over a connection that stands, by httpcore2's HTTP/1.1."""

import socket

import httpcore2

from sre_copilot.adapters.outgoing.connecting import Deadline
from sre_copilot.adapters.outgoing.targets import Target
from sre_copilot.application.ports.outgoing import MAX_ANSWER_BYTES, Answer
from sre_copilot.domain.errors import OutgoingFailed

MAX_RECEIVED_BYTES = 2 * MAX_ANSWER_BYTES
"""With headers, chunk sizes and interim answers, which have no end of their own."""
WITH_BODY = frozenset({"PATCH", "POST", "PUT"})


class BoundedStream(httpcore2.NetworkStream):
    """A socket that obeys one deadline, however little each read brings, and that takes only so much."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline
        self._received = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has come, at most `max_bytes`. Raises OSError, and BufferError when it is too much in all."""
        self._sock.settimeout(self._deadline.left())
        data = self._sock.recv(max_bytes)
        self._received += len(data)
        if self._received > MAX_RECEIVED_BYTES:
            raise BufferError
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send everything. Raises TimeoutError, and WriteError where the other side has gone: it may have answered."""
        rest = memoryview(buffer)
        while rest:
            self._sock.settimeout(self._deadline.left())
            try:
                rest = rest[self._sock.send(rest) :]
            except TimeoutError:
                raise
            except OSError as error:
                raise httpcore2.WriteError(str(error)) from error

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()


def exchange(
    sock: socket.socket, deadline: Deadline, target: Target, method: str, headers: list[tuple[str, str]], body: bytes
) -> Answer:
    """Send one request and return the answer. Raises OutgoingFailed and OSError."""
    url = httpcore2.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
    own = {"Host": target.authority, "Accept-Encoding": "identity", "Connection": "close"}
    if not any(name.lower() == "user-agent" for name, _ in headers):
        own["User-Agent"] = "sre-copilot"
    connection = httpcore2.HTTP11Connection(origin=url.origin, stream=BoundedStream(sock, deadline))
    content = body if body or method in WITH_BODY else None
    try:
        with connection.stream(method, url, headers=[*own.items(), *headers], content=content) as response:
            return Answer(status=response.status, headers=_headers(response), body=_body(response))
    except BufferError:
        raise OutgoingFailed(f"{target.host} answers with more than {MAX_ANSWER_BYTES} bytes.") from None
    except httpcore2.ProtocolError:
        raise OutgoingFailed(f"{target.host} does not answer as HTTP/1.1 asks for.") from None


def _headers(response: httpcore2.Response) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _body(response: httpcore2.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise BufferError
    return bytes(body)
