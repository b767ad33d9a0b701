"""`sre-copilot diagnose`, `explain`, `hypotheses`, `recommendations`."""

from typing import Any

import pytest

from tests.e2e.command_line import Terminal, new_tenant, short_recording
from tests.e2e.installation import Installation


@pytest.fixture(scope="module")
def terminal(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A tenant with the bad deploy in it, as `ingest` takes it in."""
    made = new_tenant(installation, "prometheus", "pagerduty")
    folder = short_recording(tmp_path_factory.mktemp("recordings") / "short")
    made.done("services", "import", str(folder / "topology.json"))
    both = ("--integration", "prometheus", "--integration", "pagerduty")
    made.done("ingest", str(folder / "deliveries.jsonl"), *both)
    return made


@pytest.fixture(scope="module")
def diagnosed(terminal: Terminal) -> tuple[str, dict[str, Any]]:
    """What the diagnosis of the main incident said, and the incident."""
    identifier = terminal.told("incidents", "list", "--service", "payments")["incidents"][0]["id"]
    said = terminal.done("diagnose", identifier[-8:])
    return said, terminal.told("incidents", "show", identifier)


@pytest.fixture(scope="module")
def incident(diagnosed: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """The main incident, diagnosed."""
    return diagnosed[1]


def test_a_diagnosis_shows_every_likely_cause_with_its_interval(diagnosed: tuple[str, dict[str, Any]]) -> None:
    said, view = diagnosed
    for row in view["hypotheses"][:2]:
        sure = row["cause"]["confidence"]
        assert f"{sure['primary']:.0%} ({sure['lower']:.0%} to {sure['upper']:.0%})" in said


def test_a_page_shows_all_when_all_is_asked_for(terminal: Terminal, incident: dict[str, Any]) -> None:
    identifier = incident["incident"]["id"]
    brief, whole = (terminal.done("incidents", "show", identifier, *option) for option in ((), ("--all",)))
    assert len(whole) > len(brief)
    for row in incident["hypotheses"]:
        assert row["id"] in whole
    for row in incident["signals"]:
        assert row["id"] in whole


def test_a_recommendation_names_the_hypothesis_by_its_rank_instead_of_repeating_it(
    terminal: Terminal, incident: dict[str, Any]
) -> None:
    page = terminal.done("incidents", "show", incident["incident"]["id"], columns=120)
    advice = page.partition("Recommendations")[2]
    assert "Why: hypothesis 1 (" in advice
    assert "caused it" not in advice
    for row in incident["recommendations"]:
        assert row["id"] in advice
        assert f"risk {row['risk_level']} · reversible: " in advice


def test_a_hypothesis_is_judged_and_the_page_says_so(terminal: Terminal, incident: dict[str, Any]) -> None:
    hypothesis = incident["hypotheses"][0]
    said = terminal.done("hypotheses", "feedback", hypothesis["id"], "accepted", "--notes", "seen in the log")
    assert said.startswith("Accepted: ")
    page = terminal.done("incidents", "show", incident["incident"]["id"])
    assert "Judged: accepted. seen in the log" in page


def test_a_recommendation_is_accepted_and_its_outcome_kept(terminal: Terminal, incident: dict[str, Any]) -> None:
    first, second = (row["id"] for row in incident["recommendations"][:2])
    assert "accepted" in terminal.done("recommendations", "accept", first, "--notes", "go")
    assert "executed" in terminal.done("recommendations", "outcome", first, "worked")
    assert "rejected" in terminal.done("recommendations", "reject", second)
    answer = terminal("recommendations", "accept", second).expect(1)
    assert "decided already" in answer.err


def test_an_explanation_shows_every_candidate_and_factor(terminal: Terminal, incident: dict[str, Any]) -> None:
    original = [row for row in incident["signals"] if row["decision"] == "new_episode"][-1]
    told = terminal.told("explain", original["id"])["correlation"]["decision"]
    said = terminal.done("explain", original["id"])
    assert "joined the incident that scored best" in said
    for score in told["scores"]:
        assert score["incident_id"][-8:] in said
        assert f"{score['score']:.2f}" in said
    for factor in told["scores"][0]["factors"]:
        assert factor["name"].replace("_", " ") in said


def test_a_duplicate_is_explained_by_its_original(terminal: Terminal, incident: dict[str, Any]) -> None:
    duplicate = next(row for row in incident["signals"] if row["is_duplicate"])
    said = terminal.done("explain", duplicate["id"], columns=160)
    assert f"decided for its original, {duplicate['original_id']}" in said


def test_a_resolve_has_no_correlation_of_its_own(terminal: Terminal, incident: dict[str, Any]) -> None:
    resolve = next(row for row in incident["signals"] if row["decision"] == "resolved")
    assert "No correlation was decided for it." in terminal.done("explain", resolve["id"])
