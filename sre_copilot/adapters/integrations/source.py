"""Asking vendors for what is new and for context, and checking what their plugins brought."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.adapters.integrations.calls import Calls
from sre_copilot.application.ports.deliveries import SignalSource
from sre_copilot.domain.canonical import canonical
from sre_copilot.domain.deliveries import MAX_BODY_BYTES, Delivery, Pulled
from sre_copilot.domain.errors import PluginFailed
from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.snapshots import MetricSeries
from sre_copilot.domain.telemetry import Telemetry

PULL_DEADLINE = 30.0
CONTEXT_DEADLINE = 10.0
MOST_DELIVERIES = 1_000
MOST_SERIES = 500
MOST_SAMPLES = 2_000
LARGEST_CURSOR = 64 * 1024


@attrs.frozen
class PluginSource(SignalSource):
    """Pulls and fetches through plugins. Thread-safe."""

    calls: Calls

    def pull(self, integration: Integration, secrets: Secrets, now: datetime) -> Pulled:
        """What is new; see the port for what is raised."""
        arguments = (integration, secrets, dict(integration.cursor))
        brought: object = self.calls.call(integration.type, "pull", arguments, now, deadline=PULL_DEADLINE)
        problem = _wrong_with_pulled(brought)
        if problem or not isinstance(brought, Pulled):
            raise PluginFailed(f"The integration plugin {integration.type} failed: {problem}.")
        return brought

    def metrics(
        self, integration: Integration, secrets: Secrets, start: datetime, end: datetime, now: datetime
    ) -> Sequence[MetricSeries]:
        """The metrics of a window; see the port for what is raised."""
        arguments = (integration, secrets, start, end)
        brought: object = self.calls.call(integration.type, "metrics", arguments, now, deadline=CONTEXT_DEADLINE)
        if not isinstance(brought, list | tuple) or not all(isinstance(one, MetricSeries) for one in brought):
            raise PluginFailed(f"The integration plugin {integration.type} failed: it brought no metric series.")
        return [one for one in brought if len(one.values) <= MOST_SAMPLES][:MOST_SERIES]

    def telemetry(
        self, integration: Integration, secrets: Secrets, start: datetime, end: datetime, now: datetime
    ) -> Telemetry:
        """Logs, traces and notices of a window, within their limits; see the port for what is raised."""
        arguments = (integration, secrets, start, end)
        brought: object = self.calls.call(integration.type, "telemetry", arguments, now, deadline=CONTEXT_DEADLINE)
        if not isinstance(brought, Telemetry):
            raise PluginFailed(f"The integration plugin {integration.type} failed: it brought no telemetry.")
        return brought.bounded()


def _wrong_with_pulled(brought: object) -> str:
    if not isinstance(brought, Pulled):
        return f"it is {type(brought).__name__}, not Pulled"
    deliveries: object = brought.deliveries
    if not isinstance(deliveries, tuple) or not all(isinstance(one, Delivery) for one in deliveries):
        return "deliveries must be a tuple of Delivery"
    if len(deliveries) > MOST_DELIVERIES:
        return f"it brought more than {MOST_DELIVERIES} deliveries at once"
    if any(not isinstance(one.body, bytes) or len(one.body) > MAX_BODY_BYTES for one in deliveries):
        return "a body must be bytes, at most 4 MiB"
    return _wrong_with_cursor(brought.cursor)


def _wrong_with_cursor(cursor: Mapping[str, Any]) -> str:
    try:
        size = len(canonical(cursor))
    except (TypeError, ValueError, RecursionError):
        return "its cursor is not plain JSON"
    return f"its cursor is larger than {LARGEST_CURSOR} bytes" if size > LARGEST_CURSOR else ""
