"""`/api/v1/incidents`."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.actors import Role
from sre_copilot.domain.canonical import plain, timestamp
from sre_copilot.domain.lifecycle import State
from sre_copilot.testing.clock import BEGINNING
from tests.unit.entrypoints.http.desk import Desk, desk

MINUTE = timedelta(minutes=1)


def ids(at: Desk, path: str) -> list[str]:
    answer = at.ask("GET", path)
    assert answer.status == 200, answer.body
    return [row["id"] for row in answer.document["items"]]


def declare(at: Desk, title: str, **more: Any) -> str:
    answer = at.ask("POST", "incidents", {"title": title, "service": "search", **more})
    assert answer.status == 201, answer.body
    return str(answer.document["id"])


def test_an_incident_is_shown_in_the_words_of_the_domain() -> None:
    at = desk()
    incident = at.scene.stage.tables.incidents[at.scene.incident]
    answer = at.ask("GET", at.incident)
    shown = {name: value for name, value in plain(incident).items() if name != "tenant_id"}
    assert answer.document == {
        **shown,
        "mtta_seconds": None,
        "mttr_seconds": None,
        "merged_into": None,
        "split_from": None,
    }
    assert answer.headers["etag"] == f'"{incident.version}"'


def test_a_declared_incident_is_where_the_answer_says() -> None:
    at = desk()
    answer = at.ask("POST", "incidents", {"title": "Search is empty", "service": "search", "severity": "high"})
    assert (answer.status, answer.headers["etag"]) == (201, '"1"')
    found = at.ask("GET", answer.headers["location"].removeprefix("/api/v1/"))
    assert found.document == answer.document
    assert (found.document["severity"], found.document["declared"]) == ("high", True)


def test_pages_follow_on_one_another_and_give_each_incident_once() -> None:
    at = desk()
    for number in range(7):
        at.scene.stage.clock.advance(MINUTE)
        declare(at, f"number {number}")
    path, found = "incidents?limit=2", []
    while True:
        answer = at.ask("GET", path).document
        assert len(answer["items"]) <= 2
        found += [row["id"] for row in answer["items"]]
        if answer["next"] is None:
            break
        path = f"incidents?limit=2&cursor={answer['next']}"
    assert found == ids(at, "incidents")
    assert len(found) == len(set(found)) == len(at.scene.stage.tables.incidents)


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "!!!!", "MjAyNg", "%00", quote("ünï")])
def test_a_cursor_that_no_page_named_is_refused(cursor: str) -> None:
    answer = desk().ask("GET", f"incidents?cursor={cursor}")
    assert (answer.status, answer.document["code"]) == (400, "bad_cursor")


def test_the_list_is_narrowed_by_each_filter() -> None:
    at = desk()
    at.scene.stage.clock.advance(MINUTE)
    special = declare(at, "Reports are 100% late", severity="low", environment="staging", description="since noon")
    at.ask("POST", f"incidents/{special}/transitions", {"action": "mitigate"})
    at.ask("POST", f"incidents/{special}/assign", {"assignee": "me"})
    me = at.scene.stage.people[Role.ENGINEER].id
    now, later = (quote(timestamp(at.scene.stage.clock.now() + delta)) for delta in (timedelta(0), MINUTE))
    for query in (
        "state=mitigated&state=learned",
        "severity=low",
        "environment=staging",
        "service=search&state=mitigated",
        "assignee=me",
        f"assignee={me}",
        "text=100%25 LATE".replace(" ", "%20"),
        "text=Noon",
        f"from={now}&to={later}",
    ):
        assert ids(at, f"incidents?{query}") == [special], query
    assert special not in ids(at, f"incidents?to={now}")
    assert ids(at, f"incidents?assignee={new_id()}") == []


@pytest.mark.parametrize(
    "query",
    [
        *("state=open", "limit=0", "limit=201", "limit=many", "assignee=you"),
        *("from=2026-01-01T00:00:00", "from=2026-01-01", "from=soon", "from=", "to=0.5", "to=1767225600"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(query: str) -> None:
    assert desk().ask("GET", f"incidents?{query}").status == 422


@pytest.mark.parametrize(
    "word", ["2026-01-01T00:00:00Z", "2026-01-01t00:00:00.5-02:00", "2026-01-01%2000:00:00%2b00:00"]
)
def test_a_time_is_as_in_rfc_3339(word: str) -> None:
    assert desk().ask("GET", f"incidents?from={word}").status == 200


def test_an_edit_changes_what_it_names_and_leaves_the_rest() -> None:
    at = desk()
    before = at.ask("GET", at.incident).document
    edit = {"severity": "low", "impact": {"affected_user_count": 7}, "tags": ["eu"]}
    after = at.ask("PATCH", at.incident, edit)
    assert after.status == 200
    told = after.document
    assert (told["severity"], told["impact"]["affected_user_count"], told["tags"]) == ("low", 7, ["eu"])
    assert (told["title"], told["version"]) == (before["title"], before["version"] + 1)
    assert after.headers["etag"] == f'"{told["version"]}"'


@pytest.mark.parametrize(
    "edit",
    [
        {},
        {"title": ""},
        {"title": "x" * 501},
        {"impact": {"affected_user_count": -1}},
        {"impact": {"affected_user_count": "7"}},
        {"impact": {"affected_user_count": True}},
        {"impact": {"slo_breached": 0}},
        {"impact": {"slo_breached": "yes"}},
        {"tags": "eu"},
        {"state": "learned"},
    ],
)
def test_an_edit_that_cannot_be_is_refused(edit: dict[str, Any]) -> None:
    at = desk()
    before = at.ask("GET", at.incident).document
    assert at.ask("PATCH", at.incident, edit).status == 422
    assert at.ask("GET", at.incident).document == before


CHANGES = (
    ("PATCH", "", {"title": "new"}),
    ("POST", "/transitions", {"action": "mitigate"}),
    ("POST", "/assign", {"assignee": "me"}),
)


@pytest.mark.parametrize(("method", "part", "body"), CHANGES)
@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', "{}"])
def test_a_change_on_the_condition_of_a_version_is_made_on_that_version_only(
    method: str, part: str, body: dict[str, str], form: str
) -> None:
    at = desk()
    version = at.ask("GET", at.incident).document["version"]
    stale = at.ask(method, at.incident + part, body, headers={"If-Match": form.format(version + 1)})
    assert (stale.status, stale.document["code"]) == (412, "concurrent_transition")
    assert (stale.document["version"], stale.document["state"]) == (version, "detected")
    fresh = at.ask(method, at.incident + part, body, headers={"If-Match": form.format(version)})
    assert (fresh.status, fresh.headers["etag"]) == (200, f'"{version + 1}"')


@pytest.mark.parametrize(("given", "status"), [("*", 200), ("", 200), ('"x"', 400), ('"1", "2"', 400), ("9" * 30, 400)])
def test_a_condition_is_any_version_or_one(given: str, status: int) -> None:
    at = desk()
    assert at.ask("PATCH", at.incident, {"title": "new"}, headers={"If-Match": given}).status == status


def test_an_incident_walks_through_its_life_by_steps() -> None:
    at = desk()
    told = {"root_cause": "a deploy", "resolution_summary": "rolled back"}
    for step, state in (
        ({"action": "acknowledge", "reason": "mine"}, "acknowledged"),
        ({"action": "investigate"}, "investigating"),
        ({"action": "resolve", "resolution": "expected"}, "resolved"),
        ({"action": "learn", **told}, "learned"),
    ):
        answer = at.ask("POST", f"{at.incident}/transitions", step)
        assert (answer.status, answer.document["state"]) == (200, state)
    log = at.ask("GET", f"{at.incident}/transitions").document["items"]
    assert [row["to_state"] for row in log] == ["detected", "acknowledged", "investigating", "resolved", "learned"]
    assert [row["sequence"] for row in log] == [1, 2, 3, 4, 5]
    assert log[1]["reason"] == "mine"
    assert at.scene.stage.tables.incidents[at.scene.incident].state is State.LEARNED


def test_nothing_is_learnt_without_saying_what() -> None:
    at = desk()
    at.ask("POST", f"{at.incident}/transitions", {"action": "resolve"})
    answer = at.ask("POST", f"{at.incident}/transitions", {"action": "learn"})
    assert (answer.status, answer.document["missing"]) == (422, ["resolution_summary", "root_cause"])


def test_an_incident_is_assigned_and_taken_away_again() -> None:
    at = desk()
    ada = str(at.scene.stage.people[Role.ADMIN].id)
    assert at.ask("POST", f"{at.incident}/assign", {"assignee": ada}).document["assigned_to"] == ada
    assert at.ask("POST", f"{at.incident}/assign", {"assignee": None}).document["assigned_to"] is None
    assert at.ask("POST", f"{at.incident}/assign", {"assignee": str(new_id())}).status == 404
    assert at.ask("POST", f"{at.incident}/assign", {}).status == 422


def test_a_note_is_on_the_timeline() -> None:
    at = desk()
    note = at.ask("POST", f"{at.incident}/notes", {"text": "I look at the pool"})
    assert (note.status, note.document["text"]) == (201, "I look at the pool")
    kinds = [(row["kind"], row["text"]) for row in at.ask("GET", f"{at.incident}/timeline").document["items"]]
    assert ("note", "Engineer: I look at the pool") in kinds
    assert {kind for kind, _ in kinds} >= {"signal", "transition", "note"}


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_the_timeline_comes_in_pages_also_where_much_happened_at_one_moment(limit: int) -> None:
    at = desk()
    for number in range(9):
        if number % 4 == 0:
            at.scene.stage.clock.advance(MINUTE)
        at.ask("POST", f"{at.incident}/notes", {"text": f"note {number}"})
    whole = at.ask("GET", f"{at.incident}/timeline").document
    assert whole["next"] is None
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = at.ask("GET", f"{at.incident}/timeline?limit={limit}{cursor and '&cursor=' + cursor}").document
        assert len(answer["items"]) <= limit
        found += answer["items"]
        cursor = answer["next"]
    assert found == whole["items"]
    assert [row["at"] for row in found] == sorted(row["at"] for row in found)
    assert found[0]["at"] >= timestamp(BEGINNING)
