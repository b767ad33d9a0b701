"""New Relic: webhook destinations of workflows, and the webhooks of the older notification channels.

A workflow's body is the user's own template; ours is in docs/reference/integrations/new_relic.md, and New Relic's own
is read as well. An issue is one series and one run of it: it begins at `createdAt` and ends with the state `CLOSED`.
What happens to it in between is a repeat, except a change of its priority, which counts from when it changed.

New Relic signs nothing.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.domain.deliveries import Acknowledgement, Delivery, Parsed, Sample
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import MILLISECONDS, Fields, joined_key, web_links, wrong
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Severity, SignalDraft, SignalStatus
from sre_copilot.hookspecs import IntegrationPlugin, hookimpl

SEVERITIES: Mapping[str, Severity] = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "warning": Severity.MEDIUM,
    "low": Severity.LOW,
    "info": Severity.INFO,
}
"""An issue's priority, or an older incident's severity -> ours. Every other word is medium."""
FIRING_STATES = frozenset({"created", "activated", "active", "investigating", "open"})
ACKNOWLEDGED = "acknowledged"
CLOSED = "closed"
TEST = "test"
PRIORITY_CHANGED = "PRIORITY_CHANGED"
UNNAMED = "New Relic issue"


@attrs.frozen
class NewRelic:
    """Reads issues and older incidents."""

    type: str = "new_relic"
    title: str = "New Relic"
    takes_templates: bool = True

    def samples(self, now: datetime) -> Sequence[Sample]:
        """An issue that is activated, acknowledged and closed, and an incident of an older channel."""
        began = now - timedelta(minutes=10)
        issue = {
            "id": "0ea2df1c-adab-45d2-aae0-042b609d2322",
            "issueUrl": "https://radar-api.service.newrelic.com/accounts/1/issues/0ea2df1c-adab-45d2-aae0-042b609d2322",
            "title": "checkout query result is > 5.0 for 5 minutes on 'Error rate'",
            "priority": "CRITICAL",
            "state": "ACTIVATED",
            "trigger": "STATE_CHANGE",
            "createdAt": _milliseconds(began),
            "updatedAt": _milliseconds(began),
            "sources": ["newrelic"],
            "impactedEntities": ["checkout"],
            "alertPolicyNames": ["Checkout"],
            "alertConditionNames": ["Error rate"],
            "environment": ["production"],
            "totalIncidents": 1,
        }
        acknowledged = {"state": "ACKNOWLEDGED", "trigger": "USER_ACTION", "acknowledgedBy": "ana@example.com"}
        closed = {"state": "CLOSED", "closedAt": _milliseconds(now - timedelta(minutes=1))}
        older = {
            "incident_id": 81234567,
            "current_state": "open",
            "severity": "WARNING",
            "condition_name": "Response time",
            "policy_name": "Checkout",
            "details": "Response time > 2 seconds for at least 5 minutes",
            "incident_url": "https://alerts.newrelic.com/accounts/1/incidents/81234567",
            "targets": [{"name": "checkout", "type": "Application", "labels": {"environment": "production"}}],
            "timestamp": _milliseconds(began),
        }
        return (
            Sample(name="firing", body=json.dumps(issue).encode()),
            Sample(name="acknowledged", body=json.dumps({**issue, **acknowledged}).encode()),
            Sample(name="resolved", body=json.dumps({**issue, **closed}).encode(), resolves="firing"),
            Sample(name="older channel", body=json.dumps(older).encode()),
        )

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the signal or acknowledgement of one issue. Raises UnreadableDelivery that names the field."""
        whole = Fields.of(payload)
        event = Fields({name: value for name, value in whole.values.items() if not _is_unset(value)})
        read = _issue if event.values.get("current_state") is None else _older
        parsed = read(event, integration, delivery.received_at)
        return attrs.evolve(parsed, drafts=tuple(attrs.evolve(draft, raw=whole.values) for draft in parsed.drafts))


