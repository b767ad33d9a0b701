"""Asking Datadog: one request and what its answer means, whether the keys work, and metrics around an incident."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import attrs

from sre_copilot.adapters.integrations.builtin.datadog.settings import METRICS, URL, host_of
from sre_copilot.application.ports.outgoing import Answer, Request
from sre_copilot.domain.errors import CredentialsRefused, OutgoingFailed, OutgoingRefused
from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.range_queries import series_of, series_of_queries
from sre_copilot.domain.snapshots import MetricSeries
from sre_copilot.hookspecs import Tools

LABELS: Mapping[str, str] = {"host": "node", "kube_deployment": "deployment", "kube_namespace": "namespace"}
"""Datadog's tags -> the labels that name a component."""
DENIED = "Datadog does not accept the keys, or the application key lacks a permission."
SHORT_NAMES = {"second": "s", "millisecond": "ms"}


@attrs.frozen
class Site:
    """The API of one of Datadog's sites, with keys."""

    integration: Integration
    secrets: Secrets = attrs.field(repr=False)
    tools: Tools

    @property
    def host(self) -> str:
        """The name of the host, for people."""
        return host_of(self.integration) or "Datadog"

    def answer(self, path: str, given: Mapping[str, str], *, deadline: float = 5.0) -> Answer:
        """Return what is answered, whatever it is. Raises OutgoingFailed, and OutgoingRefused where a key is missing."""
        keys = {
            "DD-API-KEY": self.secrets.current("api_key"),
            "DD-APPLICATION-KEY": self.secrets.current("application_key"),
        }
        if not all(keys.values()):
            raise OutgoingRefused("Datadog wants two secrets: api_key and application_key.")
        return self._sent(path, given, keys, deadline)

    def validated(self) -> None:
        """Return where the API key is accepted, which needs no other. Raises what `told` raises."""
        answer = self._sent("v1/validate", {}, {"DD-API-KEY": self.secrets.current("api_key")}, 2.0)
        if self.told(answer).get("valid") is not True:
            raise CredentialsRefused("Datadog does not accept the API key.")

    def told(self, answer: Answer) -> dict[str, Any]:
        """Return the object that was answered. Raises OutgoingFailed, and CredentialsRefused where the keys are wrong."""
        answer.require_told("Datadog", denied=DENIED, wait_header="x-ratelimit-reset")
        told = answer.json()
        if not isinstance(told, dict):
            raise OutgoingFailed("What answered is not Datadog.")
        return told

    def _sent(self, path: str, given: Mapping[str, str], keys: Mapping[str, str], deadline: float) -> Answer:
        query = f"?{urlencode(given)}" if given else ""
        url = f"{self.integration.text_of(URL).rstrip('/')}/api/{path}{query}"
        headers = {"Accept": "application/json", **keys}
        return self.tools.http.send(Request(url=url, headers=headers), deadline=deadline)


def checked(site: Site) -> str:
    """Return which site answers and what the keys are good for. Raises OutgoingFailed, OutgoingRefused."""
    if not site.secrets.current("api_key"):
        return "No api_key is set, so it only listens: for Datadog's webhooks."
    site.validated()
    if not site.secrets.current("application_key"):
        return f"{site.host} accepts the API key; without an application_key nothing can be asked of it."
    site.told(site.answer("v2/events", {"page[limit]": "1"}, deadline=2.0))
    return f"{site.host} answers, accepts both keys and lists events."


def measured(site: Site, start: datetime, end: datetime) -> Sequence[MetricSeries]:
    """Return the series of the configured queries. Raises OutgoingFailed, OutgoingRefused."""
    window = {"from": f"{start.timestamp():.0f}", "to": f"{end.timestamp():.0f}"}

    def ask(name: str, unit: str, query: str, deadline: float) -> Iterator[MetricSeries]:
        return _series(name, unit, site.told(site.answer("v1/query", {**window, "query": query}, deadline=deadline)))

    return series_of_queries("Datadog", site.integration.listed(METRICS), ask, clock=time.monotonic)


def _series(name: str, unit: str, told: Mapping[str, Any]) -> Iterator[MetricSeries]:
    if told.get("status") == "error":
        raise OutgoingFailed("Datadog can't answer one of the queries.")
    rows = [row for row in told["series"] if row["pointlist"]]
    if not rows:
        return
    step = max(float(row.get("interval") or 0) for row in rows) or _shortest(rows)
    result = [
        {"metric": _labels(row), "values": [(at / 1000, value) for at, value in row["pointlist"] if value is not None]}
        for row in rows
    ]
    yield from series_of(name, unit or _unit(rows[0]), step, result)


def _shortest(rows: Sequence[Mapping[str, Any]]) -> float:
    """Seconds between the samples, where Datadog doesn't say."""
    times = sorted({at / 1000 for row in rows for at, _ in row["pointlist"]})
    gaps = [after - before for before, after in pairwise(times)]
    return float(min(gaps, default=60.0))


def _labels(row: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a series, by the names that our labels have."""
    tags = row.get("tag_set") or str(row.get("scope") or "").split(",")
    pairs = (tag.partition(":") for tag in tags)
    return {LABELS.get(name, name): value for name, _, value in pairs if value and value != "N/A"}


def _unit(row: Mapping[str, Any]) -> str:
    """Datadog's own word for the unit, per something where it says so."""
    units = row.get("unit") or []
    names = [str(one["name"]) for one in units if one]
    return "/".join(SHORT_NAMES.get(name, name) for name in names)
