"""Telling people outside through plugins: each call in isolation, the answer checked."""

from datetime import datetime

import attrs

from sre_copilot.adapters.integrations.calls import Calls
from sre_copilot.adapters.integrations.isolation import Isolation, Unfit, contained
from sre_copilot.adapters.integrations.manager import PluginManager
from sre_copilot.application.ports.notifiers import Notifiers
from sre_copilot.domain.canonical import canonical
from sre_copilot.domain.errors import InvalidInput, PluginFailed, UnknownIntegrationType
from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.outbound import Message, Sent
from sre_copilot.domain.outbox import SENDING
from sre_copilot.domain.text import checked_text
from sre_copilot.hookspecs import Notifies, TakesAddresses

MOST_RECEIPT_BYTES = 4096
LONGEST_NAME = 100
"""Characters of the name of a channel or a thread."""
LONGEST_ADDRESS = 500


@attrs.frozen
class PluginNotifiers(Notifiers):
    """Sends through plugins. Thread-safe."""

    manager: PluginManager
    isolation: Isolation
    calls: Calls

    def notify(self, integration: Integration, secrets: Secrets, message: Message, now: datetime) -> Sent:
        """Send one message; see the port for what is raised."""
        self._plugin(integration.type)
        arguments = (integration, secrets, message)
        given: object = self.calls.call(integration.type, "notify", arguments, now, deadline=SENDING.total_seconds())
        try:
            return _checked(given)
        except Unfit as unfit:
            raise PluginFailed(f"The integration plugin {integration.type} failed: {unfit}.") from None

    def address(self, kind: str, word: str) -> str:
        """An address as it is kept; see the port for what is raised."""
        plugin = self._plugin(kind)
        if not word:
            return ""
        if not isinstance(plugin, TakesAddresses):
            raise InvalidInput(f"The integration type {kind} takes no address: what it sends goes to one place only.")
        word = checked_text("The address", word)
        passing = (InvalidInput,)

        def answer() -> str:
            given: object = contained(lambda: plugin.address(word), passing=passing)
            if not isinstance(given, str) or len(given) > LONGEST_ADDRESS:
                raise Unfit(f"the address is not a text of at most {LONGEST_ADDRESS} characters")
            return given

        return self.isolation.run(kind, answer, passing)

    def _plugin(self, kind: str) -> Notifies:
        plugin = self.manager.plugins.get(kind)
        if not isinstance(plugin, Notifies):
            able = sorted(name for name, one in self.manager.plugins.items() if isinstance(one, Notifies))
            raise UnknownIntegrationType(
                f"Nothing can be sent to an integration of type {kind}; the types that can be told are {', '.join(able)}.",
                type=kind,
            )
        return plugin


def _checked(given: object) -> Sent:
    if not isinstance(given, Sent):
        raise Unfit(f"it is {type(given).__name__}, not Sent")
    names: tuple[object, ...] = (given.channel, given.thread)
    if not all(isinstance(name, str) and len(name) <= LONGEST_NAME for name in names):
        raise Unfit(f"channel and thread must be texts of at most {LONGEST_NAME} characters")
    try:
        size = len(canonical(dict(given.receipt)))
    except (TypeError, ValueError, RecursionError):
        raise Unfit("receipt is not plain JSON") from None
    if size > MOST_RECEIPT_BYTES:
        raise Unfit(f"receipt is larger than {MOST_RECEIPT_BYTES} bytes")
    return given
