"""Prometheus: Alertmanager's webhook, version "4", and Prometheus itself, for which we are an Alertmanager.

A body is a group of alerts; each stands for itself and has its own status, whatever the group's is. An alert's identity is
its full label set, without empty labels, at both doors; Alertmanager's hash of it is kept for people. There is no id of a
delivery: repeats, retries and twins are recognised by series, status and times. Where alerts were cut off
(`truncatedAlerts`), the missing ones are not resolved; nothing is ever concluded from absence.

Prometheus states no status, only an end: one that has passed means resolved, one to come is until when the alert is known
to fire unless it is sent again. A Prometheus that died resolves nothing; its alerts expire.

Neither signs anything: the integration's key decides. Where its address is configured, Prometheus is also asked: for the
alerts that fire, and for metrics around an incident.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.adapters.integrations.builtin.prometheus.alerts import (
    ALERTS_DOOR,
    told_by_alertmanager,
    told_to_alertmanager,
)
from sre_copilot.adapters.integrations.builtin.prometheus.asking import SETTINGS, measured, pulled, version
from sre_copilot.adapters.integrations.builtin.prometheus.samples import samples
from sre_copilot.adapters.integrations.builtin.prometheus.told_before import ToldBefore
from sre_copilot.domain.deliveries import Delivery, Parsed, Pulled, Sample
from sre_copilot.domain.integrations import Integration, Secrets, Setting
from sre_copilot.domain.payloads import Fields
from sre_copilot.domain.snapshots import MetricSeries
from sre_copilot.hookspecs import IntegrationPlugin, Tools, hookimpl


@attrs.frozen
class Prometheus:
    """Reads what Alertmanager tells its receivers, and what Prometheus tells its Alertmanager."""

    type: str = "prometheus"
    title: str = "Prometheus and Alertmanager"
    settings: tuple[Setting, ...] = SETTINGS
    _told_before: ToldBefore = attrs.field(factory=lambda: ToldBefore(told_by_alertmanager), repr=False)

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return one signal per alert. Raises UnreadableDelivery that names the alert and its field.

        Of a list for an Alertmanager it takes, as Alertmanager does, the alerts that can be read: then the reply is a
        refusal that names the others, and only where there is nothing to take it raises.
        """
        if isinstance(payload, list) or delivery.path == ALERTS_DOOR:
            return told_to_alertmanager(payload, integration, delivery.received_at)
        alerts = Fields.of(payload).objects("alerts")
        return Parsed(drafts=tuple(self._told_before.drafts(alerts, integration, delivery.received_at)))

    def samples(self, now: datetime) -> Sequence[Sample]:
        """A group, its end, a watchdog; and an alert as Prometheus sends it, while it fires and afterwards."""
        return samples(now)

    def pull(self, integration: Integration, secrets: Secrets, cursor: Mapping[str, Any], tools: Tools) -> Pulled:
        """Ask Prometheus which alerts fire; what fired at the poll before and doesn't any more has ended."""
        return pulled(integration, secrets, cursor, tools)

    def metrics(
        self, integration: Integration, secrets: Secrets, start: datetime, end: datetime, tools: Tools
    ) -> Sequence[MetricSeries]:
        """Ask the configured queries for a window."""
        return measured(integration, secrets, start, end, tools)

    def check(self, integration: Integration, secrets: Secrets, tools: Tools) -> str:
        """Ask Prometheus for its version, where its address is set."""
        return version(integration, secrets, tools)


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `prometheus`."""
    return [Prometheus()]
