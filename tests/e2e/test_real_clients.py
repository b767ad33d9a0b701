"""Real senders, with only their URL and key changed: Prometheus, Alertmanager and its twin, amtool, PagerDuty's client."""

import http.client
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pagerduty
import pytest

from sre_copilot.adapters.system import new_id
from tests.e2e.installation import Installation
from tests.e2e.monitoring import alertmanager, program, prometheus, reload
from tests.e2e.server import Server, awaited
from tests.e2e.tenants import Resident, resident
from tests.e2e.tls import behind_tls


@attrs.frozen(kw_only=True)
class Door:
    """An integration of a fresh tenant at the running server."""

    server: Server
    home: Resident
    integration: str
    key: str = attrs.field(repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def webhook(self) -> str:
        return f"{self.url}/webhooks/{self.integration}"

    def asked(self, path: str) -> list[Any]:
        items: list[Any] = self.server.ask("GET", path, headers=self.home.headers()).expect(200).document["items"]
        return items

    def signals(self, service: str) -> list[Any]:
        return self.asked(f"/api/v1/signals?service={service}")

    def incidents(self, service: str) -> list[Any]:
        return self.asked(f"/api/v1/incidents?service={service}")

    def deliveries(self) -> list[Any]:
        return [row for row in self.asked("/api/v1/deliveries?limit=200") if row["integration_id"] == self.integration]


@pytest.fixture
def home(installation: Installation) -> Resident:
    return resident(installation, "clients")


def door(server: Server, home: Resident, kind: str) -> Iterator[Door]:
    body = {"type": kind, "name": kind}
    headers = home.headers()
    made = (
        server.ask("POST", "/api/v1/integrations", body=json.dumps(body).encode(), headers=headers).expect(201).document
    )
    yield Door(server=server, home=home, integration=made["integration"]["id"], key=made["key"])


@pytest.fixture
def metrics_door(server: Server, home: Resident) -> Iterator[Door]:
    yield from door(server, home, "prometheus")


@pytest.fixture
def pager_door(server: Server, home: Resident) -> Iterator[Door]:
    yield from door(server, home, "pagerduty")


@pytest.fixture
def pager(pager_door: Door) -> Iterator[pagerduty.EventsApiV2Client]:
    """PagerDuty's client with our URL and key."""
    with behind_tls(pager_door.server.port) as (url, trust):
        yield pagerduty.EventsApiV2Client(pager_door.key, base_url=url, verify=trust)


def statuses(rows: list[Any]) -> list[str]:
    return sorted(row["draft"]["status"] for row in rows)


def post_alert(port: int, *, ends_at: str | None = None) -> None:
    """Hand an Alertmanager an alert, as a Prometheus does."""
    alert = {
        "labels": {"alertname": "DiskFull", "service": "storage", "severity": "critical"},
        "startsAt": "2026-01-01T00:00:00Z",
        **({"endsAt": ends_at} if ends_at else {}),
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/api/v2/alerts", json.dumps([alert]), {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200
    connection.close()


def test_a_prometheus_takes_us_for_its_alertmanager(metrics_door: Door, tmp_path: Path) -> None:
    with prometheus(tmp_path / "prometheus", metrics_door.server.port, metrics_door.key) as port:
        awaited(lambda: len(metrics_door.signals("checkout")) == 1, "the alert came")
        awaited(lambda: sum(row["receipt"]["repeats"] for row in metrics_door.deliveries()) >= 2, "it was sent again")
        (told,) = (row["draft"] for row in metrics_door.signals("checkout"))
        assert (told["severity"], told["environment"], told["status"]) == ("critical", "production", "firing")
        assert len(metrics_door.incidents("checkout")) == 1
        rules = tmp_path / "prometheus" / "rules.yml"
        rules.write_text(rules.read_text().replace("> 0", "> 2"))
        reload(port)
        awaited(lambda: statuses(metrics_door.signals("checkout")) == ["firing", "resolved"], "the alert ended")
    assert len(metrics_door.incidents("checkout")) == 1
    assert {row["verdict"] for row in metrics_door.deliveries()} == {"key"}


def test_an_alertmanager_and_its_twin_make_one_incident_and_no_second_occurrence(
    metrics_door: Door, tmp_path: Path
) -> None:
    with (
        alertmanager(tmp_path / "one", metrics_door.webhook, metrics_door.key) as (first, cluster),
        alertmanager(tmp_path / "two", metrics_door.webhook, metrics_door.key, peer=cluster) as (second, _),
    ):
        post_alert(first)
        post_alert(second)
        awaited(lambda: len(metrics_door.signals("storage")) == 1, "the alert came")
        ended = "2026-01-01T01:00:00Z"
        post_alert(first, ends_at=ended)
        post_alert(second, ends_at=ended)
        awaited(lambda: statuses(metrics_door.signals("storage")) == ["firing", "resolved"], "the alert ended")
    assert len(metrics_door.incidents("storage")) == 1


def test_two_alertmanagers_that_know_nothing_of_each_other_are_counted_as_repeats(
    metrics_door: Door, tmp_path: Path
) -> None:
    with (
        alertmanager(tmp_path / "one", metrics_door.webhook, metrics_door.key) as (first, _),
        alertmanager(tmp_path / "two", metrics_door.webhook, metrics_door.key) as (second, _),
    ):
        post_alert(first)
        awaited(lambda: len(metrics_door.signals("storage")) == 1, "the alert came")
        post_alert(second)
        awaited(lambda: len(metrics_door.deliveries()) == 2, "the other one told it too")
    assert sorted(row["receipt"]["repeats"] for row in metrics_door.deliveries()) == [0, 1]
    assert len(metrics_door.signals("storage")) == len(metrics_door.incidents("storage")) == 1


def test_amtool_adds_an_alert(metrics_door: Door, tmp_path: Path) -> None:
    config = tmp_path / "http.yml"
    config.write_text(f"authorization: {{type: Bearer, credentials: {metrics_door.key}}}\n")
    arguments = ["alert", "add", "CpuHot", "service=cpu", "severity=warning", "--start=2026-11-01T00:00:00Z"]
    call = [program("amtool"), f"--alertmanager.url={metrics_door.url}", f"--http.config.file={config}", *arguments]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    # It only warns that our version is not its own.
    assert done.returncode == 0, done.stderr
    (told,) = (row["draft"] for row in metrics_door.signals("cpu"))
    assert (told["name"], told["severity"]) == ("CpuHot", "medium")
    config.write_text("authorization: {type: Bearer, credentials: srei_wrong}\n")
    refused = subprocess.run(call, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "401" in refused.stderr


def test_a_wrong_key_is_refused_at_both_doors_and_nothing_is_stored(metrics_door: Door, pager_door: Door) -> None:
    answer = metrics_door.server.ask(
        "POST", "/api/v2/alerts", body=b"[]", headers={"Authorization": f"Bearer {pager_door.key}"}
    )
    assert (answer.status, answer.document) == (401, "There is no prometheus integration with this key.")
    with behind_tls(pager_door.server.port) as (url, trust):
        client = pagerduty.EventsApiV2Client(metrics_door.key, base_url=url, verify=trust)
        with pytest.raises(pagerduty.Error):
            client.trigger("Checkout is down", "monitor")
    assert metrics_door.deliveries() == pager_door.deliveries() == []


def test_alertmanagers_status_is_told_to_who_has_a_key(metrics_door: Door) -> None:
    headers = {"Authorization": f"Bearer {metrics_door.key}"}
    told = metrics_door.server.ask("GET", "/api/v2/status", headers=headers).expect(200).document
    assert told["cluster"]["status"] == "disabled"
    assert metrics_door.server.ask("GET", "/api/v2/status").status == 401


def test_pagerdutys_client_triggers_acknowledges_and_resolves(
    pager_door: Door, pager: pagerduty.EventsApiV2Client
) -> None:
    details = {"service": "checkout"}
    key = pager.trigger("Checkout is down", "monitor", severity="critical", custom_details=details)
    assert pager.trigger("Checkout is still down", "monitor", dedup_key=key, custom_details=details) == key
    (incident,) = pager_door.incidents("checkout")
    assert pager.acknowledge(key) == key
    shown = pager_door.server.ask("GET", f"/api/v1/incidents/{incident['id']}", headers=pager_door.home.headers())
    assert shown.expect(200).document["state"] == "acknowledged"
    assert pager.resolve(key) == key
    assert statuses(pager_door.asked(f"/api/v1/incidents/{incident['id']}/signals")) == ["firing", "firing", "resolved"]


def test_pagerdutys_client_tells_of_a_change(pager_door: Door, pager: pagerduty.EventsApiV2Client) -> None:
    details = {"service": "search", "version": "1.42.0"}
    pager.submit("Deployed search 1.42.0", source="ci", custom_details=details, timestamp="2026-11-01T10:00:00Z")
    (told,) = (row["draft"] for row in pager_door.signals("search"))
    assert (told["signal_type"], told["change"]["version"]) == ("deploy_event", "1.42.0")


def test_no_routing_key_is_kept(pager_door: Door, pager: pagerduty.EventsApiV2Client) -> None:
    pager.trigger("Checkout is down", "monitor", dedup_key=str(new_id()))
    (row,) = pager_door.deliveries()
    path = f"/api/v1/deliveries/{row['id']}"
    told = pager_door.server.ask("GET", path, headers=pager_door.home.headers()).expect(200)
    assert pager_door.key.encode() not in told.body


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"routing_key": 5}', b'{"routing_key": "x"}', b"\xff", b"[" * 99_999]
)
def test_what_is_no_event_is_refused_in_pagerdutys_words(pager_door: Door, body: bytes) -> None:
    for path in ("/v2/enqueue", "/v2/change/enqueue"):
        answer = pager_door.server.ask("POST", path, body=body)
        assert answer.status in (400, 401)
        assert answer.document["status"] == "invalid event"


def test_what_can_not_be_read_is_told_in_pagerdutys_words_and_kept(pager_door: Door) -> None:
    body = json.dumps({"routing_key": pager_door.key, "event_action": "trigger"}).encode()
    answer = pager_door.server.ask("POST", "/v2/enqueue", body=body)
    assert (answer.status, answer.document["errors"]) == (400, ['payload is missing; "trigger" needs it.'])
    (row,) = pager_door.deliveries()
    assert row["status"] == "quarantined"
