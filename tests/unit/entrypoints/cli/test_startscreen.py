"""Lines of a log as people read them."""

import json

from sre_copilot.entrypoints.cli.startscreen import told

AT = "2026-11-26T06:10:30.123456Z"


def test_a_request_is_told_in_one_short_line() -> None:
    row = {
        "event": "request", "method": "GET", "path": "/readyz", "status": 200, "milliseconds": 1.5, "at": AT,
        "level": "info", "source": "http", "request_id": "r-1", "client": "192.0.2.7",
    }  # fmt: skip
    line = told("server", json.dumps(row))
    assert line.plain == "06:10:30 server  GET /readyz 200 1.5 ms"


def test_anything_else_is_told_with_what_it_knows() -> None:
    line = told("worker", json.dumps({"event": "took over", "job": 7, "at": AT, "level": "warning"}))
    assert line.plain == "06:10:30 worker  took over job=7"
    assert [span.style for span in line.spans][-1] == "yellow"


def test_what_is_no_json_or_no_fit_for_a_terminal_is_told_as_plain_text() -> None:
    assert told("server", "Error: \x1b[31mboom").plain == "server Error: [31mboom"
    assert told("server", "[1]").plain == "server [1]"
    assert "\x1b" not in told("server", json.dumps({"event": "\x1b[2J", "at": AT})).plain
