"""Logs as JSON lines."""

import json
import logging
import sys

import pytest

from sre_copilot.entrypoints import logs


def record(name: str, message: str, *, failed: bool = False) -> logging.LogRecord:
    try:
        raise ValueError("swordfish")
    except ValueError:
        error = sys.exc_info() if failed else None
    return logging.LogRecord(name, logging.ERROR, __file__, 1, message, (), error)


def test_a_line_of_a_library_is_one_json_object_that_says_whose_it_is() -> None:
    with logs.fresh(request_id="r-1", tenant="t-1"):
        line = logs.json_formatter().format(record("psycopg", "gone\nfor good"))
    assert "\n" not in line
    told = json.loads(line)
    assert (told["event"], told["source"], told["level"]) == ("gone\nfor good", "psycopg", "error")
    assert (told["request_id"], told["tenant"]) == ("r-1", "t-1")
    assert told["at"].endswith("Z")


def test_an_exception_is_told_without_the_values_of_variables() -> None:
    secret_token = "srec_secret"
    line = logs.json_formatter().format(record("django.request", "Internal Server Error: /x", failed=True))
    assert "ValueError" in json.loads(line)["exception"]
    assert secret_token not in line


def test_what_one_piece_of_work_left_is_not_the_next_ones() -> None:
    with logs.fresh(request_id="r-1"):
        logs.bind(tenant="t-1")
    with logs.fresh(request_id="r-2"):
        told = json.loads(logs.json_formatter().format(record("any", "x")))
    assert told["request_id"] == "r-2"
    assert "tenant" not in told


@pytest.mark.parametrize(
    ("name", "message", "failed", "kept"),
    [
        ("django.request", "Not Found: /x", False, False),
        ("django.request", "Internal Server Error: /x", True, True),
        ("_granian", "Configuration allows spawning up to 12 Python threads, ...", False, False),
        ("_granian", "Unexpected exit from worker-1", False, True),
    ],
)
def test_what_our_own_lines_say_already_is_left_out(name: str, message: str, failed: bool, kept: bool) -> None:
    assert logs.Worth().filter(record(name, message, failed=failed)) is kept
