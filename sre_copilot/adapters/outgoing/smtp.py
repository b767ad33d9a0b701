"""One mail over a connection that stands, by aiosmtplib."""

import asyncio
import contextlib
import socket
import ssl

import aiosmtplib

from sre_copilot.adapters.outgoing.connecting import Deadline
from sre_copilot.adapters.outgoing.letters import Letter
from sre_copilot.application.ports.mail import MailServer
from sre_copilot.domain.errors import OutgoingFailed

LONGEST_FAREWELL = 1.0
"""Seconds to wait for the answer to QUIT, by when the mail is handed in."""


async def hand_in(
    sock: socket.socket, host: str, server: MailServer, letter: Letter, deadline: Deadline, trust: ssl.SSLContext
) -> None:
    """Hand in one mail and take leave. Raises OutgoingFailed and OSError."""
    client = aiosmtplib.SMTP(
        hostname=host,
        sock=sock,
        timeout=None,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        tls_context=trust,
        # Asking the name service who we are could take longer than everything else.
        local_hostname=_literal(sock),
        username=server.user or None,
        password=server.password if server.user else None,
    )
    try:
        async with asyncio.timeout(deadline.left()):
            await _deliver(client, host, letter)
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await client.quit(timeout=min(LONGEST_FAREWELL, deadline.left()))
    finally:
        client.close()


async def _deliver(client: aiosmtplib.SMTP, host: str, letter: Letter) -> None:
    try:
        await client.connect()
        await client.mail(letter.sender)
        for recipient in letter.recipients:
            await client.rcpt(recipient)
        await client.data(letter.data)
    except aiosmtplib.SMTPAuthenticationError as error:
        raise OutgoingFailed(f"{host} does not accept the user and password (code {error.code}).") from None
    except aiosmtplib.SMTPResponseException as error:
        # What the server says beside its code may repeat addresses and more.
        raise OutgoingFailed(f"{host} does not take the mail: {_step(error)} (code {error.code}).") from None
    except aiosmtplib.SMTPException as error:
        # The library wraps what the network did.
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from None
        raise OutgoingFailed(f"{host} can't be used: {str(error).rstrip('.')}.") from None


def _step(error: aiosmtplib.SMTPResponseException) -> str:
    steps: dict[type[aiosmtplib.SMTPResponseException], str] = {
        aiosmtplib.SMTPSenderRefused: "the sender is refused",
        aiosmtplib.SMTPRecipientRefused: "a recipient is refused",
        aiosmtplib.SMTPDataError: "the message is refused",
    }
    return steps.get(type(error), "the greeting or the encryption failed")


def _literal(sock: socket.socket) -> str:
    """Return our own address as RFC 5321 writes it, for a greeting without a name."""
    address = sock.getsockname()[0]
    return f"[IPv6:{address}]" if sock.family == socket.AF_INET6 else f"[{address}]"
