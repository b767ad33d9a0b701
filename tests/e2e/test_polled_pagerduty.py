"""A PagerDuty that a worker asks through HTTP, and that tells of the same incident besides."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from tests.e2e.command_line import new_tenant
from tests.e2e.installation import Installation
from tests.e2e.polled_vendors import OPEN, Answer, vendor, working
from tests.e2e.server import awaited

TOKEN = "a-rest-api-key"


def clock() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def incident(name: str, service: str, title: str) -> dict[str, Any]:
    return {
        "id": name,
        "incident_key": f"key-of-{name}",
        "html_url": f"https://acme.pagerduty.com/incidents/{name}",
        "title": title,
        "status": "triggered",
        "urgency": "high",
        "created_at": clock(),
        "last_status_change_at": clock(),
        "resolved_at": None,
        "service": {"id": "PF9KMXH", "summary": service, "type": "service_reference"},
    }


@attrs.frozen
class Account:
    """Its incidents, of which a page shows one."""

    incidents: dict[str, dict[str, Any]]

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        if headers.get("authorization") != f"Token token={TOKEN}":
            return 401, {}, {"error": {"message": "Unauthorized", "code": 2006}}
        if path != "/incidents" or headers.get("accept") != "application/vnd.pagerduty+json;version=2":
            return 404, {}, {"error": {"message": "Not Found", "code": 2100}}
        over = query["statuses[]"] == "resolved"
        rows = [row for row in self.incidents.values() if (row["status"] == "resolved") is over]
        offset = int(query["offset"])
        more = offset + 1 < len(rows)
        return 200, {}, {"incidents": rows[offset : offset + 1], "limit": 1, "offset": offset, "more": more}


def ends(shown: Sequence[Any]) -> list[str]:
    """How the episodes of incidents ended, as far as they did."""
    return [episode["end"] for one in shown for episode in one["episodes"] if episode["end"]]


def test_an_incident_of_the_second_page_opens_acknowledged_and_ends_and_is_counted_once(
    installation: Installation, tmp_path: Path
) -> None:
    terminal = new_tenant(installation)
    wrong, right, told = tmp_path / "wrong", tmp_path / "right", tmp_path / "told.json"
    wrong.write_text("another", encoding="utf-8")
    right.write_text(f"{TOKEN}\n", encoding="utf-8")
    one, other = incident("PONE", "search", "Search is slow"), incident("PTWO", "checkout", "Checkout fails")
    account = Account({"PONE": one, "PTWO": {**other, "status": "acknowledged"}})
    event = {"id": "01EV", "event_type": "incident.triggered", "occurred_at": other["created_at"], "data": other}
    told.write_text(json.dumps({"event": event}), encoding="utf-8")

    def found(service: str) -> list[Any]:
        """The incidents with an episode of a service, as they are shown."""
        rows = terminal.told("incidents", "list")["incidents"]
        shown = [terminal.told("incidents", "show", row["id"]) for row in rows]
        return [one for one in shown if service in {signal["draft"]["service"] for signal in one["signals"]}]

    with vendor(account.answer) as api:
        terminal(
            *("integrations", "create", "pagerduty", "--name", "pd", "--set", f"url={api.url}", "--feature", "pull"),
            *("--poll-seconds", "5", "--secret", f"api_token=file:{wrong}"),
            environment=OPEN,
        ).expect(0)
        answer = terminal("integrations", "test", "pd", environment=OPEN, columns=400)
        assert "does not accept the api_token" in answer.out + answer.err
        terminal("integrations", "configure", "pd", "--secret", f"api_token=file:{right}").expect(0)
        answer = terminal("integrations", "test", "pd", environment=OPEN, columns=400)
        assert "PagerDuty answers" in answer.out + answer.err
        with working(installation):
            awaited(lambda: bool(found("search") and found("checkout")), "both pages")
            assert found("checkout")[0]["incident"]["state"] == "acknowledged"
            assert terminal.told("ingest", str(told), "--integration", "pd")["opened"] == []
            account.incidents["PTWO"] = {**other, "status": "resolved", "resolved_at": clock()}
            awaited(lambda: bool(ends(found("checkout"))), "the end")
    assert ends(found("checkout")) == ["resolved"]
    assert ends(found("search")) == []
