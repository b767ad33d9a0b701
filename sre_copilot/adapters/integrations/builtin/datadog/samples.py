"""What Datadog sends, and what its API lists."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sre_copilot.adapters.integrations.builtin.datadog.events import EVENTS_DOOR
from sre_copilot.domain.deliveries import Sample
from sre_copilot.domain.payloads import MILLISECONDS

MONITOR = 91734562
CYCLE = "5731268040917723364"
NAME = "High error rate of checkout"


def samples(now: datetime) -> Sequence[Sample]:
    """A monitor that triggers and recovers, one that warns, one with variables that Datadog left as they were; events."""
    began, ended = now - timedelta(minutes=10), now - timedelta(minutes=1)
    odd = {**_notification(began, "3"), "alert_priority": "$ALERT_PRIORITY", "hostname": "$HOSTNAME", "tags": ""}
    warned = {**_notification(began, "4"), "alert_transition": "Warn", "alert_type": "warning", "alert_cycle_key": "9"}
    recovered = {
        **_notification(ended, "2"),
        "alert_transition": "Recovered",
        "alert_type": "success",
        "event_title": f"[Recovered on {{host:web-1}}] {NAME}",
    }
    return (
        Sample(name="firing", body=json.dumps(_notification(began, "1")).encode()),
        Sample(name="resolved", body=json.dumps(recovered).encode(), resolves="firing"),
        Sample(name="warning", body=json.dumps(warned).encode()),
        Sample(name="unset variables", body=json.dumps(odd).encode()),
        _listed("event", began, _monitor("Triggered", "error", "OK", "Alert")),
        _listed("event_end", ended, _monitor("Recovered", "success", "Alert", "OK"), resolves="event"),
        _listed("change", began, _CHANGE),
    )


def _notification(at: datetime, event_id: str) -> dict[str, str]:
    milliseconds = _milliseconds(at)
    return {
        "id": f"{milliseconds}{event_id}",
        "event_title": f"[Triggered on {{host:web-1}}] {NAME}",
        "text_only_msg": "More than 5% of the requests failed in the last 5 minutes.",
        "alert_id": str(MONITOR),
        "alert_cycle_key": CYCLE,
        "alert_transition": "Triggered",
        "alert_type": "error",
        "alert_priority": "P2",
        "alert_scope": "host:web-1",
        "hostname": "web-1",
        "tags": "env:production,host:web-1,monitor,service:checkout",
        "date": milliseconds,
        "last_updated": milliseconds,
        "link": f"https://app.datadoghq.com/monitors/{MONITOR}?group=host%3Aweb-1",
    }


def _listed(name: str, at: datetime, attributes: Mapping[str, Any], resolves: str = "") -> Sample:
    event = {
        "id": f"AwAAAZ{name}",
        "type": "event",
        "attributes": {
            "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "message": "%%%\nMore than 5% of the requests failed in the last 5 minutes.\n%%%",
            "tags": ["env:production", "host:web-1", "monitor", "service:checkout", "source:alert"],
            "attributes": {
                **attributes,
                "evt": {**attributes["evt"], "uid": f"AZ{name}"},
                "timestamp": int(_milliseconds(at)),
            },
        },
    }
    return Sample(name=name, body=json.dumps(event).encode(), path=EVENTS_DOOR, resolves=resolves)


def _monitor(word: str, status: str, source: str, destination: str) -> dict[str, Any]:
    return {
        "aggregation_key": "0f1d5b9ae2",
        "evt": {"id": "6512345678901234567", "name": NAME, "source_id": 36, "type": "query_alert_monitor"},
        "hostname": "web-1",
        "monitor": {
            "alert_cycle_key_txt": CYCLE,
            "groups": ["host:web-1"],
            "id": MONITOR,
            "name": NAME,
            "priority": 2,
            "query": "sum(last_5m):sum:checkout.errors{*} by {host} > 5",
            "result": {"alert_url": f"/monitors/{MONITOR}?group=host%3Aweb-1"},
            "transition": {"source_state": source, "destination_state": destination},
            "type": "query alert",
        },
        "monitor_groups": ["host:web-1"],
        "monitor_id": MONITOR,
        "priority": "normal",
        "service": "undefined",
        "sourcecategory": "monitor_alert",
        "status": status,
        "title": f"[P2] [{word} on {{host:web-1}}] {NAME}",
    }


_CHANGE: Mapping[str, Any] = {
    "author": {"name": "ada@example.com", "type": "user"},
    "change_metadata": {"resource_link": "https://flags.example.com/express-checkout"},
    "changed_resource": {"name": "express-checkout", "type": "feature_flag"},
    "evt": {"category": "change", "integration_id": "custom-events"},
    "impacted_resources": [{"name": "checkout", "type": "service"}],
    "new_value": {"enabled": True, "percentage": 50},
    "prev_value": {"enabled": True, "percentage": 10},
    "title": "express-checkout was rolled out further",
}


def _milliseconds(at: datetime) -> str:
    return str(int(at.timestamp()) * MILLISECONDS)
