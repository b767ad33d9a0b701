"""Sentry: the webhooks of an internal or public integration.

What a delivery is about is said by the header `Sentry-Hook-Resource`. An issue is one series, whichever resource tells
of it: an issue alert fires it and `issue.resolved` ends it. An occurrence of a metric alert is a series of its own.
Archiving an issue says that nobody wants to hear of it, not that it ended, so it changes nothing.

The signature is an HMAC-SHA256 over the body alone. `Sentry-Hook-Timestamp` is not part of it, so an old delivery can't
be told from a new one by its signature; `Request-ID` tells a redelivery. Cookies and credentials of the requests in
which errors happened, and the grant code of an installation, are taken out before anything is kept.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.domain.deliveries import Acknowledgement, Delivery, Parsed, Sample
from sre_copilot.domain.errors import MalformedDelivery
from sre_copilot.domain.integrations import Integration, Secrets, Setting
from sre_copilot.domain.payloads import Fields, joined_key, web_links, wrong
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Severity, SignalDraft, SignalStatus, SignalType
from sre_copilot.domain.signatures import hmac_hex, require_match
from sre_copilot.domain.strict_json import read_json
from sre_copilot.hookspecs import IntegrationPlugin, Tools, hookimpl

SEVERITIES: Mapping[str, Severity] = {
    "fatal": Severity.CRITICAL,
    "critical": Severity.CRITICAL,
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "info": Severity.INFO,
    "debug": Severity.INFO,
    "sample": Severity.INFO,
    "resolved": Severity.INFO,
}
"""An event's or issue's level, or a metric alert's action -> ours. Every other word is medium."""
SECRET = "client_secret"
MOST_TAGS = 200
RESOURCES = ("event_alert", "metric_alert", "issue", "error", "comment", "installation")
SIGNATURE = "sentry-hook-signature"
CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token"})

# Tags that describe one client or one error join nothing, and some of them are personal.
_OF_CLIENTS = re.compile(
    r"(?:browser|client_os|device|handled|level|logger|mechanism|os|runtime|url|user|sentry:\w+)(?:\.|$)"
)
_SUSPECT = re.compile(rb'"(?:code|cookies|headers)"|\\u')
_PROJECT = re.compile(r"/projects/[^/]+/([^/]+)/")


