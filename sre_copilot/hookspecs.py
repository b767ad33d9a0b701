"""The published plugin contract: one hook that registers integrations, and the capabilities they may have.

A plugin is a module (or any object) with a `sre_copilot_integrations` function marked `@hookimpl`, named by an entry
point of the group `sre_copilot.integrations`. The hook only hands over objects; what an object can do is said by the
protocols it fulfils. `sre_copilot.domain.payloads` has readers that name the field that was wrong.
"""

from abc import abstractmethod
from typing import Any, Protocol, runtime_checkable

import pluggy

from sre_copilot.domain.deliveries import Delivery, Integration, Parsed

PROJECT = "sre_copilot"
ENTRY_POINT_GROUP = "sre_copilot.integrations"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class IntegrationPlugin(Protocol):
    """What every integration object has.

    `type` is the word that people configure and that signals carry as their source: lower-case letters, digits and
    `_`, a letter first, at most 50 characters, unique among the installed plugins. `title` names it for people.
    Plain attributes will do.
    """

    @property
    @abstractmethod
    def type(self) -> str:
        """The word for it."""

    @property
    @abstractmethod
    def title(self) -> str:
        """The name that people read."""


@runtime_checkable
class ParsesDeliveries(IntegrationPlugin, Protocol):
    """Capability: reads the deliveries of a vendor that knocks at our door."""

    @abstractmethod
    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return what a delivery says.

        `payload` is the body as plain JSON (dict, list, str, int, float, bool, None), already within the limits and
        free of NUL and lone surrogates. Must be deterministic: the same arguments give the same answer, because
        deliveries are replayed. Called from many threads at once, with 5 seconds to answer. Raises UnreadableDelivery,
        naming the field, where the meaning can't be read; never put values of the body into its message.
        Anything else that is raised counts as the plugin's failure.
        """


@runtime_checkable
class LimitsBodies(Protocol):
    """Capability: takes only bodies smaller than the general limit of 4 MiB."""

    @property
    @abstractmethod
    def max_body_bytes(self) -> int:
        """Largest body in bytes, above 0; more than the general limit has no effect."""


@hookspec
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Return the integrations that this plugin brings.

    Called once per process, when the plugins are loaded. Only make objects here: no input or output, no threads.
    A plugin that raises, or whose objects lack `type`, `title` or every capability, is left out as a whole and
    reported by `sre-copilot plugins list` and `sre-copilot doctor`.
    """
    return []
