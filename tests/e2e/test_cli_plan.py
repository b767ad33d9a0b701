"""What the plan's limits do is seen, and time passes between commands."""

import json
from pathlib import Path

import pytest

from tests.e2e.command_line import Terminal, alert, new_tenant
from tests.e2e.installation import Installation


@pytest.fixture
def terminal(installation: Installation) -> Terminal:
    """A tenant of each test's own, whose plan has no incident and one service."""
    return new_tenant(installation, "generic", limits=("--max-incidents", "0", "--max-services", "1"))


def test_an_alert_beyond_the_plan_is_said_to_wait_and_is_listed(terminal: Terminal, tmp_path: Path) -> None:
    said = terminal.done("ingest", alert(tmp_path, severity="medium"), "--integration", "generic")
    assert "1 of them wait: the plan's incidents of this month are used up." in said
    page = terminal.done("incidents", "list")
    assert "Waiting, because the plan's incidents of this month are used up:" in page
    assert "Checkout answers 500" in page
    told = terminal.told("incidents", "list")
    assert told["incidents"] == []
    assert [signal["draft"]["title"] for signal in told["waiting"]] == ["Checkout answers 500"]


def test_a_critical_one_opens_all_the_same(terminal: Terminal, tmp_path: Path) -> None:
    told = terminal.told("ingest", alert(tmp_path, severity="critical"), "--integration", "generic")
    assert (len(told["opened"]), told["waiting"]) == (1, 0)
    assert terminal.told("incidents", "list")["waiting"] == []


def test_services_beyond_the_plan_are_named_when_they_are_imported(terminal: Terminal, tmp_path: Path) -> None:
    graph = tmp_path / "services.json"
    graph.write_text(json.dumps({"services": [{"service": name} for name in "cab"]}))
    assert "Beyond the plan's services: b, c." in terminal.done("services", "import", str(graph))
    assert terminal.told("services", "import", str(graph))["beyond_plan"] == ["b", "c"]


def test_what_is_stored_says_how_to_have_it_explained(terminal: Terminal, tmp_path: Path) -> None:
    told = terminal.told("ingest", alert(tmp_path, severity="info"), "--integration", "generic")
    assert terminal.told("explain", told["signals"][0])["signal"]["id"] == told["signals"][0]
    again = terminal.done("ingest", alert(tmp_path, title="Another", dedup_key="k"), "--integration", "generic")
    assert "Why there: sre-copilot explain " in again
