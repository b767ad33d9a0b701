"""`/runbooks`: CRUD, versions, search."""

import pytest

from sre_copilot.domain.actors import Role
from tests.unit.entrypoints.http.desk import desk

ACTION = {"action_type": "restart", "description": "Restart the pods one by one."}


def test_a_runbook_is_written_edited_on_a_condition_and_gone_back_to() -> None:
    at = desk()
    body = {
        "title": "Cache is cold",
        "content": "Warm it.",
        "service_names": ["shop"],
        "tags": ["cache"],
        "actions": [ACTION],
    }
    assert at.ask("POST", "runbooks", body, role=Role.VIEWER).status == 403
    made = at.ask("POST", "runbooks", body)
    assert (made.status, made.document["slug"], made.document["success_rate"]) == (201, "cache-is-cold", None)
    assert made.document["actions"] == [ACTION]
    path = made.headers["location"].partition("/api/v1/")[2]
    tag = made.headers["etag"]
    edited = at.ask("PATCH", path, {"content": "Wait.", "actions": []}, headers={"If-Match": tag})
    assert (edited.document["version"], edited.document["actions"], edited.headers["etag"]) == (2, [], '"2"')
    assert at.ask("PATCH", path, {"content": "Again."}, headers={"If-Match": tag}).status == 412
    versions = at.ask("GET", f"{path}/versions", role=Role.VIEWER).document["items"]
    assert [row["version"] for row in versions] == [2, 1]
    assert "content" not in versions[0]
    assert at.ask("GET", f"{path}/versions/1").document["content"] == "Warm it."
    assert at.ask("GET", f"{path}/versions/3").status == 404
    back = at.ask("POST", f"{path}/revert", {"version": 1}).document
    assert (back["version"], back["content"], back["actions"]) == (3, "Warm it.", [ACTION])
    assert at.ask("GET", path).document == back


def test_a_runbook_is_deleted_and_restored() -> None:
    at = desk()
    path = f"runbooks/{at.scene.runbook}"
    assert at.ask("DELETE", path, headers={"If-Match": '"1"'}).status == 412
    assert at.ask("DELETE", path, headers={"If-Match": '"2"'}).document["is_active"] is False
    refused = at.ask("PATCH", path, {"title": "b"})
    assert (refused.status, refused.document["code"]) == (409, "runbook_deleted")
    deleted = at.ask("GET", "runbooks?deleted=true").document["items"]
    assert {row["id"] for row in deleted} == {str(at.scene.runbook), str(at.scene.deleted_runbook)}
    assert at.ask("POST", f"{path}/restore").document["is_active"]


def test_runbooks_come_in_pages_are_narrowed_and_found_by_words() -> None:
    at = desk()
    at.ask("POST", "runbooks", {"title": "Cache is cold", "service_names": ["shop"], "tags": ["cache"]})
    first = at.ask("GET", "runbooks?limit=2").document
    rest = at.ask("GET", f"runbooks?limit=2&cursor={first['next']}").document
    assert len({row["id"] for row in first["items"] + rest["items"]}) == 3
    assert [row["slug"] for row in at.ask("GET", "runbooks?tag=cache").document["items"]] == ["cache-is-cold"]
    others = {row["slug"] for row in at.ask("GET", "runbooks?service=mail").document["items"]}
    assert "cache-is-cold" not in others
    (found,) = at.ask("GET", "runbooks/search?text=ColdCache").document["items"]
    assert found["runbook"]["slug"] == "cache-is-cold"
    assert "content" not in found["runbook"]
    assert 0 < found["relevance"] <= 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {}),
        ("PATCH", "", {"titel": "a"}),
        ("PATCH", "", {"risk_level": "none"}),
        ("POST", "/revert", {"version": "1"}),
        ("POST", "/revert", {"version": 2**31}),
    ],
)
def test_what_makes_no_sense_is_refused(method: str, path: str, body: object) -> None:
    at = desk()
    assert at.ask(method, f"runbooks/{at.scene.runbook}{path}", body).status == 422
    assert at.ask("GET", "runbooks?titel=a").status == 422
    assert at.ask("GET", "runbooks/search?text=a&words=b").status == 422
