"""Alerts as Alertmanager tells them, and as Prometheus posts them."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sre_copilot.domain.deliveries import LATEST_AHEAD, Parsed, Reply
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import Fields, any_time, checked_time, first_text, kind, web_links, wrong
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Severity, SignalDraft, SignalStatus

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


def told_by_alertmanager(alert: Fields, integration: Integration, received_at: datetime) -> SignalDraft:
    """Return an alert of a webhook's group. Raises UnreadableDelivery."""
    status = _status(alert)
    started_at = alert.time("startsAt", received_at)
    # While an alert fires its end is a guess of the sender's, so it isn't even read.
    ended_at = alert.time("endsAt", received_at) if status is SignalStatus.RESOLVED else None
    return SignalDraft(
        **_described(alert, integration),
        status=status,
        occurred_at=ended_at if status is SignalStatus.RESOLVED else started_at,
        episode_started_at=started_at,
    )


def told_to_alertmanager(payload: Any, integration: Integration, received_at: datetime) -> Parsed:
    """Return what a list for an Alertmanager says, as far as it can be read. Raises UnreadableDelivery where nothing can."""
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
    told = _described(alert, integration)
    started_at = alert.time("startsAt", received_at)
    ends_at = _end(alert, received_at)
    if started_at is not None and ends_at < started_at:
        raise wrong(alert.at("endsAt"), "must not lie before startsAt")
    if ends_at <= received_at:
        resolved = SignalStatus.RESOLVED
        return SignalDraft(**told, status=resolved, occurred_at=ends_at, episode_started_at=started_at)
    return SignalDraft(**told, occurred_at=started_at, episode_started_at=started_at, expires_at=ends_at)


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


def _described(alert: Fields, integration: Integration) -> dict[str, Any]:
    """What does not depend on the door: who is concerned, where, how badly, and in which words."""
    labels = {name: value for name, value in alert.object("labels").all_texts().items() if value}
    if not labels:
        raise wrong(alert.at("labels"), "must have at least one label that is not empty")
    notes = alert.object("annotations")
    name = labels.get("alertname") or "unnamed alert"
    severity_word = labels.get("severity", "")
    environment_word = first_text(labels, ENVIRONMENT_LABELS)
    return {
        "severity": SEVERITIES.get(severity_word.strip().lower(), Severity.MEDIUM),
        "severity_word": severity_word,
        "service": first_text(labels, SERVICE_LABELS) or UNKNOWN_SERVICE,
        "environment": integration.environment_of(environment_word),
        "environment_word": environment_word,
        "name": name,
        "title": notes.loose("summary") or name,
        "description": notes.loose("description"),
        "labels": labels,
        "identity": labels,
        "vendor_fingerprint": alert.loose("fingerprint") or None,
        "is_heartbeat": name in HEARTBEATS or severity_word.strip().lower() == "none",
        "links": web_links(alert.values.get("generatorURL"), notes.values.get("runbook_url")),
        "raw": alert.values,
    }


def _status(alert: Fields) -> SignalStatus:
    word = alert.required("status")
    if word not in ("firing", "resolved"):
        raise wrong(alert.at("status"), 'must be "firing" or "resolved"')
    return SignalStatus(word)
