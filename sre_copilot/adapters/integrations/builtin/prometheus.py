"""Prometheus: Alertmanager's webhook, version "4", and Prometheus itself, for which we are an Alertmanager.

A body is a group of alerts; each stands for itself and has its own status, whatever the group's is. An alert's identity is
its full label set, without empty labels, at both doors; Alertmanager's hash of it is kept for people. There is no id of a
delivery: repeats, retries and twins are recognised by series, status and times. Where alerts were cut off
(`truncatedAlerts`), the missing ones are not resolved; nothing is ever concluded from absence.

Prometheus states no status, only an end: one that has passed means resolved, one to come is until when the alert is known
to fire unless it is sent again. A Prometheus that died resolves nothing; its alerts expire.

Neither signs anything: the integration's key decides.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.domain.deliveries import LATEST_AHEAD, Delivery, Parsed, Reply, Sample
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import Fields, any_time, checked_time, first_text, kind, web_links, wrong
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
ALERTS_DOOR = "/api/v2/alerts"
RESOLVE_TIMEOUT = timedelta(minutes=5)
"""How long an alert fires that was sent to us without an end: what Alertmanager's `resolve_timeout` is by default."""
MOST_PROBLEMS = 10


@attrs.frozen
class Prometheus:
    """Reads what Alertmanager tells its receivers, and what Prometheus tells its Alertmanager."""

    type: str = "prometheus"
    title: str = "Prometheus and Alertmanager"

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return one signal per alert. Raises UnreadableDelivery that names the alert and its field.

        Of a list for an Alertmanager it takes, as Alertmanager does, the alerts that can be read: then the reply is a
        refusal that names the others, and only where there is nothing to take it raises.
        """
        if isinstance(payload, list) or delivery.path == ALERTS_DOOR:
            return _told_to_alertmanager(payload, integration, delivery.received_at)
        alerts = Fields.of(payload).objects("alerts")
        return Parsed(drafts=tuple(_told_by_alertmanager(alert, integration, delivery.received_at) for alert in alerts))

    def samples(self, now: datetime) -> Sequence[Sample]:
        """A group, its end, a watchdog; and an alert as Prometheus sends it, while it fires and afterwards."""
        start, end = _written(now - timedelta(minutes=12)), _written(now - timedelta(minutes=2))
        fires = {**_SAMPLE, "startsAt": start, "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "3b15fd163d36582e"}
        ends = {**fires, "status": "resolved", "endsAt": end}
        beat = {**fires, "labels": {"alertname": "Watchdog", "severity": "none"}, "fingerprint": "c10ad66d7a4b6d79"}
        posted = {name: value for name, value in _SAMPLE.items() if name != "status"}
        until = _written(now + timedelta(minutes=4))
        return (
            _group("firing", fires),
            _group("resolved", ends, resolves="firing"),
            _group("heartbeat", beat),
            _list("posted", {**posted, "startsAt": start, "endsAt": until}),
            _list("posted_end", {**posted, "startsAt": start, "endsAt": end}, resolves="posted"),
        )


def _told_by_alertmanager(alert: Fields, integration: Integration, received_at: datetime) -> SignalDraft:
    draft = _described(alert, integration)
    status = _status(alert)
    started_at = alert.time("startsAt", received_at)
    # While an alert fires its end is a guess of the sender's, so it isn't even read.
    ended_at = alert.time("endsAt", received_at) if status is SignalStatus.RESOLVED else None
    return attrs.evolve(
        draft,
        status=status,
        occurred_at=ended_at if status is SignalStatus.RESOLVED else started_at,
        episode_started_at=started_at,
    )


def _told_to_alertmanager(payload: Any, integration: Integration, received_at: datetime) -> Parsed:
    if not isinstance(payload, list):
        raise wrong("the body", f"must be a list of alerts, not {kind(payload)}")
    drafts, problems = [], []
    for place, item in enumerate(payload):
        try:
            drafts.append(_posted(Fields.of(item, f"[{place}]"), integration, received_at))
        except UnreadableDelivery as error:
            problems.append(str(error))
    if not problems:
        return Parsed(drafts=tuple(drafts))
    told = " ".join(problems[:MOST_PROBLEMS])
    if len(problems) > MOST_PROBLEMS:
        told += f" And {len(problems) - MOST_PROBLEMS} more."
    if not drafts:
        raise UnreadableDelivery(told)
    return Parsed(drafts=tuple(drafts), reply=Reply(body=json.dumps(told), status=400))


def _posted(alert: Fields, integration: Integration, received_at: datetime) -> SignalDraft:
    draft = _described(alert, integration)
    started_at = alert.time("startsAt", received_at)
    ends_at = _end(alert, received_at)
    if started_at is not None and ends_at < started_at:
        raise wrong(alert.at("endsAt"), "must not lie before startsAt")
    if ends_at <= received_at:
        resolved = SignalStatus.RESOLVED
        return attrs.evolve(draft, status=resolved, occurred_at=ends_at, episode_started_at=started_at)
    return attrs.evolve(draft, occurred_at=started_at, episode_started_at=started_at, expires_at=ends_at)


def _end(alert: Fields, received_at: datetime) -> datetime:
    """When the alert ended or is to expire.

    Times are taken up to a day ahead. Prometheus names an end of four evaluations ahead, which is more for a rule that is
    evaluated twice a day; such an end is read as a day ahead.
    """
    word = alert.time_word("endsAt")
    if not word:
        return received_at + RESOLVE_TIMEOUT
    path = alert.at("endsAt")
    return checked_time(path, min(any_time(path, word), received_at + LATEST_AHEAD), received_at)


def _described(alert: Fields, integration: Integration) -> SignalDraft:
    """What does not depend on the door: who is concerned, where, how badly, and in which words."""
    labels = {name: value for name, value in alert.object("labels").all_texts().items() if value}
    if not labels:
        raise wrong(alert.at("labels"), "must have at least one label that is not empty")
    notes = alert.object("annotations")
    name = labels.get("alertname") or "unnamed alert"
    severity_word = labels.get("severity", "")
    environment_word = first_text(labels, ENVIRONMENT_LABELS)
    return SignalDraft(
        severity=SEVERITIES.get(severity_word.strip().lower(), Severity.MEDIUM),
        severity_word=severity_word,
        service=first_text(labels, SERVICE_LABELS) or UNKNOWN_SERVICE,
        environment=integration.environment_of(environment_word),
        environment_word=environment_word,
        name=name,
        title=notes.loose("summary") or name,
        description=notes.loose("description"),
        labels=labels,
        identity=labels,
        vendor_fingerprint=alert.loose("fingerprint") or None,
        is_heartbeat=name in HEARTBEATS or severity_word.strip().lower() == "none",
        links=web_links(alert.values.get("generatorURL"), notes.values.get("runbook_url")),
        raw=alert.values,
    )


def _status(alert: Fields) -> SignalStatus:
    word = alert.required("status")
    if word not in ("firing", "resolved"):
        raise wrong(alert.at("status"), 'must be "firing" or "resolved"')
    return SignalStatus(word)


_SAMPLE: Mapping[str, Any] = {
    "status": "firing",
    "labels": {
        "alertname": "HighErrorRate",
        "cluster": "eu-west-1",
        "environment": "production",
        "namespace": "shop",
        "service": "checkout",
        "severity": "critical",
    },
    "annotations": {
        "summary": "checkout answers more than 5 % of its requests with an error",
        "description": "12.4 % of the requests of the last 5 minutes failed.",
        "runbook_url": "https://runbooks.example.com/HighErrorRate",
    },
    "generatorURL": "https://prometheus.example.com/graph?g0.expr=job%3Aerrors%3Aratio5m+%3E+0.05&g0.tab=1",
}


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _group(name: str, alert: Mapping[str, Any], resolves: str = "") -> Sample:
    body = {
        "version": "4",
        "groupKey": '{}:{alertname="HighErrorRate"}',
        "truncatedAlerts": 0,
        "status": alert["status"],
        "receiver": "copilot",
        "groupLabels": {"alertname": alert["labels"]["alertname"]},
        "commonLabels": alert["labels"],
        "commonAnnotations": alert["annotations"],
        "externalURL": "https://alertmanager.example.com",
        "alerts": [alert],
    }
    return Sample(name=name, body=json.dumps(body).encode(), resolves=resolves)


def _list(name: str, alert: Mapping[str, Any], resolves: str = "") -> Sample:
    return Sample(name=name, body=json.dumps([alert]).encode(), path=ALERTS_DOOR, resolves=resolves)


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `prometheus`."""
    return [Prometheus()]