def _issue(issue: Fields, integration: Integration, received_at: datetime) -> Parsed:
    key = _key(issue, "id", "issue")
    state = issue.required("state").strip().lower()
    _check(state, issue.at("state"), (*FIRING_STATES, ACKNOWLEDGED, CLOSED))
    who = _texts(issue, "acknowledgedBy") or _texts(issue, "owner")
    acknowledged = (Acknowledgement(vendor_key=key, by=who[0] if who else ""),)
    changed = issue.loose("trigger").upper() == PRIORITY_CHANGED
    if state == ACKNOWLEDGED and not changed:
        return Parsed(acknowledgements=acknowledged)
    names = _texts(issue, "title") or _texts(issue, "alertConditionNames")
    draft = _draft(
        title=names[0] if names else UNNAMED,
        name=_first(issue, "alertConditionNames"),
        severity_word=issue.text("priority"),
        service=_first(issue, "service") or _only(_texts(issue, "impactedEntities")),
        environment_word=_first(issue, "environment"),
        integration=integration,
    )
    is_over = state == CLOSED
    draft = attrs.evolve(
        draft,
        status=SignalStatus.RESOLVED if is_over else SignalStatus.FIRING,
        description="\n".join(_texts(issue, "description")),
        labels={name: value for name, value in {"policy": _first(issue, "alertPolicyNames")}.items() if value},
        vendor_key=key,
        occurred_at=_moment(issue, received_at, is_over=is_over, changed=changed),
        episode_started_at=_time(issue, "createdAt", received_at),
        links=web_links(issue.values.get("issueUrl"), *_texts(issue, "runbookUrl")),
    )
    is_acknowledged = state == ACKNOWLEDGED or (not is_over and issue.scalars().get("isAcknowledged") == "true")
    return Parsed(drafts=(draft,), acknowledgements=acknowledged if is_acknowledged else ())


def _moment(issue: Fields, received_at: datetime, *, is_over: bool, changed: bool) -> datetime | None:
    updated = _time(issue, "updatedAt", received_at)
    if is_over:
        return _time(issue, "closedAt", received_at) or updated
    return updated if changed else _time(issue, "createdAt", received_at)


def _older(incident: Fields, integration: Integration, received_at: datetime) -> Parsed:
    state = incident.required("current_state").strip().lower()
    if state == TEST:
        return Parsed()
    _check(state, incident.at("current_state"), ("open", ACKNOWLEDGED, CLOSED))
    key = _key(incident, "incident_id", "incident")
    if state == ACKNOWLEDGED:
        return Parsed(acknowledgements=(Acknowledgement(vendor_key=key, by=incident.loose("owner")),))
    listed = incident.values.get("targets")
    targets = [Fields(target) for target in listed if isinstance(target, dict)] if isinstance(listed, list) else []
    labels = _labels(targets[0]) if len(targets) == 1 else {}
    condition, details = incident.loose("condition_name"), incident.loose("details")
    draft = _draft(
        title=details or condition or UNNAMED,
        name=condition,
        severity_word=incident.text("severity"),
        service=labels.get("service", "") or _only([target.loose("name") for target in targets]),
        environment_word=labels.get("environment", "") or labels.get("env", ""),
        integration=integration,
    )
    policy = incident.loose("policy_name")
    draft = attrs.evolve(
        draft,
        status=SignalStatus.RESOLVED if state == CLOSED else SignalStatus.FIRING,
        description=details,
        labels={**({"policy": policy} if policy else {}), **labels},
        vendor_key=key,
        occurred_at=_time(incident, "timestamp", received_at),
        links=web_links(incident.values.get("incident_url"), incident.values.get("runbook_url")),
    )
    return Parsed(drafts=(draft,))


def _draft(
    *, title: str, name: str, severity_word: str, service: str, environment_word: str, integration: Integration
) -> SignalDraft:
    return SignalDraft(
        severity=SEVERITIES.get(severity_word.strip().lower(), Severity.MEDIUM),
        severity_word=severity_word,
        service=service.strip() or UNKNOWN_SERVICE,
        environment=integration.environment_of(environment_word),
        environment_word=environment_word,
        name=name or title,
        title=title,
    )


def _key(event: Fields, name: str, kind: str) -> str:
    number = event.number_or_key(name)
    if number is None:
        raise wrong(event.at(name), "is missing")
    return joined_key(kind, number)


def _check(state: str, path: str, known: Sequence[str]) -> None:
    if state not in known:
        raise wrong(path, f"must be one of {', '.join(sorted(known))}")


def _time(event: Fields, name: str, received_at: datetime) -> datetime | None:
    return event.epoch(name, received_at, per_second=MILLISECONDS)


def _texts(event: Fields, name: str) -> list[str]:
    """A field that one template fills with a text and another with a list of texts."""
    value = event.values.get(name)
    found = value if isinstance(value, list) else [value]
    return [text for text in found if isinstance(text, str) and text.strip() and not _is_unset(text)]


def _first(event: Fields, name: str) -> str:
    return next(iter(_texts(event, name)), "")


def _only(names: Sequence[str]) -> str:
    """The entity where there is exactly one; of several none is more concerned than the others."""
    return names[0] if len(names) == 1 else ""


def _is_unset(value: object) -> bool:
    """Whether it is a variable of the template that New Relic left as it was."""
    return isinstance(value, str) and value.startswith("{{") and value.endswith("}}")


def _labels(target: Fields) -> dict[str, str]:
    labels = target.values.get("labels")
    return Fields(labels).scalars() if isinstance(labels, dict) else {}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * MILLISECONDS


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `new_relic`."""
    return [NewRelic()]
