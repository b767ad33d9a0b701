"""A real SMTP server on loopback, by aiosmtpd."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import attrs
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@attrs.define(eq=False)
class Office:
    """Who signed in, and the envelopes that were taken."""

    full: frozenset[str] = frozenset()
    port: int = 0
    password: bytes = b""
    sign_ins: list[tuple[bytes, bytes]] = attrs.field(factory=list)
    greetings: list[str] = attrs.field(factory=list)
    envelopes: list[Envelope] = attrs.field(factory=list)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Note how the client greets."""
        session.host_name = hostname
        self.greetings.append(hostname)
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse whose box is full."""
        if address in self.full:
            return f"552 planted: the box of {address} is full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take the mail, unless it asks to be refused."""
        assert isinstance(envelope.content, bytes)
        if b"planted-poison" in envelope.content:
            return "554 planted: poison"
        self.envelopes.append(envelope)
        return "250 OK"

    def sign_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Note who signs in, and compare the password."""
        assert isinstance(data, LoginPassword)
        self.sign_ins.append((data.login, data.password))
        return AuthResult(success=data.password == self.password, handled=False)


@contextlib.contextmanager
def post_office(
    *, full: str = "", password: str = "", tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None
) -> Iterator[Office]:
    """Serve on a free port of 127.0.0.1: over TLS from the start, after STARTTLS, or plainly."""
    office = Office(full=frozenset({full}), password=password.encode())
    options: dict[str, Any] = {"tls_context": starttls, "require_starttls": starttls is not None}
    if password:
        options |= {"authenticator": office.sign_in, "auth_required": True, "auth_require_tls": starttls is not None}
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    opening = loop.create_server(lambda: SMTP(office, loop=loop, **options), "127.0.0.1", 0, ssl=tls)
    server = asyncio.run_coroutine_threadsafe(opening, loop).result(timeout=10)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        asyncio.run_coroutine_threadsafe(_closed(server), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


async def _closed(server: asyncio.Server) -> None:
    server.close()
    talks = asyncio.all_tasks() - {asyncio.current_task()}
    for talk in talks:
        talk.cancel()
    await asyncio.gather(*talks, return_exceptions=True)
