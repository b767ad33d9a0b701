"""Response times on the command line and over HTTP."""

from pathlib import Path

import pytest

from sre_copilot.domain.actors import Role
from tests.e2e.command_line import Terminal, alert, new_tenant
from tests.e2e.installation import Installation
from tests.e2e.server import Server
from tests.e2e.tenants import resident


@pytest.fixture
def terminal(installation: Installation) -> Terminal:
    """A tenant of each test's own."""
    return new_tenant(installation, "generic")


def test_what_a_person_resolved_is_in_the_report_at_once(terminal: Terminal, tmp_path: Path) -> None:
    assert "Until resolved (MTTR)" in terminal.done("reports", "response-times")
    told = terminal.told("ingest", alert(tmp_path, severity="critical"), "--integration", "generic")
    (incident,) = told["opened"]
    before = terminal.told("reports", "response-times", "--weeks", "1")
    assert (len(before["weeks"]), before["resolved"]["count"]) == (1, 0)
    for verb in ("acknowledge", "resolve"):
        terminal.done("incidents", verb, incident)
    after = terminal.told("reports", "response-times", "--weeks", "2")
    assert (after["acknowledged"]["count"], after["resolved"]["count"], len(after["weeks"])) == (1, 1, 2)
    assert terminal.told("reports", "response-times", "--severity", "low")["resolved"]["count"] == 0
    assert "critical only" in terminal.done("reports", "response-times", "--severity", "critical")


def test_the_report_is_answered_over_http_and_refuses_what_it_does_not_know(
    server: Server, installation: Installation
) -> None:
    headers = resident(installation, "reports").headers(Role.VIEWER)
    path = "/api/v1/reports/response-times"
    told = server.ask("GET", path, headers=headers).expect(200).document
    assert len(told["weeks"]) == 52
    narrowed = server.ask("GET", f"{path}?from=2026-03-01T00:00:00Z&to=2026-03-09T00:00:00Z", headers=headers)
    assert [week["week"] for week in narrowed.expect(200).document["weeks"]] == [
        "2026-02-23",
        "2026-03-02",
        "2026-03-09",
    ]
    for wrong in ("?weeks=3", "?severity=worst", "?from=2026-03-09T00:00:00Z&to=2026-03-01T00:00:00Z"):
        server.ask("GET", path + wrong, headers=headers).expect(422)
