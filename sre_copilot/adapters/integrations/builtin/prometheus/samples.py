"""What Alertmanager and Prometheus send."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sre_copilot.adapters.integrations.builtin.prometheus.alerts import ALERTS_DOOR
from sre_copilot.domain.deliveries import Sample

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


def samples(now: datetime) -> Sequence[Sample]:
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
