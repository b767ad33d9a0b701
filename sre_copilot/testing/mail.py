"""A post office that keeps every mail."""

import attrs

from sre_copilot.adapters.outgoing.letters import written
from sre_copilot.adapters.outgoing.targets import checked_server
from sre_copilot.application.ports.mail import MailMessage, MailServer
from sre_copilot.domain.errors import CopilotError


@attrs.define
class RecordedMail:
    """Takes every mail that can be written, unless a failure was ordered. Not for use by several threads at once.

    `sent` are the mails that were taken, each with its server, oldest first; `failures` are raised by the next sendings,
    one each.
    """

    allow_plain: bool = False
    sent: list[tuple[MailServer, MailMessage]] = attrs.field(factory=list, init=False)
    failures: list[CopilotError] = attrs.field(factory=list)

    def send(self, server: MailServer, message: MailMessage, *, deadline: float = 10.0) -> None:
        """Keep a mail, or raise the next failure. Raises OutgoingRefused for what the real one does not send."""
        written(message)
        checked_server(server, allow_plain=self.allow_plain)
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((server, message))
