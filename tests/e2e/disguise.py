"""A recording under other names and at another time: what happened stays, nothing can be recognised by its name."""

import gzip
import json
import random
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs

from tests.e2e.recordings import Line, read_lines, with_body, write_lines

VOCABULARY = frozenset(
    ["severity", "environment", "status", "condition", "code", "alertstate", "version", "__name__"],
)
"""Labels whose values are words of the tools and not names that somebody chose."""
NAMING = ("source", "component", "group", "class", "service", "step")
"""Fields of a PagerDuty payload that hold chosen names."""
TIME = re.compile(r"(?!0001-)\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")
SYLLABLES = tuple(consonant + vowel for consonant in "bdfgklmnprtvz" for vowel in "aeiou")


@attrs.frozen(kw_only=True, slots=False)
class Disguise:
    """Other names for everything that was named, and how much later everything happens (whole seconds)."""

    names: Mapping[str, str]
    later: timedelta

    def hidden(self, text: str) -> str:
        """A text with every known name replaced, wherever it stands as a whole word."""
        return self._hiding(text)

    def shown(self, text: str) -> str:
        """The way back."""
        return self._showing(text)

    def disguised(self, value: Any) -> Any:
        """Any decoded JSON with names and times replaced; its keys stay."""
        if isinstance(value, dict):
            return {key: self.disguised(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.disguised(item) for item in value]
        return TIME.sub(self._shifted, self.hidden(value)) if isinstance(value, str) else value

    @cached_property
    def _hiding(self) -> Callable[[str], str]:
        return _replacer(self.names)

    @cached_property
    def _showing(self) -> Callable[[str], str]:
        return _replacer({new: old for old, new in self.names.items()})

    def _shifted(self, found: "re.Match[str]") -> str:
        return (datetime.fromisoformat(found[0]) + self.later).isoformat()


def _replacer(names: Mapping[str, str]) -> Callable[[str], str]:
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, longest_first)) + r")(?![\w-])")
    return lambda text: pattern.sub(lambda found: names[found[0]], text)


def disguise(source: Path, target: Path, seed: int) -> Disguise:
    """Write a disguised copy of a recording, without its truth, and return what was replaced by what."""
    chance = random.Random(seed)
    names = sorted(filter(re.compile("[A-Za-z]").search, set(_names(source))))
    made: dict[str, str] = {}
    for name in names:
        made[name] = _new_name(chance, name, {*made.values(), *names})
    later = timedelta(seconds=chance.randrange(-200 * 86400, 200 * 86400))
    worn = Disguise(names=made, later=later)
    target.mkdir(parents=True, exist_ok=True)
    write_lines(target, [_line(worn, line) for line in read_lines(source)])
    topology = json.loads((source / "topology.json").read_text(encoding="utf-8"))
    (target / "topology.json").write_text(json.dumps(_topology(worn, topology)), encoding="utf-8")
    _write_metrics(worn, source / "metrics", target / "metrics")
    return worn


def _names(source: Path) -> Iterable[str]:
    """Everything that somebody named: in the deliveries, the topology and the metrics."""
    for line in read_lines(source):
        yield from _named_in(line)
    topology = json.loads((source / "topology.json").read_text(encoding="utf-8"))
    for row in (*topology["edges"], *topology["placements"], *topology["services"]):
        yield from (value for key, value in row.items() if key != "kind")
    for file in sorted((source / "metrics").glob("*.json.gz")):
        for row in json.loads(gzip.decompress(file.read_bytes()))["data"]["result"]:
            yield from _label_values(row["metric"])


def _named_in(line: Line) -> Iterable[str]:
    body = json.loads(line["body"])
    for alert in body.get("alerts", []):
        yield alert["fingerprint"]
        yield from _label_values(alert["labels"])
    told = (line["response"].get("body") or {}).get("dedup_key")
    yield from (key for key in (body.get("dedup_key"), told) if key)
    payload = body.get("payload", {})
    for part in (payload, payload.get("custom_details", {})):
        yield from (part[field] for field in NAMING if field in part)


def _label_values(labels: Mapping[str, str]) -> Iterable[str]:
    return (value for key, value in labels.items() if key not in VOCABULARY)


def _new_name(chance: random.Random, name: str, taken: set[str]) -> str:
    while True:
        made = "".join(chance.choices(SYLLABLES, k=4))
        if re.fullmatch("[0-9a-f]{16,}", name):
            made = f"{chance.getrandbits(4 * len(name)):0{len(name)}x}"
        if made not in taken:
            return made


def _line(worn: Disguise, line: Line) -> Line:
    told = worn.disguised({"received_at": line["received_at"], "response": line["response"]})
    return with_body({**line, **told}, worn.disguised(json.loads(line["body"])))


def _topology(worn: Disguise, topology: Mapping[str, Any]) -> dict[str, Any]:
    return {
        part: [
            {key: value if key == "kind" else worn.names.get(value, value) for key, value in row.items()}
            for row in topology[part]
        ]
        for part in ("edges", "placements", "services")
    }


def _write_metrics(worn: Disguise, source: Path, target: Path) -> None:
    target.mkdir()
    seconds = int(worn.later.total_seconds())
    shutil.copy(source / "index.json", target / "index.json")
    for file in sorted(source.glob("*.json.gz")):
        answer = json.loads(gzip.decompress(file.read_bytes()))
        for row in answer["data"]["result"]:
            row["metric"] = {
                key: value if key in VOCABULARY else worn.names.get(value, value)
                for key, value in row["metric"].items()
            }
            row["values"] = [[at + seconds, value] for at, value in row["values"]]
        (target / file.name).write_bytes(gzip.compress(json.dumps(answer).encode(), compresslevel=1))
