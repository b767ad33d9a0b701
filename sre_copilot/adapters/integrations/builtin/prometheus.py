"""Prometheus: Alertmanager's webhook, version "4".

One body is a group of alerts; each alert stands for itself and has its own status, whatever the group's is. An alert's
identity is its full label set; Alertmanager's hash of it is kept for people. Alertmanager has no id of a delivery: its
repeats, retries and twin are recognised by series, status and time. Where alerts were cut off (`truncatedAlerts`), the
missing ones are not resolved; nothing is ever concluded from absence.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.domain.deliveries import Delivery, Parsed
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import Fields, web_links, wrong
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Severity, SignalDraft, SignalStatus
from sre_copilot.hookspecs import IntegrationPlugin, hookimpl

SEVERITIES: Mapping[str, Severity] = {
    "critical": Severity.CRITICAL,
    "page": Severity.CRITICAL,
    "error": Severity.HIGH,
    "high": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "notice": Severity.LOW,
    "info": Severity.INFO,
    "none": Severity.INFO,
}
"""The label's word, in lower case -> ours. Every other word is medium."""
HEARTBEATS = frozenset({"Watchdog", "InfoInhibitor"})
SERVICE_LABELS = ("service", "app", "app_kubernetes_io_name")
ENVIRONMENT_LABELS = ("environment", "env", "deployment_environment")
ZERO_TIME = "0001-01-01T00:00:00Z"
"""Go's zero time: what Alertmanager writes for an end that hasn't come."""


@attrs.frozen
class Prometheus:
    """Reads Alertmanager's webhook deliveries."""

    type: str = "prometheus"
    title: str = "Prometheus (Alertmanager webhook)"

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return one signal per alert. Raises UnreadableDelivery that names the alert and its field."""
        alerts = Fields.of(payload).objects("alerts")
        return Parsed(drafts=tuple(_draft(alert, integration, delivery.received_at) for alert in alerts))


def _draft(alert: Fields, integration: Integration, received_at: datetime) -> SignalDraft:
    labels = alert.object("labels").all_texts()
    if not labels:
        raise wrong(alert.at("labels"), "must have at least one label")
    notes = alert.object("annotations")
    status = _status(alert)
    started_at = _time(alert, "startsAt", received_at)
    # While an alert fires its end is a guess of the sender's, so it isn't even read.
    ended_at = _time(alert, "endsAt", received_at) if status is SignalStatus.RESOLVED else None
    name = labels.get("alertname") or "unnamed alert"
    severity_word = labels.get("severity", "")
    environment_word = _first(labels, ENVIRONMENT_LABELS)
    return SignalDraft(
        status=status,
        severity=SEVERITIES.get(severity_word.strip().lower(), Severity.MEDIUM),
        severity_word=severity_word,
        service=_first(labels, SERVICE_LABELS) or UNKNOWN_SERVICE,
        environment=integration.environment_of(environment_word),
        environment_word=environment_word,
        name=name,
        title=notes.loose("summary") or name,
        description=notes.loose("description"),
        labels=labels,
        identity=labels,
        vendor_fingerprint=alert.loose("fingerprint") or None,
        occurred_at=ended_at if status is SignalStatus.RESOLVED else started_at,
        episode_started_at=started_at,
        is_heartbeat=name in HEARTBEATS or severity_word.strip().lower() == "none",
        links=web_links(alert.values.get("generatorURL"), notes.values.get("runbook_url")),
        raw=alert.values,
    )


def _status(alert: Fields) -> SignalStatus:
    word = alert.required("status")
    if word not in ("firing", "resolved"):
        raise wrong(alert.at("status"), 'must be "firing" or "resolved"')
    return SignalStatus(word)


def _time(alert: Fields, name: str, received_at: datetime) -> datetime | None:
    return None if alert.text(name) == ZERO_TIME else alert.time(name, received_at)


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((labels[name] for name in names if labels.get(name, "").strip()), "")


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `prometheus`."""
    return [Prometheus()]
