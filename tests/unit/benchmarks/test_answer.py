"""The diagnosis benchmark asks a whole copilot: cases made by a seed, in the layout of the labelled ones, without truth."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks.diagnosis.answer import remembered
from benchmarks.diagnosis.asked import case, documents
from benchmarks.diagnosis.stress import STRESS
from sre_copilot.adapters.diagnosis.engine import OfflineEngine

BEGINNING = datetime(2026, 3, 1, 10, tzinfo=UTC)
MINUTES, FAULT = 60, 50
CHAIN = ("front", "orders", "stock", "ledger", "search")
CALLS = [{"caller": a, "callee": b} for a, b in (("front", "orders"), ("orders", "stock"), ("orders", "ledger"))]
CALLS.append({"caller": "front", "callee": "search"})
ABOVE = {"stock": ("orders", "front"), "ledger": ("orders", "front"), "search": ("front",)}


def at(minute: int) -> str:
    return (BEGINNING + timedelta(minutes=minute)).isoformat()


def made(seed: int, culprit: str) -> dict[str, Any]:
    """A case in which `culprit` becomes slow after 50 of 60 minutes, and those above it with it."""
    rng = Random(seed)
    series = []
    for name in CHAIN:
        slow = 1.0 if name == culprit or name in ABOVE[culprit] else 0.0
        usual = rng.uniform(0.05, 0.2)
        values = [usual * rng.uniform(0.95, 1.05) + (slow if minute >= FAULT else 0.0) for minute in range(MINUTES)]
        series.append({"component": name, "metric": "latency_p50", "kind": "latency", "unit": "s", "values": values,
                       "step_seconds": 60, "start": at(0)})  # fmt: skip
    alarm = {"component": "front", "metric": "latency_p50", "description": "front is slow", "synthetic": False}
    return {
        "id": f"made-{seed:04}", "set": "made", "detected_at": at(FAULT + 2), "assumed_start": at(FAULT), "alarm": alarm,
        "window": {"start": at(0), "end": at(MINUTES)}, "components": list(CHAIN), "calls": CALLS, "series": series,
        "logs": [], "alerts": [], "changes": [], "background": None,
    }  # fmt: skip


def change(name: str, component: str, minute: int, summary: str, diff: str, path: str) -> dict[str, Any]:
    return {"id": name, "kind": "deploy", "component": component, "at": at(minute), "author": "ana", "summary": summary,
            "paths": [path], "diff": diff}  # fmt: skip


def answered(document: dict[str, Any], background: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    rows, taken = remembered(OfflineEngine()).answer(case(document, background), "made")
    assert taken > 0
    for row in rows:
        sure = row["confidence"]
        assert 0 <= sure["lower"] <= sure["primary"] <= sure["upper"] <= 1
    return rows


@pytest.mark.parametrize(("seed", "culprit"), list(enumerate(ABOVE)))
def test_the_slow_one_underneath_comes_first(seed: int, culprit: str) -> None:
    assert answered(made(seed, culprit))[0]["component"] == culprit


def test_what_is_usual_may_have_been_recorded_on_another_date() -> None:
    document, reference = made(5, "ledger"), made(5, "ledger")
    for row in document["series"]:
        row["values"], row["start"] = row["values"][FAULT:], at(FAULT)
    document["window"]["start"] = at(FAULT)
    for row in reference["series"]:
        row["values"], row["start"] = row["values"][:FAULT], (BEGINNING + timedelta(days=3)).isoformat()
    spanned = {"start": (BEGINNING + timedelta(days=3)).isoformat()}
    spanned["end"] = (BEGINNING + timedelta(days=3) + timedelta(minutes=FAULT)).isoformat()
    background = {"clock": "detached", "window": spanned, "series": reference["series"]}
    assert answered(document, background)[0]["component"] == "ledger"


def test_of_two_deploys_the_one_whose_diff_fits_comes_first_and_none_is_an_answer() -> None:
    document = made(7, "stock")
    document["changes"] = [
        change("bad", "stock", 45, "Lower query timeout", "-timeout = 5000\n+timeout = 50\n-retry = 3\n+retry = 0", "stock/db.go"),
        change("harmless", "search", 48, "Restyle the page", "-color: red\n+color: blue", "search/docs/style.css"),
    ]  # fmt: skip
    told = [row["change"] for row in answered(document) if "change" in row]
    assert next(name for name in told if name != "none") == "bad"
    assert "none" in told
    assert len(told) == len(set(told))


@pytest.mark.parametrize("name", ["edges-20", "no-edges", "samples-20", "no-metrics", "no-logs", "onset+60"])
def test_with_less_to_go_by_there_is_still_an_answer(name: str) -> None:
    document = made(3, "stock")
    STRESS[name](document, Random(1))
    rows = answered(document)
    assert {row["component"] for row in rows} <= set(CHAIN)
    assert rows or name == "no-metrics"


def test_a_folder_of_cases_needs_no_truth(tmp_path: Path) -> None:
    place = tmp_path / "made" / "cases"
    place.mkdir(parents=True)
    (tmp_path / "runbooks").mkdir()
    (place / "made-0001.json.gz").write_bytes(gzip.compress(json.dumps(made(1, "stock")).encode()))
    assert [(name, row["id"], past) for name, row, past in documents(tmp_path)] == [("made", "made-0001", None)]
