"""A connection to an HTTP/1.1 server on this machine that costs the load client little."""

import asyncio

import attrs

PATIENCE = 60.0
"""Seconds after which an answer does not come any more."""


@attrs.frozen(kw_only=True)
class Answer:
    """What a server answered. Status 0 stands for none at all."""

    status: int
    body: bytes = attrs.field(default=b"", repr=False)

    @property
    def is_success(self) -> bool:
        """Whether what was sent is acknowledged."""
        return 200 <= self.status < 300


NONE = Answer(status=0)


def request(port: int, path: str, headers: str, body: bytes) -> bytes:
    """A POST of JSON; `headers` are further lines, each with its line end."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        """It is to be connected by an event loop."""
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._answer: asyncio.Future[Answer] | None = None

    @classmethod
    async def opened(cls, port: int) -> "Connection":
        """A connection to a port of this machine. Raises OSError."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    @property
    def is_open(self) -> bool:
        """Whether another request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, sent: bytes) -> Answer:
        """Send a request and return the answer, `NONE` where the connection ends first."""
        if self._transport is None or self._transport.is_closing():
            return NONE
        self._received = b""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(sent)
        return await self._answer

    def close(self) -> None:
        """End it."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self._transport = None
        self._give(NONE)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        fields = head.lower()
        if b"transfer-encoding: chunked" in fields:
            if not self._received.endswith(b"\r\n0\r\n\r\n") and body != b"0\r\n\r\n":
                return
        elif len(body) < _length(fields):
            return
        if b"\r\nconnection: close" in fields:
            self.close()
        self._give(Answer(status=int(head[9:12]), body=body))

    def _give(self, answer: Answer) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)


def _length(fields: bytes) -> int:
    _, found, rest = fields.partition(b"\r\ncontent-length:")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0
