"""What the API says of precedents, of calibration, and of a runbook to begin with."""

from sre_copilot.domain.actors import Role
from sre_copilot.domain.recalibration import ENOUGH
from sre_copilot.testing.precedents import make_answer, make_precedent
from tests.unit.entrypoints.http.desk import desk


def test_a_precedent_is_listed_forgotten_and_restored() -> None:
    at = desk()
    path = f"precedents/{at.scene.precedent}"
    used = at.ask("GET", "precedents?forgotten=false", role=Role.VIEWER).document["items"]
    assert [row["id"] for row in used] == [str(at.scene.precedent)]
    assert (used[0]["confirmed"]["cause"]["subject"], used[0]["forgotten_at"]) == ("payments", None)
    assert at.ask("POST", f"{path}/forget", role=Role.VIEWER).status == 403
    forgotten = at.ask("POST", f"{path}/forget").document
    assert forgotten["forgotten_by"] == str(at.scene.stage.engineer.id)
    assert len(at.ask("GET", "precedents?forgotten=true").document["items"]) == 2
    first = at.ask("GET", "precedents?limit=1").document
    second = at.ask("GET", f"precedents?limit=1&cursor={first['next']}").document
    assert {row["id"] for row in first["items"] + second["items"]} == {str(at.scene.precedent), str(at.scene.forgotten)}
    assert at.ask("POST", f"{path}/restore").document == used[0]
    assert at.ask("GET", path).document == used[0]
    assert at.ask("GET", f"precedents/{at.scene.incident}").status == 404
    assert at.ask("GET", "precedents?forgoten=true").status == 422


def test_calibration_is_not_enough_yet_and_then_is_told() -> None:
    at = desk()
    before = at.ask("GET", "reports/calibration", role=Role.VIEWER).document
    assert (before["overall"]["count"], before["overall"]["needed"], before["overall"]["brier"]) == (0, ENOUGH, None)
    assert (before["diagnosed"], before["slope"], len(before["months"])) == (1, None, 12)
    here = at.scene.stage
    with here.units(here.tenant.id) as uow:
        for number in range(ENOUGH):
            uow.precedents.save(make_precedent(confirmed=None, answer=make_answer(0.8, right=number % 5 > 0)))
        uow.commit()
    told = at.ask("GET", "reports/calibration?from=2026-01-01T00:00:00Z&to=2026-01-31T00:00:00Z").document
    overall = told["overall"]
    assert (overall["count"], overall["right"]) == (ENOUGH, 20)
    assert round(overall["brier"], 6) == 0.16
    assert [row["count"] for row in overall["bins"]] == [5] * 5
    low, high = overall["ece_if_perfect"]
    assert low <= high
    assert (told["slope"], told["slope_cases"]) == (1.0, ENOUGH)
    assert [month["month"] for month in told["months"]] == ["2026-01-01"]
    for wrong in ("?months=3", "?from=2026-03-01T00:00:00Z&to=2026-01-01T00:00:00Z", "?to=9999-12-31T00:00:00Z"):
        assert at.ask("GET", f"reports/calibration{wrong}").status == 422


def test_a_runbook_is_drafted_and_stored_nowhere() -> None:
    at = desk()
    before = dict(at.scene.stage.tables.runbooks)
    drafted = at.ask("GET", f"{at.incident}/runbook-draft", role=Role.VIEWER).document
    assert drafted["markdown"].startswith("# ")
    assert at.scene.stage.tables.runbooks == before


def test_hypotheses_say_which_past_incidents_they_were_compared_with() -> None:
    at = desk()
    told = at.ask("GET", f"{at.incident}/hypotheses").document
    assert told["diagnosis"]["similar"] == []
    assert told["items"][0]["cause"]["similar_incidents"] == []
    assert told["diagnosis"]["slope"] == 1.0
