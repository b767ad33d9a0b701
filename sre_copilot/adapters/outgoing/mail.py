"""Mail by SMTP, through the same guard as every other request."""

import asyncio
import ssl
from collections.abc import Callable

import attrs

from sre_copilot.adapters.outgoing.connecting import Deadline, Guard, failures_named
from sre_copilot.adapters.outgoing.letters import written
from sre_copilot.adapters.outgoing.targets import checked_server
from sre_copilot.adapters.outgoing.trust import system_trust
from sre_copilot.application.ports.mail import MailMessage, MailServer


@attrs.frozen(kw_only=True)
class SmtpMail:
    """Hands mail in at configured servers. Thread-safe; call it where no event loop runs in the same thread."""

    guard: Guard = attrs.field(factory=Guard)
    trust: Callable[[], ssl.SSLContext] = system_trust

    def send(self, server: MailServer, message: MailMessage, *, deadline: float = 10.0) -> None:
        """Hand a mail to the server, `deadline` seconds in all. Raises OutgoingRefused and OutgoingFailed."""
        # Loaded when first needed: most commands never send mail.
        from sre_copilot.adapters.outgoing.smtp import hand_in

        letter = written(message)
        host, port = checked_server(server, allow_plain=self.guard.allow_private)
        until = Deadline.after(deadline)
        with failures_named(host, until), self.guard.connect(host, port, until) as sock:
            asyncio.run(hand_in(sock, host, server, letter, until, self.trust()))
