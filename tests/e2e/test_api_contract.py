"""Whatever the API is asked, it answers as its description says: in form, refusing what does not fit, never with a 5xx."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from schemathesis import Case, Config

from sre_copilot.domain.actors import Role
from tests.e2e.installation import Installation
from tests.e2e.server import PATIENCE, Server
from tests.e2e.tenants import Resident, resident

SOAK = os.environ.get("SRE_COPILOT_SOAK") == "1"
DESCRIPTION = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"
CONFIG = Config.from_dict(
    {
        "cache": {"enabled": False},
        "generation": {
            "max-examples": 200 if SOAK else 6,
            "deterministic": not SOAK,
            "database": "none",
            "with-security-parameters": False,
        },
        # What fits the description may still be refused: there is no such thing, or its state does not allow it.
        "checks": {"positive_data_acceptance": {"enabled": False}},
    }
)
API = schemathesis.openapi.from_path(DESCRIPTION, config=CONFIG).include(path_regex="^/api/v1/")


@pytest.fixture(scope="module")
def home(installation: Installation) -> Resident:
    return resident(installation, "contract")


@pytest.fixture(scope="module")
def ids(server: Server, home: Resident) -> Mapping[str, str]:
    return leading_somewhere(server, home)


@pytest.fixture(scope="module")
def fuzzed(installation: Installation) -> Resident:
    """A tenant of its own, as nobody knows what becomes of it."""
    return resident(installation, "fuzzed")


@pytest.fixture(scope="module")
def fuzzed_ids(server: Server, fuzzed: Resident) -> Mapping[str, str]:
    return leading_somewhere(server, fuzzed)


def leading_somewhere(server: Server, home: Resident) -> Mapping[str, str]:
    """Parameters of paths that lead somewhere; the person is one whom nobody misses."""
    people = server.ask("GET", "/api/v1/users", headers=home.headers()).expect(200).document["items"]
    viewer = next(row["id"] for row in people if row["role"] == Role.VIEWER)
    return {**{f"{name}_id": str(one) for name, one in home.ids.items()}, "user_id": viewer, "version": "1"}


def test_the_description_that_is_served_is_the_stored_one(server: Server) -> None:
    served = server.ask("GET", "/openapi.json").expect(200).document
    assert served == json.loads(DESCRIPTION.read_text(encoding="utf-8"))


@API.parametrize()
def test_every_answer_is_as_described(
    case: Case[Any], server: Server, fuzzed: Resident, fuzzed_ids: Mapping[str, str]
) -> None:
    # An id as described is exchanged for one of the tenant's; whatever is none stays, and has to be refused.
    case.path_parameters = {
        name: fuzzed_ids[name] if _is_id(value) and name in fuzzed_ids else value
        for name, value in case.path_parameters.items()
    }
    answer = case.call_and_validate(
        base_url=f"http://127.0.0.1:{server.port}", headers=fuzzed.headers(), timeout=PATIENCE
    )
    assert answer.headers["x-request-id"]


def _is_id(value: object) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True


def operations(ids: Mapping[str, str]) -> Iterator[tuple[str, str, bool]]:
    """Method and path of everything that can be asked for, and whether it takes a body."""
    for path, methods in json.loads(DESCRIPTION.read_text(encoding="utf-8"))["paths"].items():
        if path.startswith("/api/v1/"):
            for method, operation in methods.items():
                yield method.upper(), path.format_map(ids), "requestBody" in operation


def test_without_a_token_that_is_valid_nothing_is_told(server: Server, ids: Mapping[str, str]) -> None:
    for method, path, _ in operations(ids):
        for headers in ({}, {"Authorization": "Bearer srep_wrong"}, {"Authorization": "Basic YTpi"}):
            answer = server.ask(method, path, body="{}", headers=headers).expect(401)
            assert answer.document["code"] == "not_authentic", (method, path)
            assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("kind", "body"),
    {
        "application/x-www-form-urlencoded": b"text=x&action=acknowledge",
        "multipart/form-data; boundary=b": b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nx\r\n--b--\r\n',
        "application/xml": b"<text>x</text>",
        "text/plain": b"x",
        "application/octet-stream": bytes(range(256)),
        "application/json; charset=utf-16": '{"text": "x"}'.encode("utf-16"),
        "": b"",
    }.items(),
)
def test_a_body_in_another_form_is_a_problem(
    server: Server, home: Resident, ids: Mapping[str, str], kind: str, body: bytes
) -> None:
    for method, path, takes_body in operations(ids):
        if takes_body:
            answer = server.ask(method, path, body=body, headers={**home.headers(), "Content-Type": kind})
            answer.in_form()
            assert answer.status in (400, 422), (method, path, answer.status)
