"""Grafana: webhook contact points of unified alerting, and the notification channels of before (legacy alerting).

A unified body is a group of alerts as Alertmanager's, each with its own status. An alert's identity is its organisation and
its fingerprint, which counts labels that Grafana doesn't show; without one it is the label set. Rules without data and
rules that fail come as alerts of their own, `DatasourceNoData` and `DatasourceError`, which end by themselves when the data
is back; here they are named for their rule. The Test button's alert is a heartbeat: it proves the way and never ends.

A legacy body is one rule, which is its identity. It states no time and no start.

Deliveries are signed (HMAC-SHA256, hex) where a contact point has a secret; otherwise the integration's key decides. Only
with a timestamp header can a signature be stale: without one Grafana signs the bare body, which can be sent again for ever.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.domain.deliveries import Delivery, Parsed, Sample
from sre_copilot.domain.integrations import Integration, Secrets, Setting
from sre_copilot.domain.payloads import Fields, first_text, joined_key, web_links, wrong
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Severity, SignalDraft, SignalStatus
from sre_copilot.domain.signatures import hmac_hex, require_fresh, require_match
from sre_copilot.hookspecs import IntegrationPlugin, Tools, hookimpl

SEVERITIES: Mapping[str, Severity] = {
    "critical": Severity.CRITICAL,
    "page": Severity.CRITICAL,
    "error": Severity.HIGH,
    "high": Severity.HIGH,
    "major": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "minor": Severity.LOW,
    "low": Severity.LOW,
    "info": Severity.INFO,
    "none": Severity.INFO,
}
"""The word of the label or tag `severity`, in lower case -> ours. Every other word is medium."""
SPECIAL: Mapping[str, str] = {"DatasourceNoData": "No data for {}", "DatasourceError": "{} can't be evaluated"}
"""Alerts about a rule instead of what it watches: name -> title."""
HEARTBEATS = frozenset({"Watchdog", "InfoInhibitor"})
SERVICE_LABELS = ("service", "service_name", "app", "app_kubernetes_io_name")
ENVIRONMENT_LABELS = ("environment", "env", "deployment_environment", "deployment_environment_name")
LEGACY_STATES: Mapping[str, SignalStatus | None] = {
    "alerting": SignalStatus.FIRING,
    "no_data": SignalStatus.FIRING,
    "ok": SignalStatus.RESOLVED,
    "paused": SignalStatus.RESOLVED,
    "pending": None,
}
"""State of a legacy rule -> ours. A paused rule watches nothing any more; a pending one says nothing yet."""
SIGNATURE_HEADER = "X-Grafana-Alerting-Signature"
SECRET = "signing_secret"
SETTINGS = (
    Setting(
        name=SECRET,
        help="The secret of the contact point's HMAC signature. Without it deliveries show the integration's key.",
        secret=True,
    ),
    Setting(
        name="signature_header",
        help="The header of the signature, where the contact point names another one.",
        default=SIGNATURE_HEADER,
    ),
    Setting(
        name="timestamp_header",
        help="The header of the signature's time, where the contact point has one. Without it a copy can be sent again.",
        default="",
    ),
)


@attrs.frozen
class Grafana:
    """Reads what Grafana sends to webhooks."""

    type: str = "grafana"
    title: str = "Grafana"
    settings: tuple[Setting, ...] = SETTINGS

    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, tools: Tools) -> bool:
        """Check the signature of the body, or of time and body; without a secret the key decides."""
        valid = secrets.valid(SECRET)
        if not valid:
            return False
        header = integration.settings.get("signature_header") or SIGNATURE_HEADER
        stamp_header = integration.settings.get("timestamp_header") or ""
        message = delivery.body
        if stamp_header:
            stamp = delivery.header(stamp_header)
            require_fresh(stamp, tools.now)
            message = f"{stamp}:".encode() + message
        require_match([delivery.header(header)], [hmac_hex(secret, message) for secret in valid])
        return True

    def sign(self, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        """Sign the body, as Grafana does unless it is told of a timestamp header."""
        signature = hmac_hex(secrets.current(SECRET), delivery.body)
        return attrs.evolve(delivery, headers={**delivery.headers, SIGNATURE_HEADER: signature})

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the signals. Raises UnreadableDelivery that names the alert and its field."""
        body = Fields.of(payload)
        if "alerts" not in body.values and ("ruleId" in body.values or "evalMatches" in body.values):
            return _legacy(body, integration)
        org = body.number_or_key("orgId") or ""
        alerts = body.objects("alerts")
        return Parsed(drafts=tuple(_alert(alert, org, integration, delivery.received_at) for alert in alerts))

    def samples(self, now: datetime) -> Sequence[Sample]:
        """An alert and its end, a rule without data, the Test button, and a legacy rule with its end."""
        start, end = (now - timedelta(minutes=9)).isoformat(), (now - timedelta(minutes=1)).isoformat()
        fires = {**_SAMPLE, "startsAt": start, "endsAt": "0001-01-01T00:00:00Z"}
        gone = {"alertname": "DatasourceNoData", "rulename": "p99 of checkout", "datasource_uid": "PBFA97CFB590B2093"}
        test = {"alertname": "TestAlert", "instance": "Grafana"}
        rule = {"orgId": 1, "ruleId": 42, "ruleName": "Queue is long", "state": "alerting", "message": "Look at it."}
        return (
            _group("firing", fires),
            _group("resolved", {**fires, "status": "resolved", "endsAt": end}, resolves="firing"),
            _group("no_data", {**fires, "labels": gone, "values": None, "fingerprint": "9d3c7d1c9a2f6c11"}),
            _group("test", {**fires, "labels": test, "fingerprint": "57c6d9296de2ad39"}),
            _sample("legacy", {**rule, "title": "[Alerting] Queue is long", "evalMatches": []}),
            _sample("legacy_end", {**rule, "title": "[OK] Queue is long", "state": "ok"}, resolves="legacy"),
        )


