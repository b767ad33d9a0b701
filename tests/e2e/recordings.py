"""Recorded incidents and what may be done to them without changing what happened: shuffling and disguising."""

import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import attrs

from sre_copilot.adapters.recordings import bundled_recording

TRUTHS = Path(__file__).parents[1] / "recordings"
NAMES = ("bad-deploy", "database-exhaustion", "alert-storm")

Line = dict[str, Any]
"""One line of a `deliveries.jsonl`, decoded."""


def folder_of(name: str) -> Path:
    """Where a recording lies; the bad deploy comes with the package."""
    return bundled_recording() if name == "bad-deploy" else TRUTHS / name


def truth_of(name: str) -> dict[str, Any]:
    """What really happened in a recording."""
    truth: dict[str, Any] = json.loads((TRUTHS / name / "truth.json").read_text(encoding="utf-8"))
    return truth


def expected_incidents(name: str) -> frozenset[frozenset[str]]:
    """The series of every incident that a person would open, by the vendor's own names."""
    rows = truth_of(name)["incidents"]
    return frozenset(frozenset([*row["fingerprints"], *row["pagerduty_dedup_keys"]]) for row in rows)


def read_lines(folder: Path) -> list[Line]:
    """The deliveries of a recording."""
    text = (folder / "deliveries.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def write_lines(folder: Path, lines: Iterable[Line]) -> None:
    """Write a `deliveries.jsonl`."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "deliveries.jsonl").write_text(text, encoding="utf-8")


@attrs.frozen(kw_only=True)
class Single:
    """A delivery that speaks of one series only (`series` is None for a change, which has none)."""

    series: str | None
    line: Line


def split(lines: Iterable[Line]) -> list[Single]:
    """Split every delivery into one per alert; a group's alerts share nothing but their message."""
    return [single for line in lines for single in _singles(line)]


def _singles(line: Line) -> Iterable[Single]:
    body = json.loads(line["body"])
    if "alerts" not in body:
        told = (line["response"].get("body") or {}).get("dedup_key")
        yield Single(series=body.get("dedup_key") or told, line=line)
        return
    for alert in body["alerts"]:
        alone = {**body, "status": alert["status"], "alerts": [alert]}
        yield Single(series=alert["fingerprint"], line=with_body(line, alone))


def with_body(line: Line, body: Any) -> Line:
    """The line with another body and the length that belongs to it."""
    text = json.dumps(body, ensure_ascii=False)
    headers = {**line["headers"], "Content-Length": str(len(text.encode()))}
    return {**line, "headers": headers, "body": text}


def shuffled(lines: Sequence[Line], seed: int) -> list[Line]:
    """Split the deliveries, then exchange those of each series among the series' own places.

    A delivery keeps its receive time, so the times are no longer in order.
    """
    singles = split(lines)
    places: dict[str, list[int]] = {}
    for place, single in enumerate(singles):
        if single.series is not None:
            places.setdefault(single.series, []).append(place)
    result = [single.line for single in singles]
    chance = random.Random(seed)
    for own in places.values():
        drawn = chance.sample(own, len(own))
        for place, source in zip(own, drawn, strict=True):
            result[place] = singles[source].line
    return result
