"""Asking a Prometheus: for the alerts that fire, and for metrics around an incident."""

import json
import math
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sre_copilot.adapters.integrations.builtin.prometheus.alerts import ALERTS_DOOR, RESOLVE_TIMEOUT
from sre_copilot.application.ports.outgoing import Request
from sre_copilot.domain.canonical import canonical
from sre_copilot.domain.deliveries import Delivery, Pulled
from sre_copilot.domain.errors import OutgoingFailed, OutgoingRefused
from sre_copilot.domain.integrations import Integration, Secrets, Setting, SettingKind
from sre_copilot.domain.range_queries import series_of, series_of_queries
from sre_copilot.domain.snapshots import MetricSeries
from sre_copilot.hookspecs import Tools

BY_JOB = 'label_replace(up, "service", "$1", "job", "(.+)")'
QUERIES = (
    "request_rate[req/s]=sum by (service) (rate(http_requests_total[5m]))",
    (
        'error_ratio[ratio]=sum by (service) (rate(http_requests_total{code=~"5.."}[5m])) '
        "/ sum by (service) (rate(http_requests_total[5m]))"
    ),
    "latency_p95[seconds]=histogram_quantile(0.95, sum by (service, le) (rate(http_request_duration_seconds_bucket[5m])))",
    f"up[0 or 1]=min by (service) ({BY_JOB})",
    (
        'cpu[cores]=sum by (service) (label_replace(rate(container_cpu_usage_seconds_total{container!=""}[5m]), "service", '
        '"$1", "container", "(.+)"))'
    ),
    (
        'memory[bytes]=sum by (service) (label_replace(container_memory_working_set_bytes{container!=""}, "service", "$1", '
        '"container", "(.+)"))'
    ),
)
"""What is asked where nothing else is configured, as NAME[UNIT]=PROMQL; each names a service, a deployment or a node."""
METRICS = Setting(
    name="queries", help="NAME[UNIT]=PROMQL, asked around an incident.", kind=SettingKind.LIST, default=QUERIES
)
SETTINGS = (
    Setting(
        name="url", help="The address of Prometheus, for --feature pull and context, such as https://prometheus:9090."
    ),
    METRICS,
    Setting(name="user", help="The name for basic authentication, with the secret password."),
    Setting(name="password", help="The password for basic authentication.", secret=True, sent_to="url"),
    Setting(name="token", help="A bearer token, instead of name and password.", secret=True, sent_to="url"),
)
SAMPLES = 600
"""About so many samples of a series are asked for."""
SHORTEST_STEP = 15
LARGEST_CURSOR = 60_000
"""Bytes of alerts whose end is noticed at once; what fires beyond that ends by expiring."""


def pulled(integration: Integration, secrets: Secrets, cursor: Mapping[str, Any], tools: Tools) -> Pulled:
    """Return the alerts that fire, and the ends of those of the cursor that don't any more.

    They come as Prometheus itself would post them. An alert expires after four polls, so that one which is not asked
    for any more does not fire for ever. Raises OutgoingFailed, OutgoingRefused.
    """
    told = _asked(integration, secrets, tools, "alerts", {})
    rows = told.get("alerts")
    if not isinstance(rows, list):
        raise OutgoingFailed("Prometheus answered without a list of alerts.")
    expires = tools.now + max(RESOLVE_TIMEOUT, 4 * integration.sync_interval)
    firing = {_name(row["labels"]): row for row in rows if _fires(row)}
    alerts = [
        {"labels": row["labels"], "annotations": row.get("annotations"), "startsAt": row.get("activeAt"),
         "endsAt": expires.isoformat()}
        for row in firing.values()
    ]  # fmt: skip
    before = cursor.get("firing", [])
    alerts += [{**row, "endsAt": tools.now.isoformat()} for row in before if _name(row["labels"]) not in firing]
    after = {"firing": list(_remembered(firing.values()))}
    if not alerts:
        return Pulled(cursor=after)
    body = json.dumps(alerts, ensure_ascii=False).encode("utf-8", "replace")
    return Pulled(deliveries=(Delivery(body=body, received_at=tools.now, path=ALERTS_DOOR),), cursor=after)


def measured(
    integration: Integration, secrets: Secrets, start: datetime, end: datetime, tools: Tools
) -> Sequence[MetricSeries]:
    """Return the series of the configured queries. Raises OutgoingFailed, OutgoingRefused."""
    step = max(SHORTEST_STEP, math.ceil((end - start) / timedelta(seconds=SAMPLES)))
    window = {"start": f"{start.timestamp():.0f}", "end": f"{end.timestamp():.0f}", "step": str(step)}

    def ask(name: str, unit: str, promql: str, deadline: float) -> Iterable[MetricSeries]:
        told = _asked(integration, secrets, tools, "query_range", {"query": promql, **window}, deadline=deadline)
        return series_of(name, unit, step, told["result"])

    return series_of_queries("Prometheus", integration.listed(METRICS), ask, clock=time.monotonic)


def version(integration: Integration, secrets: Secrets, tools: Tools) -> str:
    """Return which Prometheus answers. Raises OutgoingFailed, OutgoingRefused."""
    if not integration.settings.get("url"):
        return "No url is set, so it only listens: for Alertmanager and for Prometheus."
    told = _asked(integration, secrets, tools, "status/buildinfo", {})
    return f"Prometheus {told.get('version', 'of an unknown version')} answers."


def _asked(
    integration: Integration,
    secrets: Secrets,
    tools: Tools,
    path: str,
    given: Mapping[str, str],
    *,
    deadline: float = 5.0,
) -> dict[str, Any]:
    url = str(integration.settings.get("url") or "").rstrip("/")
    if not url:
        raise OutgoingRefused("The setting url is missing: where is Prometheus?")
    query = f"?{urlencode(given)}" if given else ""
    answer = tools.http.send(
        Request(url=f"{url}/api/v1/{path}{query}", headers=dict(_credentials(integration, secrets))), deadline=deadline
    )
    answer.require_told("Prometheus", denied="Prometheus does not accept the token or the password.")
    told = answer.json()
    data = told.get("data") if isinstance(told, dict) and told.get("status") == "success" else None
    if not isinstance(data, dict):
        raise OutgoingFailed("What answered is no Prometheus, or did not succeed.")
    return data


def _credentials(integration: Integration, secrets: Secrets) -> Iterator[tuple[str, str]]:
    if secrets.current("token"):
        yield "Authorization", f"Bearer {secrets.current('token')}"
    elif secrets.current("password"):
        pair = f"{integration.settings.get('user', '')}:{secrets.current('password')}"
        yield "Authorization", f"Basic {b64encode(pair.encode()).decode()}"


def _fires(row: object) -> bool:
    return isinstance(row, dict) and row.get("state") == "firing" and isinstance(row.get("labels"), dict)


def _name(labels: Mapping[str, Any]) -> bytes:
    return canonical(labels)


def _remembered(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    size = 0
    for row in rows:
        kept = {"labels": row["labels"], "startsAt": row.get("activeAt")}
        size += len(canonical(kept)) + 2
        if size > LARGEST_CURSOR:
            return
        yield kept
