"""Datadog: what monitors send through the webhooks integration, and events and metrics that it is asked for.

Datadog signs nothing: the integration's key decides who may knock. With an API key and an application key it is also
asked, for events by polls and for metrics around an incident. An event and a webhook of the same monitor and group are one
series.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.adapters.integrations.builtin.datadog.asking import Site, checked, measured
from sre_copilot.adapters.integrations.builtin.datadog.events import EVENTS_DOOR, event_id, told_by_event
from sre_copilot.adapters.integrations.builtin.datadog.notifications import told_by_notification
from sre_copilot.adapters.integrations.builtin.datadog.polling import pulled
from sre_copilot.adapters.integrations.builtin.datadog.samples import samples
from sre_copilot.adapters.integrations.builtin.datadog.settings import SETTINGS
from sre_copilot.domain.deliveries import Delivery, Parsed, Pulled, Sample
from sre_copilot.domain.integrations import Integration, Secrets, Setting
from sre_copilot.domain.payloads import Fields
from sre_copilot.domain.snapshots import MetricSeries
from sre_copilot.domain.strict_json import read_form_or_json
from sre_copilot.hookspecs import IntegrationPlugin, Tools, hookimpl


@attrs.frozen
class Datadog:
    """Reads notifications of monitors, and events as the API lists them."""

    type: str = "datadog"
    title: str = "Datadog"
    takes_templates: bool = True
    settings: tuple[Setting, ...] = SETTINGS

    def read(self, delivery: Delivery) -> Any:
        """JSON, or a form where the webhook is set to send one."""
        return read_form_or_json(delivery)

    def delivery_id(self, payload: Any, delivery: Delivery) -> str | None:
        """The id of an event that was pulled; a webhook is known by `$ID`, as a signal."""
        return event_id(payload) if delivery.path == EVENTS_DOOR else None

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the signal of a notification, or what an event says. Raises UnreadableDelivery that names the field."""
        if delivery.path == EVENTS_DOOR:
            return Parsed(drafts=tuple(told_by_event(payload, integration, delivery.received_at)))
        return Parsed(drafts=(told_by_notification(Fields.of(payload), integration, delivery.received_at),))

    def samples(self, now: datetime) -> Sequence[Sample]:
        """Notifications that fire, end, warn and leave variables unset; and events: an alert, its end, a change."""
        return samples(now)

    def pull(self, integration: Integration, secrets: Secrets, cursor: Mapping[str, Any], tools: Tools) -> Pulled:
        """Ask for the events since the last poll; at first for what still fires."""
        return pulled(Site(integration, secrets, tools), cursor)

    def metrics(
        self, integration: Integration, secrets: Secrets, start: datetime, end: datetime, tools: Tools
    ) -> Sequence[MetricSeries]:
        """Ask the configured queries for a window."""
        return measured(Site(integration, secrets, tools), start, end)

    def check(self, integration: Integration, secrets: Secrets, tools: Tools) -> str:
        """Ask whether the keys are accepted, where there are any."""
        return checked(Site(integration, secrets, tools))


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `datadog`."""
    return [Datadog()]
