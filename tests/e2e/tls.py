"""A proxy that speaks TLS in front of our server, as in production: for senders that refuse anything else.

It lives in one event loop, because two threads at one TLS connection mix up its records.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import trustme
from anyio.from_thread import start_blocking_portal

CHUNK = 65536


@contextmanager
def behind_tls(port: int) -> Iterator[tuple[str, ssl.SSLContext]]:
    """Yield the proxy's address, and what its certificate can be checked with."""
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server_side)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(_listening(server_side, port)) as ours,
    ):
        yield f"https://localhost:{ours}", trust


@asynccontextmanager
async def _listening(server_side: ssl.SSLContext, port: int) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _connect(reader, writer, port)
        except (OSError, asyncio.CancelledError):
            # Who hangs up, or keeps a connection beyond the end, is no news.
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_side)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
    try:
        await asyncio.gather(_pump(reader, to_server), _pump(from_server, writer))
    finally:
        to_server.transport.abort()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await source.read(CHUNK):
            target.write(part)
            await target.drain()
    # TLS can't be ended in one direction only.
    target.close()
