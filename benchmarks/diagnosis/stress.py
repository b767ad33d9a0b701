"""What goes wrong with evidence in real life: how case documents are altered before anybody sees them."""

import random
from collections.abc import Callable

from benchmarks.diagnosis.run import STRESS as ALTERED
from benchmarks.diagnosis.run import Document, shift_onset


def lose(*names: str) -> Callable[[Document, random.Random], None]:
    """Forget these kinds of evidence."""

    def alter(document: Document, rng: random.Random) -> None:
        for name in names:
            if name in document:
                document[name] = []
            for known in document.get("coverage", {}):
                if known == name:
                    document["coverage"][known] = []

    return alter


STRESS: dict[str, Callable[[Document, random.Random], None]] = {
    **ALTERED,
    "onset-60": lambda document, rng: shift_onset(document, -60),
    "onset+60": lambda document, rng: shift_onset(document, 60),
    "no-logs": lose("logs", "log_patterns"),
    "no-traces": lose("operations", "edges", "spans"),
    "no-metrics": lose("series", "edge_series"),
    "no-changes": lose("changes"),
}
"""Name -> how a case is altered before anybody sees it."""
