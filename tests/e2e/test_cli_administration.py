"""`sre-copilot tenants`, `integrations`, `services`."""

import json
from pathlib import Path

import pytest

from tests.e2e.command_line import Terminal, new_tenant
from tests.e2e.installation import Installation

GRAPH = {
    "services": [{"service": "alone"}],
    "edges": [{"caller": "checkout", "callee": "payments"}],
    "placements": [{"service": "checkout", "pod": "checkout-1", "node": "node-1"}],
}


@pytest.fixture(scope="module")
def terminal(installation: Installation) -> Terminal:
    """A tenant of this module's own."""
    return new_tenant(installation)


def test_a_tenant_is_made_with_its_administrator(installation: Installation, terminal: Terminal) -> None:
    anybody = Terminal(installation=installation)
    slug = f"{terminal.slug}-made"
    arguments = ("--admin", f"Bob@{slug}.example.com", "--name", "Bob & Co", "--max-services", "7")
    made = anybody.told("tenants", "create", slug, *arguments)
    assert made["admin"]["email"] == f"bob@{slug}.example.com"
    assert (made["tenant"]["name"], made["tenant"]["max_services"]) == ("Bob & Co", 7)
    assert slug in anybody.done("tenants", "list")


def test_a_taken_slug_and_a_taken_address_are_told_apart(installation: Installation, terminal: Terminal) -> None:
    anybody = Terminal(installation=installation)
    answer = anybody("tenants", "create", str(terminal.slug), "--admin", "x@example.com").expect(1)
    assert "There is a tenant" in answer.err
    answer = anybody("tenants", "create", "new-one", "--admin", f"ada@{terminal.slug}.example.com").expect(1)
    assert "Somebody of another tenant" in answer.err


def test_integrations_are_made_and_listed(terminal: Terminal) -> None:
    assert "There is no integration yet" in terminal.done("integrations", "list")
    terminal.done("integrations", "create", "generic", "--dedup-hours", "0.5", "--environment", "prod=production")
    terminal.done("integrations", "create", "generic", "--name", "other")
    rows = terminal.told("integrations", "list")["integrations"]
    assert [(row["name"], row["dedup_window"]) for row in rows] == [("generic", 1800.0), ("other", 43200.0)]
    assert rows[0]["environments"] == {"prod": "production"}
    said = terminal.done("integrations", "list")
    assert "0.5 h" in said
    assert "There is no integration yet" not in said
    assert "give another --name" in terminal("integrations", "create", "generic").expect(1).err


def test_services_are_imported_from_a_file_and_from_standard_input(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "services.json"
    file.write_text(json.dumps(GRAPH), encoding="utf-8")
    counts = {"services": 3, "edges": 1, "placements": 1, "beyond_plan": []}
    assert terminal.told("services", "import", str(file)) == counts
    assert terminal.told("services", "import", "-", stdin=file.read_bytes()) == counts
    assert terminal.done("services", "import", str(file)) == "Imported: services 3, edges 1, placements 1.\n"


def test_the_only_tenant_needs_no_name_but_one_of_several_does(installation: Installation) -> None:
    new_tenant(installation)
    new_tenant(installation)
    answer = Terminal(installation=installation)("incidents", "list").expect(2)
    assert "say which one with --tenant" in answer.err


def test_an_integration_is_shown_with_every_query_whole_and_on_a_line_of_its_own(terminal: Terminal) -> None:
    terminal.done("integrations", "create", "prometheus", "--name", "metrics", "--set", "url=https://prom.example.com")
    wide = terminal("integrations", "show", "metrics", columns=400).expect(0).out
    lines = [line.strip() for line in wide.splitlines()]
    assert any(line.startswith("queries") and "request_rate[req/s]=" in line for line in lines)
    assert any(line.startswith("memory[bytes]=") and line.endswith("(default)") for line in lines)
    narrow = terminal("integrations", "show", "metrics", columns=80).expect(0).out
    assert "…" not in narrow.partition("Settings")[2]


def test_an_address_changes_only_with_the_secrets_that_are_sent_there(terminal: Terminal) -> None:
    arguments = ("--set", "url=https://prom.example.com", "--secret", "token")
    terminal("integrations", "create", "prometheus", "--name", "guarded", *arguments, stdin=b"hunter2\n").expect(0)
    refused = terminal("integrations", "configure", "guarded", "--set", "url=https://elsewhere.example.com").expect(2)
    assert "give again what is sent there: token" in refused.err
    assert "https://prom.example.com" in terminal.done("integrations", "show", "guarded")
