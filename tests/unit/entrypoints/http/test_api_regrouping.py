"""`/api/v1/incidents/.../merge`, `split` and `move-signal`."""

import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.actors import Role
from tests.unit.entrypoints.http.desk import Desk, desk


def test_a_merged_incident_says_where_it_went() -> None:
    at = desk()
    answer = at.ask("POST", f"{at.incident}/merge", {"other": str(at.scene.declared), "reason": "one outage"})
    assert (answer.status, answer.document["id"]) == (200, str(at.scene.incident))
    assert answer.headers["etag"] == f'"{answer.document["version"]}"'
    away = at.ask("GET", f"incidents/{at.scene.declared}").document
    assert (away["state"], away["resolution"], away["merged_into"]) == ("resolved", "duplicate", str(at.scene.incident))
    again = at.ask("POST", f"{at.incident}/merge", {"other": str(at.scene.declared)})
    assert (again.status, again.document["code"], again.document["state"]) == (409, "invalid_transition", "resolved")


def test_signals_that_are_split_off_are_where_the_answer_says() -> None:
    at = desk()
    answer = at.ask("POST", f"{at.incident}/split", {"signals": [str(at.scene.companion)], "title": "Errors"})
    assert (answer.status, answer.document["title"]) == (201, "Errors")
    assert answer.document["split_from"] == str(at.scene.incident)
    path = answer.headers["location"].removeprefix("/api/v1/")
    assert at.ask("GET", path).document == answer.document
    (signal,) = at.ask("GET", f"{path}/signals").document["items"]
    assert signal["id"] == str(at.scene.companion)


def test_a_signal_is_moved_once_and_the_decision_shows_it() -> None:
    at = desk()
    body = {"signal": str(at.scene.companion), "into": str(at.scene.declared), "reason": "another cause"}
    moved = at.ask("POST", f"{at.incident}/move-signal", body)
    assert (moved.status, moved.document["id"]) == (200, str(at.scene.declared))
    again = at.ask("POST", f"{at.incident}/move-signal", body)
    assert (again.status, again.document["code"]) == (409, "concurrent_transition")
    told = at.ask("GET", f"signals/{at.scene.companion}/decision").document
    assert told["correlation"]["decision"]["incident_id"] == str(at.scene.incident)
    assert [one["incident_id"] for one in told["correlation"]["decision"]["scores"]] == [str(at.scene.incident)]
    (kept,) = told["corrections"]
    assert (kept["kind"], kept["joined_id"], kept["reason"]) == ("moved", str(at.scene.declared), "another cause")
    assert told["people"] == {kept["user_id"]: "Engineer"}


def bodies(at: Desk) -> dict[str, dict[str, object]]:
    return {
        "merge": {"other": str(at.scene.declared)},
        "split": {"signals": [str(at.scene.companion)]},
        "move-signal": {"signal": str(at.scene.companion)},
    }


@pytest.mark.parametrize("deed", ["merge", "split", "move-signal"])
def test_each_honours_the_version_and_the_role_and_finds_nothing_that_is_not_there(deed: str) -> None:
    at = desk()
    body = bodies(at)[deed]
    assert at.ask("POST", f"{at.incident}/{deed}", body, role=Role.VIEWER).status == 403
    assert at.ask("POST", f"{at.incident}/{deed}", body, headers={"If-Match": '"99"'}).status == 412
    assert at.ask("POST", f"incidents/{new_id()}/{deed}", body).status == 404
    assert at.ask("POST", f"{at.incident}/{deed}", {**body, "nonsense": 1}).status == 422
