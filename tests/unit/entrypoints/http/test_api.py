"""What holds for the whole API: who is let in, how input and errors are told."""

import io
import json
import logging
import re

import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.actors import Role
from sre_copilot.entrypoints import logs
from sre_copilot.entrypoints.http.problems import MEDIA_TYPE
from tests.unit.entrypoints.http.client import ask
from tests.unit.entrypoints.http.desk import desk


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer srec_wrong", "Basic c3JlYzp4", "srec_x", "Bearer \x00"]
)
def test_who_shows_no_token_that_is_known_is_not_let_in(header: str) -> None:
    desk()
    answer = ask("GET", "/api/v1/incidents", headers={"Authorization": header})
    assert answer.status == 401
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.document["code"] == "not_authentic"


def test_a_revoked_token_and_a_deactivated_person_are_out_at_the_next_request() -> None:
    at = desk()
    here = at.scene.stage
    admin = here.person(Role.ADMIN)
    assert at.ask("GET", "incidents").status == 200
    for token in here.tables.tokens.values():
        if token.role is Role.ENGINEER:
            here.copilot.revoke_token(actor=admin, token_id=token.id)
    assert at.ask("GET", "incidents").status == 401
    here.copilot.change_user(actor=admin, user_id=here.people[Role.VIEWER].id, is_active=False)
    assert at.ask("GET", "incidents", role=Role.VIEWER).status == 403


def test_a_viewer_reads_and_changes_nothing() -> None:
    at = desk()
    assert at.ask("GET", at.incident, role=Role.VIEWER).status == 200
    answer = at.ask("POST", f"{at.incident}/notes", {"text": "mine"}, role=Role.VIEWER)
    assert (answer.status, answer.document["code"]) == (403, "not_permitted")


def test_a_field_that_nobody_knows_is_refused_and_named() -> None:
    at = desk()
    answer = at.ask("POST", "incidents", {"title": "Search is empty", "service": "search", "severty": "high"})
    assert (answer.status, answer.document["code"]) == (422, "invalid_input")
    assert answer.document["errors"] == [{"at": "body.severty", "message": "Extra inputs are not permitted"}]


def test_a_filter_that_nobody_knows_is_refused_rather_than_ignored() -> None:
    answer = desk().ask("GET", "incidents?severty=high")
    assert (answer.status, answer.document["code"]) == (422, "invalid_input")


def test_what_is_wrong_with_a_value_is_told_without_quoting_it() -> None:
    answer = desk().ask("POST", "incidents", {"title": "x", "service": "y", "severity": "swordfish"})
    assert answer.status == 422
    assert answer.document["errors"][0]["at"] == "body.severity"
    assert "swordfish" not in answer.body.decode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff",
        b'{"title": "a", "title": "b", "service": "c"}',
        b"[" * 100_000,
        b'{"title": NaN}',
    ],
)
def test_a_body_that_is_no_object_of_json_is_refused(body: bytes) -> None:
    at = desk()
    token = at.tokens[Role.ENGINEER]
    answer = ask("POST", "/api/v1/incidents", body=body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status in (400, 422)
    assert answer.document["detail"]


def test_a_step_that_the_state_does_not_allow_is_a_conflict_that_names_the_state() -> None:
    at = desk()
    answer = at.ask("POST", f"{at.incident}/transitions", {"action": "reopen"})
    assert (answer.status, answer.document["code"]) == (409, "invalid_transition")
    assert answer.document["state"] == "detected"
    assert "acknowledge" in answer.document["allowed"]


def test_an_unknown_id_is_told_in_the_same_bytes_wherever_it_stands() -> None:
    at = desk()
    answers = {
        at.ask(method, path.format(new_id()), body).body
        for method, path, body in (
            ("GET", "incidents/{}", None),
            ("PATCH", "incidents/{}", {"title": "new"}),
            ("GET", "signals/{}/decision", None),
            ("POST", "hypotheses/{}/feedback", {"feedback": "accepted"}),
            ("POST", "recommendations/{}/status", {"status": "accepted"}),
        )
    }
    assert len(answers) == 1
    assert json.loads(answers.pop())["code"] == "not_found"


def test_a_method_that_a_path_does_not_take_is_told_which_it_takes() -> None:
    answer = desk().ask("DELETE", "incidents")
    assert answer.status == 405
    assert set(re.findall("[A-Z]+", answer.headers["allow"])) == {"GET", "POST"}


def test_a_fault_of_ours_is_told_with_a_reference_under_which_the_log_has_the_rest() -> None:
    at = desk()
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.json_formatter())
    handler.addFilter(logs.Worth())
    logging.getLogger("django.request").addHandler(handler)
    at.scene.stage.tables.incidents[at.scene.incident] = "damaged"  # type: ignore[assignment]
    answer = at.ask("GET", at.incident, headers={"X-Request-Id": "r-1"})
    assert (answer.status, answer.document["code"]) == (500, "unexpected")
    assert answer.document["reference"] == answer.headers["x-request-id"] == "r-1"
    assert "damaged" not in answer.body.decode()
    logging.getLogger("django.request").removeHandler(handler)
    (line,) = written.getvalue().splitlines()
    assert json.loads(line)["request_id"] == "r-1"
    assert "Traceback" in json.loads(line)["exception"]
