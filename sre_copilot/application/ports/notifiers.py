"""Telling people outside, through the plugins of the target integrations."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol

from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.outbound import Message, Sent


class Notifiers(Protocol):
    """The installed plugins that can tell somebody something. Thread-safe; never called in a transaction."""

    @abstractmethod
    def notify(self, integration: Integration, secrets: Secrets, message: Message, now: datetime) -> Sent:
        """Send one message within 12 s in all.

        Raises NotifyLater where the target asks to wait, NotifyRefused where it never takes this message, OutgoingFailed
        and PluginFailed where it may or may not have arrived, OutgoingRefused for an address that is not called, and
        UnknownIntegrationType where no plugin can send to this type.
        """

    @abstractmethod
    def address(self, kind: str, word: str) -> str:
        """Return an address of this integration type as it is kept; "" is the integration's own default.

        Raises InvalidInput where it is none or the type takes none, and UnknownIntegrationType where nothing can be
        sent to this type.
        """