def _alert(alert: Fields, org: str, integration: Integration, received_at: datetime) -> SignalDraft:
    labels = {name: value for name, value in alert.object("labels").all_texts().items() if value}
    fingerprint = alert.key("fingerprint")
    if not labels and fingerprint is None:
        raise wrong(alert.at("labels"), "must have at least one label that is not empty")
    notes = alert.object("annotations")
    status = _status(alert)
    started_at = alert.time("startsAt", received_at)
    ended_at = alert.time("endsAt", received_at) if status is SignalStatus.RESOLVED else None
    kind = labels.get("alertname") or "unnamed alert"
    name = (labels.get("rulename") or kind) if kind in SPECIAL else kind
    title = SPECIAL[kind].format(name) if kind in SPECIAL else notes.loose("summary")
    links = [
        alert.values.get(field) for field in ("generatorURL", "dashboardURL", "panelURL", "silenceURL", "imageURL")
    ]
    return attrs.evolve(
        _labelled(labels, integration),
        status=status,
        name=name,
        title=title or name,
        description=notes.loose("Error") or notes.loose("description") or alert.loose("valueString"),
        identity={"org": org, **{f"label:{label}": value for label, value in labels.items()}},
        vendor_key=joined_key(org, fingerprint) if fingerprint else None,
        vendor_fingerprint=fingerprint,
        occurred_at=ended_at if status is SignalStatus.RESOLVED else started_at,
        episode_started_at=started_at,
        is_heartbeat=_is_heartbeat(labels),
        links=web_links(*links, notes.values.get("runbook_url")),
        raw=alert.values,
    )


def _is_heartbeat(labels: Mapping[str, str]) -> bool:
    is_test = labels.get("alertname") == "TestAlert" and labels.get("instance") == "Grafana"
    is_none = labels.get("severity", "").strip().lower() == "none"
    return is_test or is_none or labels.get("alertname") in HEARTBEATS


