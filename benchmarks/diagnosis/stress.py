"""What goes wrong with evidence in real life: how case documents are altered before anybody sees them."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

Document = dict[str, Any]
LOST = "lost"
"""The key under which a document names what its background is to forget as well."""
FEW = 3


def drop_edges(document: Document, share: float, rng: random.Random) -> None:
    """Forget a share of the calls."""
    document["calls"] = [call for call in document["calls"] if rng.random() >= share]


def shuffle_topology(document: Document, rng: random.Random) -> None:
    """Permute the names in the calls, except the alarm's: accuracy must fall."""
    alarm = document["alarm"]["component"]
    names = sorted({end for call in document["calls"] for end in call.values()} - {alarm})
    mixed = dict(zip(names, rng.sample(names, len(names)), strict=True))
    document["calls"] = [{key: mixed.get(name, name) for key, name in call.items()} for call in document["calls"]]


def lose_samples(document: Document, share: float, rng: random.Random) -> None:
    """Null a share of the samples."""
    for row in [*document["series"], *document.get("edge_series", [])]:
        row["values"] = [None if rng.random() < share else value for value in row["values"]]


def shift_onset(document: Document, seconds: float) -> None:
    """Be wrong about when it began."""
    if document["assumed_start"]:
        moved = datetime.fromisoformat(document["assumed_start"]) + timedelta(seconds=seconds)
        document["assumed_start"] = moved.isoformat()


def first_rows(document: Document) -> None:
    """Be asked after three samples of the incident, where samples are minutes apart."""
    start = datetime.fromisoformat(document["assumed_start"] or document["detected_at"])
    for row in [*document["series"], *document.get("edge_series", [])]:
        before = max(0.0, (start - datetime.fromisoformat(row["start"])).total_seconds()) / row["step_seconds"]
        if row["step_seconds"] > 60:
            row["values"] = row["values"][: int(before) + FEW]


def lose(*names: str) -> Callable[[Document, random.Random], None]:
    """Forget these kinds of evidence, in the past as well."""

    def alter(document: Document, rng: random.Random) -> None:
        document[LOST] = names
        for name in names:
            if name in document:
                document[name] = []
            if name in document.get("coverage", {}):
                document["coverage"][name] = []

    return alter


STRESS: dict[str, Callable[[Document, random.Random], None]] = {
    "edges-10": lambda document, rng: drop_edges(document, 0.1, rng),
    "edges-20": lambda document, rng: drop_edges(document, 0.2, rng),
    "edges-40": lambda document, rng: drop_edges(document, 0.4, rng),
    "no-edges": lambda document, rng: document.update(calls=[]),
    "shuffled": shuffle_topology,
    "no-background": lambda document, rng: document.update(background=None),
    "samples-20": lambda document, rng: lose_samples(document, 0.2, rng),
    "first-rows": lambda document, rng: first_rows(document),
    "onset-120": lambda document, rng: shift_onset(document, -120),
    "onset-60": lambda document, rng: shift_onset(document, -60),
    "onset+60": lambda document, rng: shift_onset(document, 60),
    "onset+120": lambda document, rng: shift_onset(document, 120),
    "no-logs": lose("logs", "log_patterns"),
    "no-traces": lose("operations", "edges", "spans"),
    "no-metrics": lose("series", "edge_series"),
    "no-changes": lose("changes"),
}
"""Name -> how a case is altered before anybody sees it."""
BY_CHANCE = ("edges-10", "edges-20", "edges-40", "shuffled", "samples-20")
"""Those that another seed alters otherwise."""
