"""Diagnose the labelled cases through the engine's entry point and write predictions for their scorer.

    python -m benchmarks.diagnosis.run --data FOLDER --out predictions.jsonl [--left-out] [--stress NAME] [--seed N]

With --left-out every case is ranked by weights and calibration that never saw its root cause; without it
by those that ship. --stress alters the cases first, see STRESS.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.diagnosis import fit as training
from benchmarks.diagnosis.cases import SETS, Case, load
from benchmarks.diagnosis.logit import FEATURES
from sre_copilot.adapters.diagnosis.training import load_calibration, load_weights
from sre_copilot.domain.diagnosis.confidence import Calibration
from sre_copilot.domain.diagnosis.engine import diagnose
from sre_copilot.domain.diagnosis.scoring import Weights
from sre_copilot.domain.hypotheses import CandidateKind, RankedCause, Verdict

Document = dict[str, Any]


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


STRESS: dict[str, Callable[[Document, random.Random], None]] = {
    "edges-10": lambda document, rng: drop_edges(document, 0.1, rng),
    "edges-20": lambda document, rng: drop_edges(document, 0.2, rng),
    "edges-40": lambda document, rng: drop_edges(document, 0.4, rng),
    "no-edges": lambda document, rng: document.update(calls=[]),
    "shuffled": shuffle_topology,
    "no-background": lambda document, rng: document.update(background=None),
    "samples-20": lambda document, rng: lose_samples(document, 0.2, rng),
    "onset-120": lambda document, rng: shift_onset(document, -120),
    "onset+120": lambda document, rng: shift_onset(document, 120),
}
"""Name -> how a case is altered before the engine sees it."""


def prediction(case: Case, verdict: Verdict, milliseconds: float) -> Document:
    """The verdict in the scorer's terms: candidates by component, or by change with everything else as "none"."""
    if case.judged_by == "component":
        named = [cause for cause in verdict.causes if cause.kind in (CandidateKind.SERVICE, CandidateKind.HOST)]
        ranked = [{"component": cause.subject, "confidence": _interval([cause])} for cause in named]
    else:
        by_change: dict[str, list[RankedCause]] = {}
        for cause in verdict.causes:
            if cause.kind is not CandidateKind.OTHERS:
                said = case.changes[cause.change_id] if cause.change_id else "none"
                by_change.setdefault(said, []).append(cause)
        ranked = [{"change": said, "confidence": _interval(causes)} for said, causes in by_change.items()]
        ranked.sort(key=lambda row: -row["confidence"]["primary"])
    return {"id": case.id, "ms": milliseconds, "ranked": ranked}


def _interval(causes: Sequence[RankedCause]) -> Document:
    primary = min(1.0, sum(cause.confidence.primary for cause in causes))
    return {
        "lower": min(primary, max(cause.confidence.lower for cause in causes)),
        "primary": primary,
        "upper": max(primary, *(cause.confidence.upper for cause in causes)),
    }


def left_out(data: Path) -> dict[str, tuple[Weights, Calibration]]:
    """Case id -> weights and calibration that never saw its root cause.

    The calibration is of all other cases, each scored by weights that saw neither its own root cause nor this one.
    """
    samples = [training.sample(case) for name in SETS for case in load(data, name)]
    start = training.train(samples)
    found = {}
    for group in sorted({training.root_cause(item.case) for item in samples}):
        others = [item for item in samples if training.root_cause(item.case) != group]
        used = training.train(others, start)
        calibration = training.calibrated(others, training.leave_out(others, training.root_cause, used))
        weights = Weights(version="left-out", features=dict(zip(FEATURES, used, strict=True)))
        for item in samples:
            if training.root_cause(item.case) == group:
                found[item.case.id] = (weights, calibration)
    return found


def main() -> None:
    """Write one prediction per case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled sets")
    parser.add_argument("--out", type=Path, required=True, help="file of predictions to write")
    parser.add_argument("--left-out", action="store_true", help="rank each case by what never saw its root cause")
    parser.add_argument("--stress", choices=sorted(STRESS), help="alter the cases first")
    parser.add_argument("--seed", type=int, default=0, help="of the alterations")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    alter = STRESS.get(arguments.stress)
    trained = left_out(arguments.data) if arguments.left_out else {}
    shipped = (load_weights(), load_calibration())
    with arguments.out.open("w", encoding="utf-8") as file:
        for name in SETS:
            for case in load(arguments.data, name, edit=(lambda d: alter(d, rng)) if alter else None):
                weights, calibration = trained.get(case.id, shipped)
                began = time.perf_counter()
                verdict = diagnose(case.snapshot, weights=weights, calibration=calibration)
                taken = (time.perf_counter() - began) * 1000
                file.write(json.dumps(prediction(case, verdict, round(taken, 2))) + "\n")


if __name__ == "__main__":
    main()