@attrs.frozen
class Sentry:
    """Reads issue alerts, metric alerts, issues and errors."""

    type: str = "sentry"
    title: str = "Sentry"
    kept_headers: tuple[str, ...] = ("request-id", "sentry-hook-resource", "sentry-hook-timestamp")
    settings: tuple[Setting, ...] = (
        Setting(name=SECRET, help="The client secret that Sentry shows on the page of the integration.", secret=True),
    )

    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, tools: Tools) -> bool:
        """Check the signature; where no client secret is set, the key decides."""
        valid = secrets.valid(SECRET)
        if valid:
            require_match([delivery.header(SIGNATURE)], [hmac_hex(secret, delivery.body) for secret in valid])
        return bool(valid)

    def sign(self, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        """Sign as Sentry does."""
        stamp = {"sentry-hook-timestamp": str(int(now.timestamp()))}
        signature = {SIGNATURE: hmac_hex(secrets.current(SECRET), delivery.body)}
        return attrs.evolve(delivery, headers={**delivery.headers, **stamp, **signature})

    def without_credentials(self, body: bytes) -> bytes:
        """The body without what would let somebody in; the same bytes where there is nothing of the kind."""
        try:
            payload = read_json(body) if _SUSPECT.search(body) else None
        except MalformedDelivery:
            return body
        return json.dumps(payload, ensure_ascii=False).encode() if _removed_credentials(payload) else body

    def delivery_id(self, payload: Any, delivery: Delivery) -> str | None:
        """The header `Request-ID`."""
        return delivery.header("request-id").strip() or None

    def samples(self, now: datetime) -> Sequence[Sample]:
        """An issue alert and the issue's end, a metric alert, and an installation."""
        began = (now - timedelta(minutes=10)).isoformat()
        event = {
            "event_id": "e4874d664c3540c1a32eab185f12c5ab",
            "issue_id": "1117540176",
            "title": "TimeoutError: payment provider did not answer",
            "culprit": "checkout.payments in charge",
            "level": "error",
            "environment": "production",
            "datetime": began,
            "url": "https://sentry.io/api/0/projects/shop/checkout/events/e4874d664c3540c1a32eab185f12c5ab/",
            "web_url": "https://sentry.io/organizations/shop/issues/1117540176/",
            "tags": [["environment", "production"], ["server_name", "web-1"], ["user", "id:17"]],
        }
        issue = {"id": "1117540176", "title": event["title"], "level": "error", "project": {"slug": "checkout"}}
        rule = {"name": "Too many errors", "projects": ["checkout"], "environment": "production"}
        metric = {"id": "4", "date_started": began, "alert_rule": rule}
        told = {"description_title": "Critical: Too many errors", "description_text": "1000 events in 10 minutes"}
        return (
            _sample("firing", "event_alert", "triggered", {"event": event, "triggered_rule": "Payments"}),
            _sample("resolved", "issue", "resolved", {"issue": {**issue, "lastSeen": began}}, resolves="firing"),
            _sample("metric alert", "metric_alert", "critical", {"metric_alert": metric, **told}),
            _sample("installation", "installation", "created", {"installation": {"status": "installed"}}),
        )

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the signal or acknowledgement, nothing for other resources. Raises UnreadableDelivery."""
        hook = Fields.of(payload)
        data = hook.object("data")
        resource = delivery.header("sentry-hook-resource").strip() or _guessed(data)
        if resource == "metric_alert":
            return Parsed(drafts=(_metric_alert(hook, data, integration, delivery.received_at),))
        if resource == "issue":
            return _issue(hook, data.object("issue"), integration, delivery.received_at)
        if resource not in ("event_alert", "error"):
            return Parsed()
        event = data.object("error" if resource == "error" else "event")
        draft = _event(event, data.loose("triggered_rule"), integration, delivery.received_at)
        signal_type = SignalType.LOG_PATTERN if resource == "error" else SignalType.ALERT
        return Parsed(drafts=(attrs.evolve(draft, signal_type=signal_type),))


def _guessed(data: Fields) -> str:
    named = {"event": "event_alert"} | {name: name for name in RESOURCES}
    found = [resource for name, resource in named.items() if name in data.values]
    if not found:
        raise wrong("the header Sentry-Hook-Resource", "is missing, and data holds nothing that would tell")
    return found[0]


def _event(event: Fields, rule: str, integration: Integration, received_at: datetime) -> SignalDraft:
    tags = _tags(event.values.get("tags"))
    project = _PROJECT.search(event.loose("url"))
    service = tags.get("service", "").strip() or (project[1] if project else "")
    level = event.text("level")
    environment_word = event.text("environment") or tags.get("environment", "")
    title = event.loose("title") or event.loose("message")
    about = (event.loose("culprit"), event.loose("message"), f"Alert rule: {rule}" if rule else "")
    labels = {name: value for name, value in tags.items() if not _OF_CLIENTS.match(name)}
    if host := labels.pop("server_name", ""):
        labels["host"] = host
    return SignalDraft(
        severity=_severity(level),
        severity_word=level,
        service=service or UNKNOWN_SERVICE,
        environment=integration.environment_of(environment_word),
        environment_word=environment_word,
        name=title or "Sentry issue",
        title=title,
        description="\n".join(text for text in about if text and text != title),
        labels=labels,
        vendor_key=_key("issue", event, "issue_id"),
        occurred_at=event.time("datetime", received_at),
        links=web_links(event.values.get("web_url")),
        raw=event.values,
    )


def _issue(hook: Fields, issue: Fields, integration: Integration, received_at: datetime) -> Parsed:
    action = hook.required("action")
    key = _key("issue", issue, "id")
    if action == "assigned":
        return Parsed(acknowledgements=_taken_over(hook, issue, key))
    if action not in ("created", "unresolved", "resolved"):
        return Parsed()
    level, title = issue.text("level"), issue.loose("title")
    draft = SignalDraft(
        status=SignalStatus.RESOLVED if action == "resolved" else SignalStatus.FIRING,
        severity=_severity(level),
        severity_word=level,
        service=issue.object("project").loose("slug").strip() or UNKNOWN_SERVICE,
        name=title or issue.loose("shortId") or "Sentry issue",
        title=title,
        description=issue.loose("culprit"),
        vendor_key=key,
        vendor_fingerprint=issue.loose("shortId") or None,
        # A resolve and a return carry no time of their own; that of the last event may lie before an earlier resolve.
        occurred_at=issue.time("firstSeen", received_at) if action == "created" else None,
        links=web_links(issue.values.get("web_url"), issue.values.get("permalink")),
        raw=issue.values,
    )
    return Parsed(drafts=(draft,))


def _taken_over(hook: Fields, issue: Fields, key: str) -> tuple[Acknowledgement, ...]:
    """Whoever assigns an issue to themselves is on it; an issue that others or rules assign is nobody's word."""
    actor, assignee = hook.object("actor").scalars(), issue.object("assignedTo").scalars()
    person = ("user", actor.get("id"))
    if actor.get("id") is None or person != (assignee.get("type"), assignee.get("id")) or actor.get("type") != "user":
        return ()
    return (Acknowledgement(vendor_key=key, by=assignee.get("email", "")),)


def _metric_alert(hook: Fields, data: Fields, integration: Integration, received_at: datetime) -> SignalDraft:
    action = hook.required("action")
    if action not in ("critical", "warning", "resolved"):
        raise wrong("action", 'must be "critical", "warning" or "resolved"')
    alert = data.object("metric_alert")
    rule = alert.object("alert_rule")
    environment_word = rule.text("environment")
    started_at = alert.time("date_started", received_at)
    is_over = action == "resolved"
    title = data.loose("description_title")
    return SignalDraft(
        status=SignalStatus.RESOLVED if is_over else SignalStatus.FIRING,
        severity=_severity(action),
        severity_word=action,
        service=_only(rule.values.get("projects") or alert.values.get("projects")) or UNKNOWN_SERVICE,
        environment=integration.environment_of(environment_word),
        environment_word=environment_word,
        name=rule.loose("name") or title or "Sentry metric alert",
        title=title or rule.loose("name"),
        description=data.loose("description_text"),
        vendor_key=_key("metric_alert", alert, "id"),
        vendor_fingerprint=alert.loose("identifier") or None,
        occurred_at=alert.time("date_closed", received_at) if is_over else started_at,
        episode_started_at=started_at,
        links=web_links(data.values.get("web_url")),
        raw=data.values,
    )


def _key(kind: str, holder: Fields, name: str) -> str:
    number = holder.number_or_key(name)
    if number is None:
        raise wrong(holder.at(name), "is missing")
    return joined_key(kind, number)


def _severity(word: str) -> Severity:
    return SEVERITIES.get(word.strip().lower(), Severity.MEDIUM)


def _tags(tags: object) -> dict[str, str]:
    """Tags come as pairs; those that aren't two texts decide nothing."""
    found = tags[:MOST_TAGS] if isinstance(tags, list) else []
    pairs = [pair for pair in found if isinstance(pair, list) and len(pair) == 2]
    return {name: value for name, value in pairs if isinstance(name, str) and isinstance(value, str)}


def _only(projects: object) -> str:
    """The project where there is exactly one; of several none is more concerned than the others."""
    return (
        projects[0].strip()
        if isinstance(projects, list) and len(projects) == 1 and isinstance(projects[0], str)
        else ""
    )


def _removed_credentials(payload: object) -> bool:
    data = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(data, dict):
        return False
    installation = data.get("installation")
    removed = isinstance(installation, dict) and installation.pop("code", None) is not None
    for event in (data.get("event"), data.get("error")):
        request = event.get("request") if isinstance(event, dict) else None
        if isinstance(request, dict):
            removed |= request.pop("cookies", None) is not None
            headers = request.get("headers")
            if isinstance(headers, list):
                kept = [pair for pair in headers if not _is_credential(pair)]
                removed |= kept != headers
                request["headers"] = kept
    return removed


def _is_credential(pair: object) -> bool:
    return isinstance(pair, list) and bool(pair) and isinstance(pair[0], str) and pair[0].lower() in CREDENTIALS


def _sample(name: str, resource: str, action: str, data: Mapping[str, Any], resolves: str = "") -> Sample:
    whole = {"action": action, "installation": {"uuid": "a8e5d37a-696c-4c54-adb5-b3f28d64c7de"}, "data": data}
    body = json.dumps(whole).encode()
    # The same body has the same id, and another one another.
    request_id = hashlib.sha256(body).hexdigest()[:32]
    return Sample(
        name=name,
        body=body,
        headers={"sentry-hook-resource": resource, "request-id": request_id},
        resolves=resolves,
    )


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `sentry`."""
    return [Sentry()]
