"""Targets that keep what they are told, and fail when they are told to."""

from collections.abc import Callable
from datetime import datetime

import attrs

from sre_copilot.domain.errors import CopilotError, InvalidInput, UnknownIntegrationType
from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.outbound import Message, Sent

Said = Sent | CopilotError | Callable[[Message], Sent]
"""What a target answers: that it arrived, an error to raise, or a function that decides."""


@attrs.define
class RecordedNotifiers:
    """Sends to every integration type, or only to `types`; the next messages are answered by `answers`, one each.

    `told` are the messages that were tried, oldest first, each with its integration. Without an answer a message
    arrives, and its receipt is its key. Not for use by several threads at once.
    """

    types: frozenset[str] | None = None
    answers: list[Said] = attrs.field(factory=list)
    told: list[tuple[Integration, Message]] = attrs.field(factory=list, init=False)

    def notify(self, integration: Integration, secrets: Secrets, message: Message, now: datetime) -> Sent:
        """Keep the message, and answer."""
        self._check(integration.type)
        self.told.append((integration, message))
        said: Said = self.answers.pop(0) if self.answers else Sent(receipt={"key": message.key})
        if isinstance(said, CopilotError):
            raise said
        return said(message) if callable(said) else said

    def address(self, kind: str, word: str) -> str:
        """Return a word that begins with `#`, or "". Raises InvalidInput for another one, UnknownIntegrationType."""
        self._check(kind)
        if word and not word.startswith("#"):
            raise InvalidInput(f"{word!r} is no address here; one begins with #.")
        return word

    def _check(self, kind: str) -> None:
        if self.types is not None and kind not in self.types:
            raise UnknownIntegrationType(type=kind)
