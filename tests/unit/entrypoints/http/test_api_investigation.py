"""What the API says of causes, advice, signals and services."""

from datetime import timedelta

import pytest

from sre_copilot.domain.canonical import plain
from sre_copilot.testing.stage import alert
from tests.unit.entrypoints.http.desk import desk


def test_a_diagnosis_ranks_causes_and_recommends_what_to_do() -> None:
    at = desk()
    at.scene.stage.clock.advance(timedelta(minutes=1))
    answer = at.ask("POST", f"{at.incident}/diagnose")
    assert answer.status == 201
    told = answer.document
    listed = at.ask("GET", f"{at.incident}/hypotheses").document
    assert (listed["diagnosis"], listed["items"]) == (told["diagnosis"], told["hypotheses"])
    assert at.ask("GET", f"{at.incident}/recommendations").document["items"] == told["recommendations"]
    assert [row["rank"] for row in told["hypotheses"]] == [1, 2]
    assert told["hypotheses"][0]["cause"]["confidence"]["primary"] == 0.7


def test_before_the_first_diagnosis_there_is_none() -> None:
    at = desk()
    path = f"incidents/{at.scene.declared}"
    assert at.ask("GET", f"{path}/hypotheses").document == {"diagnosis": None, "items": [], "consultation": None}
    assert at.ask("GET", f"{path}/recommendations").document == {"items": []}


def test_the_snapshot_is_what_was_known_at_detection() -> None:
    at = desk()
    shown = at.ask("GET", f"{at.incident}/snapshot").document
    assert shown["incident_id"] == str(at.scene.incident)
    assert set(shown["graph"]) == {"services", "calls", "placements"}
    assert at.ask("GET", f"incidents/{at.scene.declared}/snapshot").status == 404


def test_a_hypothesis_is_judged() -> None:
    at = desk()
    path = f"hypotheses/{at.scene.hypothesis}/feedback"
    answer = at.ask("POST", path, {"feedback": "rejected", "notes": "it was the cache"})
    assert (answer.status, answer.document["feedback"], answer.document["feedback_notes"]) == (
        200,
        "rejected",
        "it was the cache",
    )
    assert at.ask("POST", path, {"feedback": "maybe"}).status == 422


def test_a_recommendation_is_decided_and_its_outcome_recorded() -> None:
    at = desk()
    pending, accepted = f"recommendations/{at.scene.pending}/status", f"recommendations/{at.scene.accepted}/status"
    assert at.ask("POST", pending, {"status": "accepted"}).document["status"] == "accepted"
    assert at.ask("POST", pending, {"status": "rejected", "notes": "no"}).document["status"] == "rejected"
    again = at.ask("POST", pending, {"status": "accepted"})
    assert (again.status, again.document["code"], again.document["state"]) == (
        409,
        "recommendation_decided",
        "rejected",
    )
    assert at.ask("POST", accepted, {"status": "executed", "result": "worked"}).document["status"] == "executed"
    (outcome,) = at.scene.stage.tables.outcomes.values()
    assert outcome.result == "worked"


@pytest.mark.parametrize(
    "body",
    [
        {"status": "executed"},
        {"status": "accepted", "result": "worked"},
        {"status": "pending"},
        {"status": "executed", "result": "x"},
    ],
)
def test_a_result_goes_with_what_was_executed_only(body: dict[str, str]) -> None:
    at = desk()
    assert at.ask("POST", f"recommendations/{at.scene.accepted}/status", body).status == 422


def test_signals_are_listed_of_all_and_of_one_incident_and_explained() -> None:
    at = desk()
    at.scene.stage.send(alert("DiskFull", "billing"))
    everything = at.ask("GET", "signals").document
    of_one = at.ask("GET", f"{at.incident}/signals").document
    assert len(everything["items"]) == len(at.scene.stage.tables.signals)
    assert {row["incident_id"] for row in of_one["items"]} == {str(at.scene.incident)}
    row = of_one["items"][-1]
    assert "raw" not in row["draft"]
    assert [
        found["draft"]["service"] for found in at.ask("GET", "signals?service=billing&type=alert").document["items"]
    ] == ["billing"]
    first = at.ask("GET", "signals?limit=1").document
    second = at.ask("GET", f"signals?cursor={first['next']}").document
    assert [*first["items"], *second["items"]] == everything["items"]
    assert second["next"] is None
    explained = at.ask("GET", f"signals/{row['id']}/decision").document
    assert explained["signal"] == row
    assert explained["correlation"]["decision"]["outcome"] == "opened"


def test_services_are_imported_and_listed_with_what_they_depend_on() -> None:
    at = desk()
    graph = {
        "services": ["search"],
        "calls": [{"caller": "checkout", "callee": "payments"}],
        "placements": [{"service": "payments", "host": "node-1", "pod": "payments-0"}],
    }
    answer = at.ask("PUT", "services", graph)
    assert answer.status == 200
    assert at.ask("GET", "services").document == answer.document
    rows = {row["name"]: row for row in answer.document["items"]}
    assert (rows["checkout"]["calls"], rows["payments"]["called_by"]) == (["payments"], ["checkout"])
    assert (rows["payments"]["hosts"], rows["search"]["declared"]) == (["node-1"], True)
    assert plain(at.scene.stage.tables.graphs[""].services) == ["checkout", "payments", "search"]
    assert at.ask("PUT", "services", {"services": [" blank "]}).status == 422


def test_what_a_language_model_was_asked_is_told_with_the_hypotheses() -> None:
    at = desk()
    stage = at.scene.stage
    stage.copilot.diagnose(actor=stage.engineer, incident_id=at.scene.incident)
    stage.copilot.advise(actor=stage.engineer, incident_id=at.scene.incident)
    told = at.ask("GET", f"{at.incident}/hypotheses").document["consultation"]
    assert (told["outcome"], told["model"], told["advised_id"]) == ("unfounded", "claude-fake", None)
    assert (told["usage"]["prompt"], told["cost_microdollars"], told["summary"]) == (1000, 3000, [])
    assert told["note"].startswith("claude-fake read along: 0 statements cited, 0 dropped.")
    (day,) = at.ask("GET", "reports/language-model").document["items"]
    assert (day["asked"], day["over_budget"]) == (1, 0)
    assert at.ask("GET", "reports/language-model?days=0").status == 422
