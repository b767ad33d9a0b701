"""The gateway to plugins: every delivery is read, handed over in isolation, and the answer checked."""

import threading
from collections.abc import Sequence

import attrs

from sre_copilot.adapters.integrations.answers import Unfit, checked_answer
from sre_copilot.adapters.integrations.isolation import BoundedCall, Failure, Overrun, contained
from sre_copilot.adapters.integrations.manager import PluginManager
from sre_copilot.application.ports.deliveries import DeliveryGateway
from sre_copilot.domain.deliveries import MAX_BODY_BYTES, Delivery, Integration, Parsed
from sre_copilot.domain.errors import MalformedDelivery, PluginFailed, UnknownIntegrationType, UnreadableDelivery
from sre_copilot.domain.strict_json import read_json
from sre_copilot.hookspecs import LimitsBodies, ParsesDeliveries

DEADLINE = 5.0
"""Seconds that a plugin has for one delivery."""
MOST_OVERRUNS = 4
"""Calls of one integration type that may hang at the same time; with so many the type is out of service."""


@attrs.define
class _Overruns:
    """The calls of each type that were given up on and still run. Guarded by the lock."""

    lock: threading.Lock = attrs.field(factory=threading.Lock)
    calls: dict[str, list[BoundedCall[Parsed]]] = attrs.field(factory=dict)

    def add(self, kind: str, call: BoundedCall[Parsed]) -> None:
        with self.lock:
            self.calls.setdefault(kind, []).append(call)

    def running(self, kind: str) -> int:
        with self.lock:
            alive = [call for call in self.calls.get(kind, ()) if call.is_running]
            self.calls[kind] = alive
            return len(alive)


class PluginGateway(DeliveryGateway):
    """Reads deliveries through plugins. Thread-safe.

    A call that overruns its deadline can't be ended and keeps its thread. While four of one integration type hang,
    further deliveries of that type fail at once; the type is back as soon as one of the four has ended.
    """

    def __init__(self, manager: PluginManager, *, deadline: float = DEADLINE) -> None:
        self._plugins = manager.plugins
        self._deadline = deadline
        self._overruns = _Overruns()

    def types(self) -> Sequence[str]:
        """The integration types that deliveries can be parsed for, sorted."""
        return sorted(self._plugins)

    def parse(self, integration: Integration, delivery: Delivery) -> Parsed:
        """Return what the delivery says; see the port for what is raised."""
        plugin = self._plugins.get(integration.type)
        if not isinstance(plugin, ParsesDeliveries):
            raise UnknownIntegrationType(type=integration.type, installed=self.types())
        payload = read_json(delivery.body, max_bytes=_body_limit(plugin))
        if self._overruns.running(integration.type) >= MOST_OVERRUNS:
            problem = f"{MOST_OVERRUNS} earlier calls still hang, so it is out of service"
            raise _failed(integration.type, problem)

        def answer() -> Parsed:
            given = contained(lambda: plugin.parse(integration, payload, delivery), passing=(UnreadableDelivery,))
            return checked_answer(given, delivery.received_at)

        call = BoundedCall(answer, passing=(UnreadableDelivery, MalformedDelivery, Unfit, Failure))
        try:
            return call.result(self._deadline)
        except Overrun:
            self._overruns.add(integration.type, call)
            raise _failed(integration.type, f"it did not answer within {self._deadline:g} seconds") from None
        except Failure as failure:
            raise _failed(integration.type, f"it raised {failure}") from None
        except Unfit as unfit:
            raise _failed(integration.type, f"its answer can't be used: {unfit}") from None


def _body_limit(plugin: object) -> int:
    return min(plugin.max_body_bytes, MAX_BODY_BYTES) if isinstance(plugin, LimitsBodies) else MAX_BODY_BYTES


def _failed(kind: str, problem: str) -> PluginFailed:
    return PluginFailed(f"The integration plugin {kind} failed: {problem}.")
