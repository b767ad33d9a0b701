"""Calls of plugins that reach out: to pull, to fetch context, to notify. Here, or in a process of their own."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import attrs

from sre_copilot.adapters.integrations.gateway import installed
from sre_copilot.adapters.integrations.isolation import Isolation, contained
from sre_copilot.adapters.integrations.manager import PluginManager
from sre_copilot.adapters.integrations.toolbox import Toolbox
from sre_copilot.domain.errors import (
    NotifyLater,
    NotifyRefused,
    OutgoingFailed,
    OutgoingRefused,
    UnknownIntegrationType,
)
from sre_copilot.hookspecs import Notifies, ProvidesContext, ProvidesTelemetry, PullsSignals

EXPECTED = (NotifyLater, NotifyRefused, OutgoingFailed, OutgoingRefused)
"""What a plugin that reaches out may raise; everything else is its failure."""
METHODS: dict[str, type[Any]] = {
    "pull": PullsSignals,
    "metrics": ProvidesContext,
    "telemetry": ProvidesTelemetry,
    "notify": Notifies,
}
"""Method -> the capability that it belongs to."""


class Calls(Protocol):
    """Calls one method of an installed plugin, bounded and contained. Thread-safe."""

    @abstractmethod
    def call(self, kind: str, method: str, arguments: Sequence[Any], now: datetime, *, deadline: float) -> Any:
        """Return what the plugin returned within `deadline` seconds; `now` becomes part of its tools.

        Raises the errors of `EXPECTED`, PluginFailed, and UnknownIntegrationType where the type can't do it.
        """


@attrs.frozen
class CallsHere(Calls):
    """In threads of this process: what sleeps or raises is contained, what exits or crashes the process is not."""

    manager: PluginManager
    isolation: Isolation
    toolbox: Toolbox

    def call(self, kind: str, method: str, arguments: Sequence[Any], now: datetime, *, deadline: float) -> Any:
        """Return what the plugin returned."""
        plugin = installed(self.manager, kind)
        if not isinstance(plugin, METHODS[method]):
            able = [name for name, other in self.manager.plugins.items() if isinstance(other, METHODS[method])]
            raise UnknownIntegrationType(type=kind, installed=sorted(able))
        tools = self.toolbox.at(now)
        return self.isolation.run(
            kind,
            lambda: contained(lambda: getattr(plugin, method)(*arguments, tools), passing=EXPECTED),
            EXPECTED,
            deadline=deadline,
        )
