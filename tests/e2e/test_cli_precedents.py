"""`sre-copilot precedents`, `reports calibration`, `incidents runbook`: what one incident teaches the next."""

from pathlib import Path

from tests.e2e.command_line import alert, new_tenant
from tests.e2e.installation import Installation


def test_what_a_person_accepted_comes_up_in_the_next_incident_until_it_is_forgotten(
    installation: Installation, tmp_path: Path
) -> None:
    terminal = new_tenant(installation, "generic")

    def opened(title: str) -> str:
        (incident,) = terminal.told("ingest", alert(tmp_path, title=title), "--integration", "generic")["opened"]
        return str(incident)

    first = opened("Checkout answers 500")
    cause = next(row for row in terminal.told("diagnose", first)["hypotheses"] if row["cause"]["subject"])
    terminal.done("hypotheses", "feedback", cause["id"], "accepted")
    terminal.done("incidents", "resolve", first, "--summary", "Restarted it", "--root-cause", "A leak")
    learned = terminal.done("incidents", "learn", first)
    assert f"incidents runbook {first[-8:]}" in learned
    (precedent,) = terminal.told("precedents", "list")["precedents"]
    assert precedent["confirmed"]["cause"]["subject"] == "checkout"
    assert "checkout" in terminal.done("precedents", "show", precedent["id"])

    second = opened("Checkout answers 503")
    page = terminal.done("diagnose", second)
    assert f"Learned from incident {first[-8:]}" in " ".join(page.split())
    assert "Similar incidents" in page
    assert "Calibration: shipped" in page
    terminal.done("precedents", "forget", precedent["id"])
    assert "Similar incidents" not in terminal.done("diagnose", second)
    assert precedent["id"] in terminal.done("precedents", "list", "--forgotten", columns=200)
    terminal.done("precedents", "restore", precedent["id"])
    again = next(row for row in terminal.told("diagnose", second)["hypotheses"] if row["cause"]["subject"])
    assert again["cause"]["similar_incidents"] == [first]

    report = terminal.done("reports", "calibration")
    assert "Not enough yet" in report
    assert "1 of the 25 known answers" in " ".join(report.split())
    assert terminal.told("reports", "calibration", "--months", "1")["diagnosed"] == 2
    file = tmp_path / "runbook.md"
    terminal.done("incidents", "runbook", first, "--out", str(file))
    text = file.read_text(encoding="utf-8")
    assert "What ended it: Restarted it" in text
    assert terminal.done("incidents", "runbook", first) == text
    assert terminal("incidents", "runbook", first, "--out", str(file)).code == 2
