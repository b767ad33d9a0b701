"""Connections that stay open to vendors that talk to us through them, and the plugins that know how to listen."""

from abc import abstractmethod
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from sre_copilot.domain.deliveries import Reply
from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.listening import Heard


class Socket(Protocol):
    """An open WebSocket. For one thread; a context manager that closes it. Messages are text, at most 1 MiB."""

    @abstractmethod
    def receive(self, seconds: float) -> str | None:
        """Return the next message, None where none comes within that time. Raises OutgoingFailed once it is closed."""

    @abstractmethod
    def send(self, text: str) -> None:
        """Send a message. Raises OutgoingFailed once it is closed."""

    @abstractmethod
    def __enter__(self) -> Self:
        """Use it."""

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""


class Sockets(Protocol):
    """Opens WebSockets through the same guard as every other request. Thread-safe."""

    @abstractmethod
    def open(self, url: str, *, deadline: float = 10.0) -> Socket:
        """Connect to `wss://...` within `deadline` seconds. Raises OutgoingRefused for an address that is not called, OutgoingFailed."""


class Listeners(Protocol):
    """The installed plugins that listen. Thread-safe. Every call is bounded and contained."""

    @abstractmethod
    def kinds(self) -> frozenset[str]:
        """The integration types that can be listened to."""

    @abstractmethod
    def address(self, integration: Integration, secrets: Secrets, now: datetime) -> str | None:
        """Where to listen this time; None where that is not set up.

        Raises OutgoingFailed, OutgoingRefused, PluginFailed, PluginBusy.
        """

    @abstractmethod
    def heard(self, integration: Integration, message: str) -> Heard:
        """What a message is. Raises PluginFailed, PluginBusy."""

    @abstractmethod
    def acknowledgement(self, integration: Integration, heard: Heard, reply: Reply | None) -> str:
        """What the vendor is told once the delivery is durable. Raises PluginFailed, PluginBusy."""
