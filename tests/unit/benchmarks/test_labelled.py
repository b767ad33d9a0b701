"""A fixed few of the labelled incidents are still answered right, asked of a whole copilot with what ships."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.diagnosis.answer import remembered
from benchmarks.diagnosis.asked import case, documents
from sre_copilot.adapters.diagnosis.engine import OfflineEngine

LABELLED = Path(__file__).parents[2] / "recordings" / "labelled"
TRUTHS = {
    truth["id"]: truth
    for path in LABELLED.glob("*/truth.jsonl")
    for truth in map(json.loads, path.read_text(encoding="utf-8").splitlines())
}
CASES = list(documents(LABELLED))


def test_every_case_has_a_truth() -> None:
    assert {document["id"] for _, document, _ in CASES} == set(TRUTHS)


@pytest.mark.parametrize(("name", "document", "background"), CASES, ids=[document["id"] for _, document, _ in CASES])
def test_what_it_was_comes_first(name: str, document: dict[str, Any], background: dict[str, Any] | None) -> None:
    truth = TRUTHS[document["id"]]
    rows, _ = remembered(OfflineEngine()).answer(case(document, background), name)
    by = "change" if "change" in truth else "component"
    assert next(row[by] for row in rows if by in row) == truth[by]
