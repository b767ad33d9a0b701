"""What the API says of silences."""

from datetime import timedelta

import pytest

from sre_copilot.domain.actors import Role
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import alert
from tests.unit.entrypoints.http.desk import desk

MATCHERS = [{"name": "service", "operator": "=", "value": "search"}]
WANTED = {"matchers": MATCHERS, "ends_at": "2026-01-05T11:00:00Z", "comment": "index is rebuilt"}


def test_a_silence_is_created_shown_and_ended() -> None:
    at = desk()
    made = at.ask("POST", "silences", WANTED)
    assert made.status == 201
    told = made.document
    assert made.headers["location"] == f"/api/v1/silences/{told['id']}"
    assert (told["state"], told["matchers"], told["comment"]) == ("active", MATCHERS, "index is rebuilt")
    assert at.ask("GET", f"silences/{told['id']}").document == told
    assert at.scene.stage.send(alert("Empty", "search")).opened == ()
    ended = at.ask("POST", f"silences/{told['id']}/end").document
    assert (ended["state"], ended["ended_by"]) == ("expired", told["created_by"])
    assert at.ask("POST", f"silences/{told['id']}/end").document == ended


def test_silences_come_in_pages_newest_first_and_narrowed() -> None:
    at = desk()
    made = [str(at.scene.silence)]
    for _ in range(4):
        at.scene.stage.clock.advance(timedelta(minutes=1))
        made.append(at.ask("POST", "silences", WANTED).document["id"])
    at.ask("POST", f"silences/{made[2]}/end")
    path, found = "silences?limit=2", []
    while path:
        told = at.ask("GET", path).document
        found += [row["id"] for row in told["items"]]
        path = f"silences?limit=2&cursor={told['next']}" if told["next"] else ""
    assert found == made[::-1]
    assert [row["id"] for row in at.ask("GET", "silences?state=expired").document["items"]] == [made[2]]
    assert at.ask("GET", "silences?state=pending").document["items"] == []
    assert at.ask("GET", "silences?stat=pending").status == 422


def test_a_preview_tells_what_fits() -> None:
    at = desk()
    fits = {"matchers": [{"name": "alertname", "operator": "=~", "value": "High.*"}]}
    told = at.ask("POST", "silences/preview", fits, role=Role.VIEWER).document
    assert (told["open_episodes"], told["signals"], told["is_whole"]) == (1, 1, True)
    (episode,) = told["episodes"]
    assert (episode["incident_id"], episode["service"]) == (str(at.scene.incident), "checkout")


@pytest.mark.parametrize(
    "changed",
    [
        {"matchers": []},
        {"matchers": [{"name": "service", "operator": "=~", "value": "("}]},
        {"matchers": [{"name": "service", "operator": "~", "value": "x"}]},
        {"matchers": [{"name": "service", "value": ""}]},
        {"matchers": [{"name": "service"}]},
        {"matchers": [{"name": "service", "value": "x", "isRegex": True}]},
        {"ends_at": BEGINNING.isoformat()},
        {"ends_at": "2026-01-05T11:00:00"},
        {"ends_at": "9999-12-31T23:59:59-14:00"},
        {"ends_at": {}},
        {"starts_at": 5},
        {"comment": ""},
        {"endsAt": "2026-01-05T11:00:00Z"},
    ],
)
def test_what_can_not_be_used_is_refused(changed: dict[str, object]) -> None:
    at = desk()
    answer = at.ask("POST", "silences", {**WANTED, **changed})
    assert (answer.status, answer.document["code"]) == (422, "invalid_input")


def test_viewers_look_and_change_nothing() -> None:
    at = desk()
    assert at.ask("GET", f"silences/{at.scene.silence}", role=Role.VIEWER).status == 200
    for path, body in (("silences", WANTED), (f"silences/{at.scene.silence}/end", None)):
        assert at.ask("POST", path, body, role=Role.VIEWER).status == 403


def test_a_decision_names_its_silence() -> None:
    at = desk()
    made = at.ask("POST", "silences", WANTED).document
    (signal,) = at.scene.stage.send(alert("Empty", "search")).signals
    told = at.ask("GET", f"signals/{signal}/decision").document
    assert (told["signal"]["decision"], told["correlation"]["decision"]["outcome"]) == ("silenced", "silenced")
    assert told["correlation"]["decision"]["silence_id"] == told["silence"]["id"] == made["id"]
