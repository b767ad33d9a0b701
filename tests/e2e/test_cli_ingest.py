"""`sre-copilot ingest`: one body or a recording, from a file or from standard input."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.command_line import Terminal, alert, new_tenant, row_counts
from tests.e2e.installation import Installation
from tests.e2e.recordings import folder_of, read_lines, write_lines


@pytest.fixture
def terminal(installation: Installation) -> Terminal:
    """A tenant of each test's own."""
    return new_tenant(installation, "generic")


def line(**fields: object) -> dict[str, object]:
    body = json.dumps({"title": "Checkout answers 500", "service": "checkout"})
    told = {"received_at": datetime.now(UTC).isoformat(), "path": "/webhooks/generic", "headers": {}, "body": body}
    return {**told, **fields}


def test_a_body_opens_an_incident_and_the_same_again_stores_no_second_one(terminal: Terminal, tmp_path: Path) -> None:
    file = alert(tmp_path, id="event-1")
    said = terminal.done("ingest", file, "--integration", "generic")
    assert "Signals: 1 stored, 0 duplicates, 0 repeats, 0 resolved." in said
    assert " opened." in said
    again = terminal.told("ingest", "-", "--integration", "generic", stdin=Path(file).read_bytes())
    assert (again["accepted"], again["repeats"]) == (0, 1)


def test_an_integration_is_named_by_its_id_too(terminal: Terminal, tmp_path: Path) -> None:
    identifier = terminal.told("integrations", "list")["integrations"][0]["id"]
    assert terminal.told("ingest", alert(tmp_path), "--integration", identifier)["accepted"] == 1


def test_a_body_that_only_its_plugin_can_not_read_is_kept_and_said_so(terminal: Terminal) -> None:
    said = terminal.done("ingest", "-", "--integration", "generic", stdin=b'{"titel": 1}')
    assert said.startswith("Quarantined: title is missing.")


@pytest.mark.parametrize("source", ["file", "standard input"])
def test_a_recording_is_taken_in_at_its_own_times(terminal: Terminal, tmp_path: Path, source: str) -> None:
    rows = [line(received_at="2026-01-02T03:04:05Z"), line(received_at="2026-01-02T03:05:05Z")]
    write_lines(tmp_path, rows)
    file = tmp_path / "deliveries.jsonl"
    name, stdin = (str(file), b"") if source == "file" else ("-", file.read_bytes())
    told = terminal.told("ingest", name, "--integration", "generic", stdin=stdin)
    assert told["deliveries"] == {"received": 2, "redelivered": 0, "quarantined": 0}
    assert told["signals"] == {"stored": 2, "duplicates": 1, "repeats": 0, "resolved": 0}
    (incident,) = terminal.told("incidents", "list")["incidents"]
    assert told["incidents"] == [incident["id"]]
    assert incident["created_at"].startswith("2026-01-02T03:04:05")


def test_a_line_of_a_recording_ends_at_a_newline_only(terminal: Terminal, tmp_path: Path) -> None:
    text = "".join(
        json.dumps(line(path=f"/webhooks/generic{end}"), ensure_ascii=False) + "\r\n" for end in "\u2028\x85"
    )
    (tmp_path / "deliveries.jsonl").write_text(text, encoding="utf-8", newline="")
    said = terminal.told("ingest", str(tmp_path / "deliveries.jsonl"), "--integration", "generic")
    assert said["deliveries"]["received"] == 2


def test_a_recording_becomes_a_funnel(terminal: Terminal, tmp_path: Path) -> None:
    write_lines(tmp_path, [line(), line()])
    said = terminal.done("ingest", str(tmp_path / "deliveries.jsonl"), "--integration", "generic")
    names = [row.split()[:2] for row in said.splitlines()]
    assert names == [
        ["deliveries", "2"],
        ["signals", "2"],
        ["repeats", "0"],
        ["stored", "2"],
        ["duplicates", "1"],
        ["resolves", "0"],
        ["new", "1"],
        ["incidents", "1"],
    ]


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("{", "line 2 is not a recorded delivery"),
        ("[]", "received_at is missing"),
        (json.dumps(line(received_at="yesterday")), "line 2 is not a recorded delivery"),
        (json.dumps(line(received_at="2026-01-02T03:04:05")), "received_at has no zone"),
        (json.dumps(line(path=7)), "path is no string"),
        (json.dumps(line(headers=[1])), "headers is no object"),
        (json.dumps(line(response={"body": {"dedup_key": 5}})), "dedup_key is no string"),
        (json.dumps(line(body="{nope")), "The body is not JSON"),
        ("[" * 100_000, "nested too deep"),
    ],
    ids=["json", "list", "time", "zone", "path", "headers", "key", "body", "depth"],
)
def test_nothing_of_a_recording_is_taken_in_where_one_of_its_lines_is_broken(
    terminal: Terminal, tmp_path: Path, broken: str, words: str
) -> None:
    file = tmp_path / "deliveries.jsonl"
    file.write_text(f"{json.dumps(line())}\n{broken}\n", encoding="utf-8")
    before = row_counts(terminal.installation)
    answer = terminal("ingest", str(file), "--integration", "generic").expect(2)
    assert words in answer.err
    assert answer.out == ""
    assert row_counts(terminal.installation) == before


def test_nothing_of_a_recording_is_taken_in_where_an_integration_is_missing(terminal: Terminal, tmp_path: Path) -> None:
    rows = read_lines(folder_of("bad-deploy"))
    write_lines(tmp_path, rows)
    terminal.done("integrations", "create", "prometheus")
    before = row_counts(terminal.installation)
    both = ("--integration", "prometheus", "--integration", "generic")
    answer = terminal("ingest", str(tmp_path / "deliveries.jsonl"), *both).expect(2)
    assert "No integration of type 'pagerduty' was given" in answer.err
    assert row_counts(terminal.installation) == before
