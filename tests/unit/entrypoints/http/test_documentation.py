"""The description of the API, and its page."""

import json
import re
from pathlib import Path, PurePosixPath

import pytest

from sre_copilot.entrypoints.http.documentation import ASSETS, described
from tests.unit.entrypoints.http.client import ask

STORED = Path(__file__).parents[4] / "docs" / "reference" / "openapi.json"


def test_the_stored_description_is_that_of_the_code() -> None:
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    current = json.loads(json.dumps(described(PurePosixPath("/"))))
    assert stored == current, "the API has changed; if it was meant to, run .ci/openapi.py and say so in the changelog"


def test_the_description_is_openapi_3_1_and_says_for_everything_what_can_go_wrong() -> None:
    answer = ask("GET", "/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.document["openapi"].startswith("3.1")
    operations = [operation for methods in answer.document["paths"].values() for operation in methods.values()]
    assert all("application/problem+json" in row["responses"]["default"]["content"] for row in operations)
    names = [row["operationId"] for row in operations]
    assert len(names) == len(set(names))


def test_every_reference_in_the_description_leads_somewhere() -> None:
    text = json.dumps(described(PurePosixPath("/")))
    known = described(PurePosixPath("/"))["components"]["schemas"]
    assert {name for name in re.findall(r'"#/components/schemas/(\w+)"', text) if name not in known} == set()


def test_the_description_names_the_paths_where_they_are_mounted() -> None:
    paths = described(PurePosixPath("/copilot"))["paths"]
    assert "/copilot/api/v1/incidents" in paths
    assert "/copilot/webhooks/{integration_id}" in paths


def test_the_page_asks_nobody_else_for_anything() -> None:
    page = ask("GET", "/docs")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    text = page.body.decode()
    assert "//" not in text
    wanted = re.findall(r'(?:src|href)="docs/([^"]+)"', text)
    assert set(wanted) == set(ASSETS)


@pytest.mark.parametrize("name", ASSETS)
def test_the_files_of_the_page_are_there(name: str) -> None:
    answer = ask("GET", f"/docs/{name}")
    assert (answer.status, answer.headers["content-type"]) == (200, ASSETS[name])
    assert answer.body
    assert "max-age" in answer.headers["cache-control"]


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js.map", "..", "%2e%2e%2fschema.py", "redoc.standalone.js"])
def test_no_other_file_is_served(name: str) -> None:
    assert ask("GET", f"/docs/{name}").status == 404
