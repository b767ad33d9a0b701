"""Listening to vendors through plugins: each call in isolation, the answer checked."""

from datetime import datetime

import attrs

from sre_copilot.adapters.integrations.isolation import Isolation, Unfit, contained
from sre_copilot.adapters.integrations.manager import PluginManager
from sre_copilot.adapters.integrations.toolbox import Toolbox
from sre_copilot.application.ports.sockets import Listeners
from sre_copilot.domain.deliveries import Reply
from sre_copilot.domain.errors import OutgoingFailed, OutgoingRefused, UnknownIntegrationType
from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.listening import Heard
from sre_copilot.hookspecs import Listens

LONGEST = 64 * 1024
"""Characters of an acknowledgement."""


@attrs.frozen
class PluginListeners(Listeners):
    """Listens through plugins. Thread-safe."""

    manager: PluginManager
    isolation: Isolation
    toolbox: Toolbox

    def kinds(self) -> frozenset[str]:
        """The integration types that can be listened to."""
        return frozenset(kind for kind, plugin in self.manager.plugins.items() if isinstance(plugin, Listens))

    def address(self, integration: Integration, secrets: Secrets, now: datetime) -> str | None:
        """Where to listen; see the port for what is raised."""
        plugin, tools = self._plugin(integration.type), self.toolbox.at(now)
        passing = (OutgoingFailed, OutgoingRefused)

        def answer() -> str | None:
            found: object = contained(lambda: plugin.listen_at(integration, secrets, tools), passing=passing)
            if found is not None and not isinstance(found, str):
                raise Unfit(f"the address is {type(found).__name__}, not a text")
            return found

        return self.isolation.run(integration.type, answer, passing)

    def heard(self, integration: Integration, message: str) -> Heard:
        """What a message is; see the port for what is raised."""
        plugin = self._plugin(integration.type)

        def answer() -> Heard:
            heard: object = contained(lambda: plugin.heard(message))
            if not isinstance(heard, Heard):
                raise Unfit(f"it is {type(heard).__name__}, not Heard")
            return heard

        return self.isolation.run(integration.type, answer)

    def acknowledgement(self, integration: Integration, heard: Heard, reply: Reply | None) -> str:
        """What the vendor is told; see the port for what is raised."""
        plugin = self._plugin(integration.type)

        def answer() -> str:
            said: object = contained(lambda: plugin.acknowledgement(heard, reply))
            if not isinstance(said, str) or len(said) > LONGEST:
                raise Unfit(f"the acknowledgement is not a text of at most {LONGEST} characters")
            return said

        return self.isolation.run(integration.type, answer)

    def _plugin(self, kind: str) -> Listens:
        plugin = self.manager.plugins.get(kind)
        if not isinstance(plugin, Listens):
            raise UnknownIntegrationType(type=kind, installed=sorted(self.kinds()))
        return plugin
