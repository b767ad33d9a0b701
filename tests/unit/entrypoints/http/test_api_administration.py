"""What the API says of deliveries, integrations, people and tokens."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from sre_copilot.domain.actors import Role
from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.testing.stage import alert
from tests.unit.entrypoints.http.client import Answer, ask
from tests.unit.entrypoints.http.desk import Desk, desk


def admin(at: Desk, method: str, path: str, body: object = None) -> Answer:
    return at.ask(method, path, body, role=Role.ADMIN)


def test_deliveries_come_in_pages_newest_first_and_narrowed() -> None:
    at = desk()
    here = at.scene.stage
    for number in range(4):
        here.clock.advance(timedelta(minutes=1))
        here.send(alert(f"number {number}"))
    path, found = "deliveries?limit=2", []
    while path:
        told = at.ask("GET", path).document
        found += [row["id"] for row in told["items"]]
        path = f"deliveries?limit=2&cursor={told['next']}" if told["next"] else ""
    assert sorted(found) == sorted(map(str, here.tables.deliveries))
    aside = at.ask("GET", f"deliveries?status=quarantined&integration={here.integration.id}").document["items"]
    assert [row["id"] for row in aside] == [str(at.scene.quarantined)]
    assert aside[0]["receipt"]["problem"] == "title is missing."
    assert at.ask("GET", f"deliveries?integration={at.scene.incident}").document["items"] == []
    assert at.ask("GET", "deliveries?state=x").status == 422


def test_a_delivery_is_shown_with_its_bytes_as_far_as_they_are_text() -> None:
    at = desk()
    here = at.scene.stage
    text = at.ask("GET", f"deliveries/{at.scene.quarantined}").document
    kept = here.tables.deliveries[at.scene.quarantined].delivery
    assert (text["body"], text["body_base64"], text["body_bytes"]) == (kept.body.decode(), None, len(kept.body))
    puzzle = here.script.delivery(UnreadableDelivery("what?"), received_at=here.clock.now(), body=b"\xff\x00")
    receipt = here.copilot.ingest(actor=here.sender, integration_id=here.integration.id, delivery=puzzle)
    bytes_ = at.ask("GET", f"deliveries/{receipt.delivery_id}").document
    assert (bytes_["body"], base64.b64decode(bytes_["body_base64"])) == (None, b"\xff\x00")


def test_a_quarantined_delivery_is_replayed_once_it_can_be_read() -> None:
    at = desk()
    here = at.scene.stage
    path = f"deliveries/{at.scene.quarantined}/replay"
    assert at.ask("POST", path).document["quarantined"] is True
    here.script.answers[here.tables.deliveries[at.scene.quarantined].delivery.body] = Parsed(
        drafts=(alert("Found", "lost"),)
    )
    told = at.ask("POST", path).document
    assert (told["delivery_id"], told["accepted"], told["quarantined"]) == (str(at.scene.quarantined), 1, False)
    again = at.ask("POST", path)
    assert (again.status, again.document["code"]) == (409, "not_quarantined")
    assert at.ask("POST", path, role=Role.VIEWER).status == 403


def test_an_integration_is_shown_without_key_and_secrets() -> None:
    at = desk()
    integration = at.scene.stage.integration
    for path in ("integrations", f"integrations/{integration.id}"):
        answer = admin(at, "GET", path)
        rows = answer.document.get("items", [answer.document])
        told = next(row for row in rows if row["id"] == str(integration.id))
        assert (told["id"], told["name"], told["health"]["is_healthy"]) == (str(integration.id), "alerts", True)
        assert told["dedup_window"] == integration.dedup_window.total_seconds()
        assert not {"key", "sealed", "cursor", "tenant_id"} & set(told)


def test_an_integration_is_created_configured_disabled_and_given_another_key() -> None:
    at = desk()
    kind = at.scene.stage.integration.type
    made = admin(at, "POST", "integrations", {"type": kind, "name": "second", "expected_every": 600})
    assert made.status == 201
    key, path = made.document["key"], made.headers["location"].removeprefix("/api/v1/")
    assert made.document["integration"]["expected_every"] == 600
    change = {"name": "third", "dedup_window": 60, "environments": {"live": "production"}, "is_active": False}
    told = admin(at, "PATCH", path, change).document
    assert {name: told[name] for name in change} == change
    assert admin(at, "POST", "integrations", {"type": kind, "name": "third"}).document["code"] == "already_exists"
    rotated = admin(at, "POST", f"{path}/rotate-key", {"overlap": 60}).document
    assert rotated["key"] != key
    assert key not in admin(at, "GET", path).body.decode()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "integrations", {"type": "unheard-of"}, 422),
        ("POST", "integrations", {"type": "generic", "secret": "x"}, 422),
        ("PATCH", "integrations/{}", {"dedup_window": 0}, 422),
        ("PATCH", "integrations/{}", {"dedup_window": -1}, 422),
        ("PATCH", "integrations/{}", {"dedup_window": "60"}, 422),
        ("PATCH", "integrations/{}", {"is_active": "off"}, 422),
        ("PATCH", "integrations/{}", {"expects_heartbeat": 1}, 422),
        ("POST", "integrations/{}/test", {"fire": 1}, 422),
        ("PATCH", "integrations/{}", {"dedup_window": 1e300}, 422),
        ("PATCH", "integrations/{}", {"settings": {"unheard-of": 1}}, 422),
        ("PATCH", "integrations/{}", {"overlap": 10**8}, 422),
        ("POST", "integrations/{}/rotate-key", {"overlap": 10**8}, 422),
        ("POST", "integrations/{}/test", {"sample": "unheard-of"}, 422),
        ("POST", "tokens", {"name": "ci", "role": "king"}, 422),
        ("POST", "tokens", {"name": "ci", "role": "admin", "days": 367}, 422),
        ("POST", "tokens", {"name": "ci", "role": "admin", "days": "7"}, 422),
        ("PATCH", "users/{}", {"is_active": 0}, 422),
        ("POST", "users", {"email": "nobody", "role": "viewer"}, 422),
    ],
)
def test_what_cannot_be_is_refused(method: str, path: str, body: dict[str, Any], status: int) -> None:
    at = desk()
    answer = admin(at, method, path.format(at.scene.stage.integration.id), body)
    assert (answer.status, answer.document["code"] in ("invalid_input", "unknown_integration_type")) == (status, True)


def test_an_integration_is_tried() -> None:
    at = desk()
    answer = admin(at, "POST", f"integrations/{at.scene.stage.integration.id}/test", {})
    assert answer.status == 200
    assert set(answer.document) == {"works", "parsed", "receipt"}
    assert answer.document["receipt"] is None


def test_people_are_added_changed_and_listed() -> None:
    at = desk()
    made = admin(at, "POST", "users", {"email": "Eve@example.com", "role": "viewer", "full_name": "Eve"})
    assert (made.status, made.document["email"]) == (201, "eve@example.com")
    path = f"users/{made.document['id']}"
    assert admin(at, "PATCH", path, {"role": "engineer", "is_active": False}).document["role"] == "engineer"
    rows = {row["id"]: row for row in admin(at, "GET", "users").document["items"]}
    assert rows[made.document["id"]]["is_active"] is False
    assert admin(at, "POST", "users", {"email": "eve@example.com", "role": "viewer"}).status == 409


def test_a_token_is_created_used_and_revoked() -> None:
    at = desk()
    made = admin(at, "POST", "tokens", {"name": "ci", "role": "viewer", "scopes": ["read"], "days": 1})
    assert made.status == 201
    secret, token = made.document["secret"], made.document["token"]
    mine = {"Authorization": f"Bearer {secret}"}
    assert ask("GET", "/api/v1/incidents", headers=mine).status == 200
    assert ask("POST", f"/api/v1/{at.incident}/notes", json_body={"text": "x"}, headers=mine).status == 403
    listed = admin(at, "GET", "tokens")
    assert token["id"] in {row["id"] for row in listed.document["items"]}
    assert secret not in listed.body.decode()
    assert "hash" not in token
    assert admin(at, "DELETE", f"tokens/{token['id']}").document["revoked_at"]
    assert ask("GET", "/api/v1/incidents", headers=mine).status == 401


def test_administration_is_for_administrators() -> None:
    at = desk()
    for method, path, body in (
        ("POST", "integrations", {"type": at.scene.stage.integration.type, "name": "x"}),
        ("POST", "users", {"email": "eve@example.com", "role": "admin"}),
        ("POST", "tokens", {"name": "ci", "role": "admin"}),
        ("GET", "tokens", None),
    ):
        assert at.ask(method, path, body).status == 403, path
