"""Azure Monitor: action groups that send the common alert schema.

Every alert that Azure raises has an id of its own, which is its identity: of the alert, not of its rule, since one rule
watches many resources. Both of its messages state when it fired. The schema must be switched on in the action group; the
older schemas, one per kind of alert, are kept in quarantine.

Azure signs nothing, and an action group can send no header of ours: the integration's key stands in the address.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.domain.deliveries import Delivery, Parsed, Sample
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import Fields, first_text, fitting_key, texts, web_links, wrong
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Severity, SignalDraft, SignalStatus
from sre_copilot.hookspecs import IntegrationPlugin, hookimpl

SEVERITIES: Mapping[str, Severity] = {f"sev{rank}": severity for rank, severity in enumerate(Severity)}
"""Sev0 to Sev4, in lower case -> our five words. Sev3 (informational) is what rules have unless somebody changes it, so it
is low and opens incidents; Sev4 (verbose) is info. Every other word is medium."""
CONDITIONS: Mapping[str, SignalStatus] = {"fired": SignalStatus.FIRING, "resolved": SignalStatus.RESOLVED}
SCHEMA = "azureMonitorCommonAlertSchema"
SERVICE_NAMES = ("service", "service_name", "app", "application")
ENVIRONMENT_NAMES = ("environment", "env")


@attrs.frozen
class AzureMonitor:
    """Reads alerts in the common schema."""

    type: str = "azure_monitor"
    title: str = "Azure Monitor"

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the alert. Raises UnreadableDelivery that names the field."""
        body = Fields.of(payload)
        if body.text("schemaId").lower() != SCHEMA.lower():
            raise wrong("schemaId", f'must be "{SCHEMA}"; enable the common alert schema in the action group')
        data = body.object("data")
        essentials = data.object("essentials")
        draft = attrs.evolve(_described(data, essentials, integration), raw=body.values)
        fired_at = essentials.time("firedDateTime", delivery.received_at)
        if _status(essentials) is SignalStatus.RESOLVED:
            ended_at = essentials.time("resolvedDateTime", delivery.received_at)
            draft = attrs.evolve(draft, status=SignalStatus.RESOLVED, occurred_at=ended_at)
        else:
            draft = attrs.evolve(draft, occurred_at=fired_at)
        return Parsed(drafts=(attrs.evolve(draft, episode_started_at=fired_at),))

    def samples(self, now: datetime) -> Sequence[Sample]:
        """A metric alert with its end, and an alert of a log search."""
        fired, resolved = now - timedelta(minutes=15), now - timedelta(minutes=2)
        log: Mapping[str, Any] = {
            "signalType": "Log",
            "monitoringService": "Log Alerts V2",
            "severity": "Sev1",
            "alertRule": "Many errors",
        }
        return (
            _sample("firing", fired),
            _sample("resolved", fired, resolved, resolves="firing"),
            _sample("log", fired, **log, alertId=_SAMPLE["alertId"].replace("4e4e", "5f5f")),
        )


def _status(essentials: Fields) -> SignalStatus:
    word = essentials.required("monitorCondition").strip().lower()
    if word not in CONDITIONS:
        raise wrong(essentials.at("monitorCondition"), 'must be "Fired" or "Resolved"')
    return CONDITIONS[word]


def _described(data: Fields, essentials: Fields, integration: Integration) -> SignalDraft:
    # Written for people, and null for most kinds of alert.
    given = data.values.get("customProperties")
    properties = Fields(given if isinstance(given, dict) else {}).scalars()
    targets = texts(essentials.values.get("alertTargetIDs"))
    environment_word = first_text(properties, ENVIRONMENT_NAMES)
    severity_word = essentials.text("severity")
    rule = essentials.loose("alertRule").strip() or "Azure Monitor alert"
    return SignalDraft(
        severity=SEVERITIES.get(severity_word.strip().lower(), Severity.MEDIUM),
        severity_word=severity_word,
        service=first_text(properties, SERVICE_NAMES) or _resource(essentials, targets) or UNKNOWN_SERVICE,
        environment=integration.environment_of(environment_word),
        environment_word=environment_word,
        name=rule,
        title=rule,
        description=essentials.loose("description"),
        labels={**({"resource": targets[0]} if targets else {}), **properties},
        vendor_key=_key(essentials),
        links=web_links(essentials.values.get("investigationLink"), *properties.values()),
    )


def _key(essentials: Fields) -> str:
    """The alert's id: a path of Azure's, which may be longer than a key."""
    for name in ("alertId", "originAlertId"):
        word = essentials.text(name).strip()
        if word:
            return fitting_key(word.lower())
    raise wrong(essentials.at("alertId"), "is missing")


def _resource(essentials: Fields, targets: Sequence[str]) -> str:
    """The name of the resource that is concerned: the first that is listed, else the end of its path."""
    items = [item.strip() for item in texts(essentials.values.get("configurationItems")) if item.strip()]
    path = [part for part in targets[0].split("/") if part.strip()] if targets else []
    return next(iter([*items, *path[-1:]]), "")


_SUBSCRIPTION = "/subscriptions/11111111-1111-1111-1111-111111111111"
_TARGET = f"{_SUBSCRIPTION}/resourcegroups/shop/providers/microsoft.compute/virtualmachines/checkout-vm-2"
_SAMPLE: Mapping[str, Any] = {
    "alertId": f"{_SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/aaaa0a0a-bb1b-cc2c-dd3d-eeeeee4e4e4e",
    "alertRule": "CPU of checkout",
    "severity": "Sev2",
    "signalType": "Metric",
    "monitoringService": "Platform",
    "alertTargetIDs": [_TARGET],
    "configurationItems": ["checkout-vm-2"],
    "originAlertId": "3f2d4487-b0fc-4125-8bd5-7ad17384221e_shop_microsoft.insights_metricAlerts_cpu_-117781227",
    "description": "CPU above 90 % for 10 minutes",
    "essentialsVersion": "1.0",
    "alertContextVersion": "1.0",
}


def _sample(
    name: str, fired: datetime, resolved: datetime | None = None, resolves: str = "", **essentials: Any
) -> Sample:
    times = {"firedDateTime": fired, **({"resolvedDateTime": resolved} if resolved else {})}
    told = {
        **_SAMPLE,
        "monitorCondition": "Resolved" if resolved else "Fired",
        **{field: f"{moment:%Y-%m-%dT%H:%M:%S.%f}0Z" for field, moment in times.items()},
        **essentials,
    }
    context = {"conditionType": "SingleResourceMultipleMetricCriteria", "condition": {"windowSize": "PT5M"}}
    properties = {"service": "checkout", "environment": "production"}
    data = {"essentials": told, "alertContext": context, "customProperties": properties}
    return Sample(name=name, body=json.dumps({"schemaId": SCHEMA, "data": data}).encode(), resolves=resolves)


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `azure_monitor`."""
    return [AzureMonitor()]
