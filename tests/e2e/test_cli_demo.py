"""`sre-copilot demo`: the document that it prints, the story that it tells, and what it leaves alone."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command_line import Terminal, new_tenant, row_counts, short_recording
from tests.e2e.installation import Installation
from tests.e2e.recordings import expected_incidents, folder_of, read_lines, truth_of, write_lines

NAME = "bad-deploy"


@pytest.fixture(scope="module")
def terminal(installation: Installation) -> Terminal:
    """Commands for no tenant."""
    return Terminal(installation=installation)


@pytest.fixture(scope="module")
def document(terminal: Terminal) -> dict[str, Any]:
    """What the demo prints for scripts."""
    told: dict[str, Any] = terminal.told("demo", "--recording", str(folder_of(NAME)))
    return told


@pytest.fixture(scope="module")
def slug(terminal: Terminal, document: dict[str, Any]) -> str:
    """The tenant that it made."""
    slugs: list[str] = [row["slug"] for row in terminal.told("tenants", "list")["tenants"]]
    return next(slug for slug in reversed(slugs) if slug.startswith("demo-"))


def small_recording(folder: Path, **fields: str) -> Path:
    """One delivery and nothing else."""
    body = json.dumps({"title": "Checkout answers 500", "service": "checkout", **fields})
    write_lines(folder, [{"received_at": "2026-01-02T03:04:05Z", "path": "/webhooks/generic", "body": body}])
    return folder


def test_the_document_counts_and_names_what_happened(document: dict[str, Any]) -> None:
    assert document["deliveries"] == {"received": 109, "redelivered": 0, "quarantined": 0}
    assert document["signals"] == {"stored": 40, "duplicates": 1, "repeats": 76, "resolved": 17}
    assert set(document) == {"deliveries", "signals", "incidents"}


def test_the_document_has_each_series_of_an_incident_once_by_the_vendors_own_name(document: dict[str, Any]) -> None:
    told = [[signal["fingerprint"] for signal in row["signals"]] for row in document["incidents"]]
    assert frozenset(map(frozenset, told)) == expected_incidents(NAME)
    assert all(len(set(names)) == len(names) for names in told)


def test_the_document_ranks_the_culprit_first_and_was_taken_before_the_walk(document: dict[str, Any]) -> None:
    main = document["incidents"][0]
    assert set(main) == {
        *("id", "title", "service", "severity", "state", "opened_at", "signals", "hypotheses", "recommendations")
    }
    assert len(main["signals"]) == max(len(row["signals"]) for row in document["incidents"])
    culprit = truth_of(NAME)["culprit_change"]
    first = main["hypotheses"][0]
    assert (first["rank"], first["component"], first["change"]) == (1, culprit["service"], culprit["summary"])
    sure = first["confidence"]
    assert 0 <= sure["lower"] <= sure["primary"] <= sure["upper"] <= 1
    assert set(main["recommendations"][0]) == {"title", "risk", "reversibility"}
    assert main["state"] == "acknowledged"


def test_the_main_incident_is_walked_to_its_end_and_no_other(
    terminal: Terminal, document: dict[str, Any], slug: str
) -> None:
    states = {row["id"]: row["state"] for row in terminal.for_tenant(slug).told("incidents", "list")["incidents"]}
    main, *others = document["incidents"]
    assert states.pop(main["id"]) == "learned"
    assert states == {row["id"]: row["state"] for row in others}
    view = terminal.for_tenant(slug).told("incidents", "show", main["id"])
    assert view["recommendations"][0]["status"] == "executed"
    assert view["hypotheses"][0]["feedback"] == "accepted"


def test_replayed_into_the_same_tenant_it_stores_nothing_and_walks_nothing(
    installation: Installation, tmp_path: Path
) -> None:
    terminal, folder = new_tenant(installation), short_recording(tmp_path / "short")
    once = terminal.told("demo", "--recording", str(folder))
    before = row_counts(installation)
    said = terminal.done("demo", "--recording", str(folder))
    assert "walked to its end before" in said
    assert [line.split()[1] for line in said.splitlines() if line.startswith("stored ")] == ["0"]
    rows = terminal.told("incidents", "list")["incidents"]
    assert {row["id"] for row in rows} == {row["id"] for row in once["incidents"]}
    changed = {name for name, count in row_counts(installation).items() if count != before[name]}
    assert not changed & {"signals", "incidents", "incident_transitions", "tenants"}


def test_it_leaves_alone_what_else_a_tenant_has(installation: Installation, tmp_path: Path) -> None:
    terminal = new_tenant(installation)
    own = terminal.told("incidents", "declare", "Ours", "--service", "something-else")["id"]
    said = terminal.done("demo", "--recording", str(small_recording(tmp_path)))
    view = terminal.told("incidents", "show", own)
    assert view["incident"]["state"] == "detected"
    assert view["hypotheses"] == []
    assert own[-8:] not in said


def test_the_story_is_told_from_deliveries_to_what_was_learnt(terminal: Terminal, tmp_path: Path) -> None:
    said = terminal.done("demo", "--recording", str(short_recording(tmp_path / "short")), columns=80)
    places = [
        said.index(word)
        for word in ("Tenant demo-", "deliveries ", "incidents ", "Timeline", "Hypotheses", "Recommendations", "walked")
    ]
    assert places == sorted(places)
    for word in ("repeats", "duplicates", "resolves", "redelivered", "resolved → learned", "Roll back payments"):
        assert word in said
    assert max(map(len, said.splitlines())) <= 80


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("deliveries.jsonl", None, "deliveries.jsonl can't be read"),
        ("deliveries.jsonl", "{", "line 1 is not a recorded delivery"),
        ("topology.json", "[]", "topology.json is not a service graph"),
        ("metrics/index.json", "{", "holds no recorded metrics"),
    ],
)
def test_a_broken_recording_is_refused_before_a_tenant_is_made(
    terminal: Terminal, tmp_path: Path, name: str, content: str | None, words: str
) -> None:
    folder = tmp_path / "recording"
    shutil.copytree(folder_of(NAME), folder)
    (folder / name).unlink() if content is None else (folder / name).write_text(content, encoding="utf-8")
    before = row_counts(terminal.installation)
    answer = terminal("demo", "--recording", str(folder), "--json").expect(2)
    assert words in answer.err
    assert answer.out == ""
    assert row_counts(terminal.installation) == before


def test_a_delivery_that_no_plugin_handles_is_refused_before_a_tenant_is_made(
    terminal: Terminal, tmp_path: Path
) -> None:
    write_lines(tmp_path, [{**read_lines(folder_of(NAME))[0], "path": "/webhooks/carrier_pigeon"}])
    before = row_counts(terminal.installation)
    assert "/webhooks/carrier_pigeon" in terminal("demo", "--recording", str(tmp_path)).expect(2).err
    assert row_counts(terminal.installation) == before


def test_a_recording_needs_nothing_but_deliveries(terminal: Terminal, tmp_path: Path) -> None:
    told = terminal.told("demo", "--recording", str(small_recording(tmp_path)))
    assert [row["title"] for row in told["incidents"]] == ["Checkout answers 500"]


def test_a_recording_of_changes_alone_opens_no_incident(terminal: Terminal, tmp_path: Path) -> None:
    folder = small_recording(tmp_path, title="Deploy checkout 7", type="deploy_event")
    assert terminal.told("demo", "--recording", str(folder))["incidents"] == []
    assert "Hypotheses" not in terminal.done("demo", "--recording", str(folder))


def test_a_person_of_a_tenant_that_is_only_made_now_can_not_act(terminal: Terminal) -> None:
    before = row_counts(terminal.installation)
    assert "--as needs --tenant" in terminal("demo", "--as", "ada@example.com").expect(2).err
    assert row_counts(terminal.installation) == before
