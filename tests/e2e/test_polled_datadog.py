"""Datadog, which a worker asks over HTTP: an alert, its recovery, and metrics around the incident."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs

from sre_copilot.adapters.integrations.builtin.datadog.events import EVENTS_DOOR
from sre_copilot.adapters.integrations.builtin.datadog.settings import URL
from sre_copilot.domain.decisions import Decision
from sre_copilot.domain.signals import SignalStatus
from tests.e2e.command_line import Terminal, new_tenant
from tests.e2e.installation import Installation
from tests.e2e.polled_vendors import OPEN, Answer, vendor, working
from tests.e2e.server import awaited

KEYS = {"dd-api-key": "an-api-key", "dd-application-key": "an-application-key"}
QUERY = "error_ratio[ratio]=sum:errors{*} by {service}"


def event(uid: str, at: datetime, state: str, status: str) -> dict[str, Any]:
    """What a monitor's event looks like in an answer."""
    monitor = {
        "alert_cycle_key_txt": "8481287114256648019",
        "groups": ["service:checkout"],
        "id": 98219311,
        "name": "Checkout fails",
        "priority": 1,
        "transition": {"destination_state": state},
    }
    told = {
        "evt": {"uid": uid, "type": "query_alert_monitor"},
        "monitor": monitor,
        "monitor_id": monitor["id"],
        "status": status,
        "timestamp": int(at.timestamp() * 1000),
        "title": "[Triggered on {service:checkout}] Checkout fails",
    }
    attributes = {"attributes": told, "message": "Too many errors", "tags": ["service:checkout", "env:production"]}
    return {"id": f"id-{uid}", "type": "event", "attributes": attributes}


@attrs.define
class Datadog:
    """Lists its events a page of one at a time, and measures checkout every 20 seconds."""

    events: list[dict[str, Any]] = attrs.field(factory=list)
    queries: list[Mapping[str, str]] = attrs.field(factory=list)

    def __call__(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Answer as its API does."""
        if any(headers.get(name) != key for name, key in KEYS.items() if path != "/api/v1/validate" or "api" in name):
            return 403, {}, {"errors": ["Forbidden"]}
        if path == "/api/v1/validate":
            return 200, {}, {"valid": True}
        if path == "/api/v1/query":
            return 200, {}, self.measured(query)
        return (200, {}, self.listed(query)) if path == EVENTS_DOOR else (404, {}, {"errors": ["Not found"]})

    def listed(self, query: Mapping[str, str]) -> dict[str, Any]:
        """A page of the events of a window."""
        start, end = int(query.get("filter[from]", 0)), int(query.get("filter[to]", 2**60))
        times = {row["id"]: row["attributes"]["attributes"]["timestamp"] for row in self.events}
        within = [row for row in self.events if start <= times[row["id"]] <= end]
        within.sort(key=lambda row: times[row["id"]], reverse=query.get("sort") == "-timestamp")
        place = int(query.get("page[cursor]", 0))
        after = {"after": str(place + 1)} if place + 1 < len(within) else {}
        return {"data": within[place : place + 1], "meta": {"page": after, "status": "done"}}

    def measured(self, query: Mapping[str, str]) -> dict[str, Any]:
        """One series of the window."""
        self.queries.append(query)
        points = [[at * 1000, 0.25] for at in range(int(query["from"]), int(query["to"]), 20)]
        row = {"scope": "service:checkout", "tag_set": ["service:checkout"], "interval": 20, "pointlist": points}
        return {"status": "ok", "series": [row]}


def incidents(terminal: Terminal) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = terminal.told("incidents", "list")["incidents"]
    return found


def deliveries(terminal: Terminal) -> list[str]:
    return [row["verdict"] for row in terminal.told("deliveries", "list")["deliveries"]]


def test_an_alert_that_is_polled_opens_an_incident_with_metrics_and_its_recovery_ends_it(
    installation: Installation, tmp_path: Path
) -> None:
    now, datadog, terminal = datetime.now(UTC), Datadog(), new_tenant(installation)
    datadog.events = [event("old", now - timedelta(hours=2), "Alert", "error")]
    datadog.events.append(event("old-end", now - timedelta(hours=1), "OK", "success"))
    secrets = {"api_key": "an-api-key", "application_key": "another", "right": "an-application-key"}
    for name, secret in secrets.items():
        (tmp_path / name).write_text(secret, encoding="utf-8")
    with vendor(datadog) as api:
        terminal(
            *("integrations", "create", "datadog", "--set", f"{URL.name}={api.url}", "--set", f"queries={QUERY}"),
            *("--secret", f"api_key=file:{tmp_path / 'api_key'}"),
            *("--secret", f"application_key=file:{tmp_path / 'application_key'}"),
            *("--feature", "pull", "--feature", "context", "--poll-seconds", "5"),
            environment=OPEN,
        ).expect(0)
        wrong = terminal("integrations", "test", "datadog", environment=OPEN, columns=400)
        assert "does not accept the keys" in wrong.out + wrong.err
        terminal(
            "integrations", "configure", "datadog", "--secret", f"application_key=file:{tmp_path / 'right'}"
        ).expect(0)
        right = terminal("integrations", "test", "datadog", environment=OPEN, columns=400)
        assert "127.0.0.1 answers, accepts both keys and lists events." in right.out
        datadog.events.append(event("fires", now - timedelta(minutes=5), "Alert", "error"))
        with working(installation):
            awaited(lambda: bool(incidents(terminal)), "an incident of the alert")
            (incident,) = incidents(terminal)
            assert "Checkout fails" in incident["title"]
            awaited(lambda: bool(datadog.queries), "metrics around it are asked for")
            datadog.events.append(event("ends", now - timedelta(minutes=1), "OK", "success"))
            awaited(lambda: len(deliveries(terminal)) == 2, "its recovery is heard of")
        assert datadog.queries[0]["query"] == "sum:errors{*} by {service}"
    assert deliveries(terminal) == ["pulled", "pulled"]
    with installation.open() as copilot:
        actor = copilot.administration.person(copilot.administration.tenant(terminal.slug))
        signals = {row.draft.status: row for row in copilot.signals.list(actor=actor)}
        (found,) = copilot.incidents.list(actor=actor)
        taken = copilot.incidents.snapshot(actor=actor, incident_id=found.id)
    assert signals[SignalStatus.FIRING].decision is Decision.NEW_EPISODE
    assert signals[SignalStatus.RESOLVED].decision is Decision.RESOLVED
    assert {row.incident_id for row in signals.values()} == {found.id}
    assert [(series.component, series.name) for series in taken.metrics] == [("checkout", "error_ratio")]
