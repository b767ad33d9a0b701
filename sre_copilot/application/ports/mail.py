"""E-mail, by way of a configured SMTP server."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Literal, Protocol

import attrs

Security = Literal["starttls", "tls", "none"]
"""How the connection is encrypted: after a plain greeting, from its first byte, or not at all."""


@attrs.frozen(kw_only=True)
class MailServer:
    """Where mail is handed in. Without a `user` nobody signs in. `none` and a private address need the same setting."""

    host: str
    port: int = 587
    security: Security = "starttls"
    user: str = ""
    password: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class MailMessage:
    """One mail. `sender` and `recipients` are `ada@example.com` or `Ada <ada@example.com>`.

    `message_id` (`<unique@example.com>`) stays the same when the mail is sent again, so that readers see one mail.
    `references` are the ids of the mails that this one follows, oldest first; mail readers show them as one thread.
    """

    sender: str
    recipients: Sequence[str] = attrs.field(repr=False)
    subject: str
    text: str = attrs.field(repr=False)
    html: str = attrs.field(default="", repr=False)
    message_id: str
    references: Sequence[str] = ()


class Mail(Protocol):
    """Hands mail in. Thread-safe; never called in a transaction."""

    @abstractmethod
    def send(self, server: MailServer, message: MailMessage, *, deadline: float = 10.0) -> None:
        """Hand a mail to the server, and give up after `deadline` seconds in all.

        It goes to all recipients or to none: the server's no to one of them is a failure. Raises OutgoingRefused where
        the server's address is not one that we may call, or the mail can't be written as it is (then nothing was
        sent), and OutgoingFailed where the server was not reached or did not take it (then it may have arrived).
        """
