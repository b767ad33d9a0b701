"""Diagnose the labelled cases through the engine's entry point and write predictions for their scorer.

    python -m benchmarks.diagnosis.run --data FOLDER --out predictions.jsonl [--left-out] [--strict-past] [--stress NAME] [--seed N]

With --left-out every case is ranked by weights and calibration that never saw its root cause; without it
by those that ship. --stress alters the cases first, see `stress.py`. With --strict-past only what lies before a case
is its past, however little that is.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.diagnosis import fit as training
from benchmarks.diagnosis.cases import SETS, Case, load
from benchmarks.diagnosis.logit import FEATURES
from benchmarks.diagnosis.stress import STRESS
from sre_copilot.adapters.diagnosis.training import load_calibration, load_weights
from sre_copilot.domain.diagnosis.confidence import Calibration
from sre_copilot.domain.diagnosis.engine import diagnose
from sre_copilot.domain.diagnosis.scoring import Weights
from sre_copilot.domain.hypotheses import CandidateKind, RankedCause, Verdict

Document = dict[str, Any]


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


def left_out(data: Path, *, strict: bool = False) -> dict[str, tuple[Weights, Calibration]]:
    """Case id -> weights and calibration that never saw its root cause.

    The calibration is of all other cases, each scored by weights that saw neither its own root cause nor this one.
    """
    samples = [training.sample(case) for name in SETS for case in load(data, name, strict=strict)]
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


def answered(
    data: Path,
    trained: Mapping[str, tuple[Weights, Calibration]],
    *,
    edit: Callable[[Document], None] | None = None,
    strict: bool = False,
) -> Iterator[tuple[Case, Document]]:
    """Yield every case with its prediction, by `trained` weights and calibration where it has some, else by those that ship."""
    shipped = (load_weights(), load_calibration())
    for name in SETS:
        for case in load(data, name, edit=edit, strict=strict):
            weights, calibration = trained.get(case.id, shipped)
            began = time.perf_counter()
            verdict = diagnose(case.snapshot, weights=weights, calibration=calibration)
            yield case, prediction(case, verdict, round((time.perf_counter() - began) * 1000, 2))


def main() -> None:
    """Write one prediction per case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled sets")
    parser.add_argument("--out", type=Path, required=True, help="file of predictions to write")
    parser.add_argument("--left-out", action="store_true", help="rank each case by what never saw its root cause")
    parser.add_argument("--strict-past", action="store_true", help="take nothing after a case for what is usual")
    parser.add_argument("--stress", choices=sorted(STRESS), help="alter the cases first")
    parser.add_argument("--seed", type=int, default=0, help="of the alterations")
    given = parser.parse_args()
    trained = left_out(given.data, strict=given.strict_past) if given.left_out else {}
    edit = partial(STRESS[given.stress], rng=random.Random(given.seed)) if given.stress else None
    with given.out.open("w", encoding="utf-8") as file:
        for _, row in answered(given.data, trained, edit=edit, strict=given.strict_past):
            file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
