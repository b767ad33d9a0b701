"""What is sent: notifications of a storm in the words of each door."""

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from benchmarks.ingest.storm import NEVER, Alert, Notification, Storm, moment

OUR_SEVERITY = {"critical": "critical", "warning": "medium", "info": "info"}


@attrs.frozen(kw_only=True)
class Post:
    """One request's body, and the facts that it tells; in `series` the series of each alert."""

    body: bytes = attrs.field(repr=False)
    facts: tuple[int, ...]
    series: tuple[int, ...]

    @property
    def alerts(self) -> int:
        """How many alerts are in it."""
        return len(self.facts)


def webhook(told: Notification) -> Mapping[str, Any]:
    """A notification as Alertmanager's webhook, version 4."""
    alerts = [_alert(alert) for alert in told.alerts]
    group = {"alertname": told.rule.name, "cluster": told.cluster, "service": told.service}
    names = ", ".join(f'{name}="{value}"' for name, value in group.items())
    return {
        "version": "4",
        "groupKey": f"{{}}:{{{names}}}",
        "truncatedAlerts": 0,
        "status": "firing" if any(alert.ends_at is None for alert in told.alerts) else "resolved",
        "receiver": "copilot",
        "groupLabels": group,
        "commonLabels": _shared([alert.labels for alert in told.alerts]),
        "commonAnnotations": _shared([alert.annotations for alert in told.alerts]),
        "externalURL": f"https://alertmanager.{told.cluster}.example.com",
        "alerts": alerts,
    }


def api_v2(told: Notification) -> Sequence[Mapping[str, Any]]:
    """A notification as the body of Alertmanager's own `POST /api/v2/alerts`."""
    return [
        {
            "labels": alert.labels,
            "annotations": alert.annotations,
            "startsAt": moment(alert.starts_at),
            **({"endsAt": moment(alert.ends_at)} if alert.ends_at else {}),
            "generatorURL": alert.generator_url,
        }
        for alert in told.alerts
    ]


def generic(told: Notification, numbers: Iterable[int], begin: datetime, prefix: str) -> Sequence[Mapping[str, Any]]:
    """A notification as signals of the `generic` integration: each an occurrence with an id and a time of its own."""
    return [
        {
            "id": f"{prefix}-{number:08}",
            "dedup_key": f"{prefix}-{alert.fingerprint}",
            "title": alert.annotations["summary"],
            "description": alert.annotations["description"],
            "severity": OUR_SEVERITY[alert.labels["severity"]],
            "status": "firing",
            "service": alert.labels["service"],
            "environment": "production" if told.cluster.endswith("live") else "staging",
            "occurred_at": moment(begin + timedelta(milliseconds=number % 300_000)),
            "labels": alert.labels,
            "source": "storm",
        }
        for number, alert in zip(numbers, told.alerts, strict=False)
    ]


def posts(storm: Storm, words: str, prefix: str = "occurrence") -> Iterator[Post]:
    """The storm as requests, without end, in the words of `webhook`, `api_v2` or `generic`.

    Generic signals of another `prefix` are other ones of other series.
    """
    numbers = itertools.count()
    write: Callable[[Notification], Any] = {
        "webhook": webhook,
        "api_v2": api_v2,
        "generic": lambda told: generic(told, itertools.islice(numbers, len(told.alerts)), storm.begin, prefix),
    }[words]
    occurrences = itertools.count()
    for told in storm.notifications():
        facts = tuple(next(occurrences) if words == "generic" else alert.fact for alert in told.alerts)
        body = json.dumps(write(told), separators=(",", ":")).encode()
        yield Post(body=body, facts=facts, series=tuple(alert.series for alert in told.alerts))


def _alert(alert: Alert) -> Mapping[str, Any]:
    return {
        "status": alert.status,
        "labels": alert.labels,
        "annotations": alert.annotations,
        "startsAt": moment(alert.starts_at),
        "endsAt": moment(alert.ends_at) if alert.ends_at else NEVER,
        "generatorURL": alert.generator_url,
        "fingerprint": alert.fingerprint,
    }


def _shared(many: Sequence[Mapping[str, str]]) -> dict[str, str]:
    first, *others = many
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}