def _legacy(body: Fields, integration: Integration) -> Parsed:
    rule = body.number_or_key("ruleId")
    if rule is None:
        raise wrong("ruleId", "is missing")
    word = body.required("state")
    if word not in LEGACY_STATES:
        raise wrong("state", f"must be one of {', '.join(LEGACY_STATES)}")
    status = LEGACY_STATES[word]
    if status is None:
        return Parsed()
    name = body.loose("ruleName") or body.loose("title") or "unnamed rule"
    draft = attrs.evolve(
        _labelled({**_matched(body), **body.object("tags").scalars()}, integration),
        status=status,
        name=name,
        title=SPECIAL["DatasourceNoData"].format(name) if word == "no_data" else name,
        description=body.loose("message"),
        vendor_key=joined_key(body.number_or_key("orgId") or "", "rule", rule),
        # The channel's Test button sends a rule that doesn't exist.
        is_heartbeat=rule == "0",
        links=web_links(body.values.get("ruleUrl"), body.values.get("imageUrl")),
        raw=body.values,
    )
    return Parsed(drafts=(draft,))


def _matched(body: Fields) -> Mapping[str, str]:
    """The tags of what fires, where that is one series only."""
    matches = body.values.get("evalMatches")
    only = matches[0] if isinstance(matches, list) and len(matches) == 1 else None
    tags = only.get("tags") if isinstance(only, dict) else None
    return Fields(tags).scalars() if isinstance(tags, dict) else {}


def _labelled(labels: Mapping[str, str], integration: Integration) -> SignalDraft:
    """What labels say: who is concerned, where, how badly."""
    severity_word = labels.get("severity", "")
    environment_word = first_text(labels, ENVIRONMENT_LABELS)
    return SignalDraft(
        severity=SEVERITIES.get(severity_word.strip().lower(), Severity.MEDIUM),
        severity_word=severity_word,
        service=first_text(labels, SERVICE_LABELS) or UNKNOWN_SERVICE,
        environment=integration.environment_of(environment_word),
        environment_word=environment_word,
        name="",
        labels=labels,
    )


def _status(alert: Fields) -> SignalStatus:
    word = alert.required("status")
    if word not in ("firing", "resolved"):
        raise wrong(alert.at("status"), 'must be "firing" or "resolved"')
    return SignalStatus(word)


_SAMPLE: Mapping[str, Any] = {
    "status": "firing",
    "labels": {
        "alertname": "p99 of checkout",
        "environment": "production",
        "grafana_folder": "Shop",
        "service": "checkout",
        "severity": "critical",
    },
    "annotations": {"summary": "p99 is above 2 s", "runbook_url": "https://runbooks.example.com/latency"},
    "generatorURL": "https://grafana.example.com/alerting/grafana/ddnwwkqc3ib9ca/view?orgId=1",
    "fingerprint": "c6eadffa33fcdf37",
    "silenceURL": "https://grafana.example.com/alerting/silence/new?alertmanager=grafana",
    "dashboardURL": "",
    "panelURL": "",
    "values": {"B": 2.418, "C": 1},
    "valueString": "[ var='B' labels={service=checkout} value=2.418 ]",
}


def _group(name: str, alert: Mapping[str, Any], resolves: str = "") -> Sample:
    firing = alert["status"] == "firing"
    body = {
        "receiver": "copilot",
        "status": alert["status"],
        "alerts": [alert],
        "groupLabels": {"alertname": alert["labels"]["alertname"]},
        "commonLabels": alert["labels"],
        "commonAnnotations": alert["annotations"],
        "externalURL": "https://grafana.example.com/",
        "version": "1",
        "groupKey": '{}:{alertname="p99 of checkout"}',
        "truncatedAlerts": 0,
        "orgId": 1,
        "title": f"[{'FIRING:1' if firing else 'RESOLVED'}] {alert['labels']['alertname']}",
        "state": "alerting" if firing else "ok",
        "message": "**Firing**",
    }
    return _sample(name, body, resolves)


def _sample(name: str, body: Mapping[str, Any], resolves: str = "") -> Sample:
    return Sample(name=name, body=json.dumps(body).encode(), resolves=resolves)


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `grafana`."""
    return [Grafana()]
