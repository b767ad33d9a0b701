"""Opsgenie: what its webhook integration posts about alerts.

The alias is an alert's identity: the next alert under it is the next run of the same series, and its creation time, which
every message has, says which run is meant. Create fires, Close and Delete end, Acknowledge is an action on the incident;
everything else that people do to an alert (notes, tags, owners, escalations) is passed over. A changed priority is too:
the message doesn't say whether the alert is still open.

Opsgenie signs nothing: the integration's key decides, as a custom header of the webhook.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.domain.deliveries import Acknowledgement, Delivery, Parsed, Sample
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import MILLISECONDS, NANOSECONDS, Fields, first_text, texts, wrong
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Severity, SignalDraft, SignalStatus
from sre_copilot.hookspecs import IntegrationPlugin, hookimpl

PRIORITIES: Mapping[str, Severity] = {f"p{rank}": severity for rank, severity in enumerate(Severity, 1)}
"""P1 to P5, in lower case -> our five words. Every other word is medium."""
STATES: Mapping[str, SignalStatus] = {
    "create": SignalStatus.FIRING,
    "close": SignalStatus.RESOLVED,
    "delete": SignalStatus.RESOLVED,
}
"""What is done to an alert, in lower case -> ours. A deleted alert is never closed any more."""
SERVICE_NAMES = ("service", "service_name", "app", "component")
ENVIRONMENT_NAMES = ("environment", "env", "deployment_environment")


@attrs.frozen
class Opsgenie:
    """Reads the actions on alerts."""

    type: str = "opsgenie"
    title: str = "Opsgenie"

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the signal or acknowledgement of one action. Raises UnreadableDelivery that names the field."""
        body = Fields.of(payload)
        action = body.required("action").strip().lower()
        alert = body.object("alert")
        if action not in STATES and action != "acknowledge":
            return Parsed()
        key = alert.key("alias") or alert.key("alertId")
        if key is None:
            raise wrong(alert.at("alias"), "is missing, and alertId too")
        if action == "acknowledge":
            return Parsed(acknowledgements=(Acknowledgement(vendor_key=key, by=alert.loose("username")),))
        created_at = alert.epoch("createdAt", delivery.received_at, per_second=MILLISECONDS)
        status = STATES[action]
        ended_at = None
        if status is SignalStatus.RESOLVED:
            ended_at = alert.epoch("updatedAt", delivery.received_at, per_second=NANOSECONDS)
        draft = attrs.evolve(
            _described(alert, integration),
            status=status,
            vendor_key=key,
            occurred_at=ended_at if status is SignalStatus.RESOLVED else created_at,
            episode_started_at=created_at,
            raw=body.values,
        )
        return Parsed(drafts=(draft,))

    def samples(self, now: datetime) -> Sequence[Sample]:
        """An alert that is created, acknowledged, commented and closed."""
        created, closed = now - timedelta(minutes=20), now - timedelta(minutes=1)
        details = {"service": "checkout", "environment": "production", "runbook": "https://runbooks.example.com/queue"}
        return (
            _sample("firing", "Create", created, created, description="12,480 jobs wait.", details=details),
            _sample("acknowledged", "Acknowledge", created, created + timedelta(minutes=2)),
            _sample("note", "AddNote", created, created + timedelta(minutes=3), note="Looking at it."),
            _sample("resolved", "Close", created, closed, resolves="firing"),
        )


def _described(alert: Fields, integration: Integration) -> SignalDraft:
    """Details come with a creation only, and only where they are switched on; tags come always."""
    labels = {**_tags(alert), **alert.object("details").scalars()}
    entity = alert.loose("entity").strip()
    environment_word = first_text(labels, ENVIRONMENT_NAMES)
    word = alert.text("priority")
    message = alert.loose("message").strip() or "Opsgenie alert"
    return SignalDraft(
        severity=PRIORITIES.get(word.strip().lower(), Severity.MEDIUM),
        severity_word=word,
        service=first_text(labels, SERVICE_NAMES) or entity or UNKNOWN_SERVICE,
        environment=integration.environment_of(environment_word),
        environment_word=environment_word,
        name=message,
        title=message,
        description=alert.loose("description"),
        labels={**({"entity": entity} if entity else {}), **labels},
        vendor_fingerprint=alert.loose("alertId") or None,
    )


def _tags(alert: Fields) -> dict[str, str]:
    """Tags such as `service:checkout` or `env=production` as labels, plain ones with an empty value."""
    words = [word for word in texts(alert.values.get("tags")) if word.strip()]
    pairs = [[*re.split("[:=]", word, maxsplit=1), ""] for word in words]
    return {name.strip(): value.strip() for name, value, *_ in pairs}


def _sample(name: str, action: str, created: datetime, updated: datetime, resolves: str = "", **more: Any) -> Sample:
    alert = {
        "alertId": "052652ac-5d1c-464a-812a-7dd18bbfba8c",
        "alias": "queue-length/checkout",
        "tinyId": "1791",
        "message": "The queue of checkout is long",
        "tags": ["service:checkout", "env:production", "OverwriteQuietHours"],
        "teams": ["8418d193-2dab-4490-b331-8c02cdd196b7"],
        "entity": "checkout",
        "priority": "P2",
        "source": "prober",
        "username": "m.ortiz@example.com",
        "userId": "daed1180-0ce8-438b-8f8e-57e1a5920a2d",
        "createdAt": int(created.timestamp() * 1000),
        "updatedAt": int(updated.timestamp() * 1000) * 1_000_000,
        **more,
    }
    body = {
        "action": action,
        "alert": alert,
        "source": {"name": "", "type": "web"},
        "integrationId": "37c8f316-17c6-49d7-899b-9c7e540c048d",
        "integrationName": "Copilot",
    }
    return Sample(name=name, body=json.dumps(body).encode(), resolves=resolves)


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `opsgenie`."""
    return [Opsgenie()]
