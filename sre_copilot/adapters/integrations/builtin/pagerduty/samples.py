"""What PagerDuty and its clients send, for trying the integration."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sre_copilot.adapters.integrations.builtin.pagerduty.events import CHANGE_DOOR, EVENT_DOOR
from sre_copilot.domain.deliveries import Sample


def samples(now: datetime) -> Sequence[Sample]:
    """An event with its acknowledgement and its end, a change event, and an incident with its end as webhooks."""
    at, ended = (now - timedelta(minutes=8)).isoformat(), (now - timedelta(minutes=1)).isoformat()
    event = {"routing_key": "THE-INTEGRATIONS-KEY", "dedup_key": "synthetic/checkout"}
    return (
        _sample("firing", {**event, **_EVENT, "payload": {**_EVENT["payload"], "timestamp": at}}, EVENT_DOOR),
        _sample("acknowledged", {**event, "event_action": "acknowledge"}, EVENT_DOOR),
        _sample("resolved", {**event, "event_action": "resolve"}, EVENT_DOOR, resolves="firing"),
        _sample("change", {**event, "payload": {**_DEPLOY, "timestamp": at}}, CHANGE_DOOR),
        _webhook("webhook", "triggered", at, at),
        _webhook("webhook_acknowledged", "acknowledged", at, at),
        _webhook("webhook_end", "resolved", at, ended, resolves="webhook"),
    )


_EVENT: Mapping[str, Any] = {
    "event_action": "trigger",
    "client": "Synthetic checks",
    "client_url": "https://synthetics.example.com/checks/checkout",
    "payload": {
        "summary": "Guest checkout fails from eu-west-1",
        "source": "synthetics-eu-west-1",
        "severity": "critical",
        "component": "storefront",
        "class": "journey",
        "custom_details": {"service": "checkout", "environment": "production", "failed": 3},
    },
}
_DEPLOY: Mapping[str, Any] = {
    "summary": "Deploy checkout 1.42.0 to production",
    "source": "deployer",
    "custom_details": {"service": "checkout", "environment": "production", "version": "1.42.0", "author": "m.ortiz"},
}
_INCIDENT: Mapping[str, Any] = {
    "id": "PGR0VU2",
    "type": "incident",
    "html_url": "https://acme.pagerduty.com/incidents/PGR0VU2",
    "number": 2,
    "incident_key": "d3640fbd41094207a1c11e58e46b1662",
    "title": "Guest checkout fails",
    "service": {"id": "PF9KMXH", "summary": "checkout", "type": "service_reference"},
    "priority": {"id": "PSO75BM", "summary": "P1", "type": "priority_reference"},
    "urgency": "high",
}


def _webhook(name: str, word: str, created_at: str, occurred_at: str, resolves: str = "") -> Sample:
    event = {
        "id": f"01CB3Q4H0M{word.upper()}",
        "event_type": f"incident.{word}",
        "resource_type": "incident",
        "occurred_at": occurred_at,
        "agent": {"id": "PLH1HKV", "summary": "Maeve Onda", "type": "user_reference"},
        "client": None,
        "data": {**_INCIDENT, "status": word, "created_at": created_at},
    }
    return _sample(name, {"event": event}, resolves=resolves)


def _sample(name: str, body: Mapping[str, Any], path: str = "", resolves: str = "") -> Sample:
    return Sample(name=name, body=json.dumps(body).encode(), path=path, resolves=resolves)
