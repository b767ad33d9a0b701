"""Logs: one JSON object per line, with the fields of our own lines."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr
from datetime import datetime
from typing import Any

import pytest
import structlog

from sre_copilot.entrypoints import logs


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in logs.LEVELS}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def written(name: str, *lines: tuple[int, str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What becomes of lines that a logger of this name writes."""
    stream = io.StringIO()
    with redirect_stderr(stream):
        logs.configure()
        for level, text, fields in lines:
            logging.getLogger(name).log(level, text, extra=fields)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


class Broken(io.StringIO):
    """What standard error is once its reader has died, or its disk is full."""

    def write(self, text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


def test_nobody_stumbles_over_a_line_that_cannot_be_written() -> None:
    with redirect_stderr(Broken()):
        logs.configure()
        logs.logger("http").info("request")
        logging.getLogger("sre_copilot.adapters").error("gone")


def test_a_line_of_ours_is_one_json_object_with_its_fields() -> None:
    said = {"kind": "diagnose", "seconds": 0.25, "where": ["a.py:1 f"]}
    (row,) = written("sre_copilot.adapters.jobs.worker", (logging.INFO, "job done", said), (logging.DEBUG, "no", {}))
    assert datetime.fromisoformat(row.pop("at")).utcoffset() is not None
    assert row == {"event": "job done", "level": "info", "source": "sre_copilot.adapters.jobs.worker", **said}


def test_what_a_library_attaches_to_its_lines_stays_out_and_so_does_what_it_tells_in_passing() -> None:
    (row,) = written("vendor", (logging.WARNING, "odd", {"request": "token=canary"}), (logging.INFO, "hello", {}))
    assert (row["event"], row["source"]) == ("odd", "vendor")
    assert "canary" not in repr(row)


@pytest.mark.parametrize("name", ["procrastinate.worker", "psycopg.pool"])
def test_what_the_worker_tells_in_its_own_words_is_not_told_twice(name: str) -> None:
    assert written(name, (logging.ERROR, "Job ended with status: Error", {})) == []
