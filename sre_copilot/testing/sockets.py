"""Sockets that say what a test scripts and keep what they are told, and listeners without a plugin."""

import json
from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

import attrs

from sre_copilot.domain.deliveries import Reply
from sre_copilot.domain.errors import CopilotError, OutgoingFailed
from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.listening import Heard


@attrs.define
class ScriptedSocket:
    """Says these messages one by one; then it is closed. `told` is what it was sent."""

    messages: list[str]
    told: list[str] = attrs.field(factory=list)
    is_open: bool = False

    def receive(self, seconds: float) -> str | None:
        """Return the next message. Raises OutgoingFailed when there are no more."""
        if not self.messages:
            raise OutgoingFailed("It closed the connection.")
        return self.messages.pop(0) or None

    def send(self, text: str) -> None:
        """Keep it."""
        self.told.append(text)

    def __enter__(self) -> Self:
        self.is_open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_open = False


@attrs.define
class ScriptedSockets:
    """Opens sockets that say these messages, one list per connection; an empty message means that none came in time.

    `opened` are those that were opened, oldest first, `urls` where. What is no list of messages is raised.
    """

    scripts: list[Sequence[str] | CopilotError] = attrs.field(factory=list)
    opened: list[ScriptedSocket] = attrs.field(factory=list, init=False)
    urls: list[str] = attrs.field(factory=list, init=False)

    def open(self, url: str, *, deadline: float = 10.0) -> ScriptedSocket:
        """Open the next one. Raises what was scripted, and OutgoingFailed when nothing is."""
        self.urls.append(url)
        script = self.scripts.pop(0) if self.scripts else OutgoingFailed("Nothing is scripted.")
        if isinstance(script, CopilotError):
            raise script
        self.opened.append(ScriptedSocket(list(script)))
        return self.opened[-1]


@attrs.frozen(kw_only=True)
class PlainListeners:
    """Listens to every integration of the type `kind` at one address; messages are JSON: `{"name", "body"?, "last"?}`."""

    kind: str = "generic"
    at: str | None = "wss://vendor.example.com/socket"

    def kinds(self) -> frozenset[str]:
        """The one type."""
        return frozenset({self.kind})

    def address(self, integration: Integration, secrets: Secrets, now: datetime) -> str | None:
        """The one address."""
        return self.at

    def heard(self, integration: Integration, message: str) -> Heard:
        """Return what the message says."""
        said = json.loads(message)
        body = said["body"].encode() if "body" in said else None
        return Heard(body=body, envelope=said.get("name", ""), takes_reply=True, is_last=said.get("last", False))

    def acknowledgement(self, integration: Integration, heard: Heard, reply: Reply | None) -> str:
        """Return the name, and the reply's body."""
        return f"{heard.envelope} {reply.body if reply else ''}".strip()
