"""Fit the weights and the calibration that ship with the engine, on the labelled development cases.

    python -m benchmarks.diagnosis.fit --data FOLDER [--write]

Prints plain, leave-one-root-cause-out and leave-one-service-out scores, so that over-fitting shows. With
--write the weights with their training record, and the calibration, go into the package.
"""

import argparse
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs

from benchmarks.diagnosis.cases import SETS, Case, fingerprint, load
from benchmarks.diagnosis.logit import FEATURES, Choice, fit, score
from sre_copilot.domain.diagnosis.candidates import candidates
from sre_copilot.domain.diagnosis.clues import Candidate
from sre_copilot.domain.diagnosis.confidence import Calibration, CalibrationCase, margins, softmax, wilson
from sre_copilot.domain.diagnosis.kinds import known_of
from sre_copilot.domain.diagnosis.scoring import ADVISED, Feature, values
from sre_copilot.domain.hypotheses import CandidateKind
from sre_copilot.domain.recalibration import PRIOR_SPREAD

TARGET = Path(__file__).parents[2] / "sre_copilot" / "adapters" / "diagnosis"
L2 = 0.03
Z_95 = 1.959963984540054
KEPT_PER_CASE = 3
SLOPES = [4.0 ** (step / 96) for step in range(-96, 97, 2)]
"""From a quarter to four, even in logarithms."""

HAND_SET = {
    Feature.FIRST_SIGNAL: (0.5, "every development case has one alert, so its time tells nothing there"),
    Feature.EXPLAINED: (1.7, "fitted to thrice as much, with which an alarm and a graph alone would convince"),
    Feature.SHARED_HOST: (4.0, "the development cases have no hosts"),
    Feature.UNSEEN: (1.0, "nearly all development cases have a cause among the candidates; production won't"),
    Feature.SURGE: (0.5, "no development case is a surge of demand"),
    Feature.EXTERNAL: (
        1.0,
        "where no change did it, labels name the component where it shows, so what it adds to none of these can't be fitted",
    ),
    Feature.QUIET: (
        -0.5,
        "fitted to nought, because silence adds little once strength is known; people expect it to count",
    ),
    Feature.CALLEE_WORSE: (-0.5, "fitted to nought, because its opposite, quiet callees, takes the weight"),
    Feature.LATE: (-0.25, "onsets are coarse in the development cases: 60 and 300 s"),
    Feature.CHANGE_TIMING: (
        0.6,
        "eight cases; a fresh change of a component makes it likelier than the component alone, no more",
    ),
    Feature.PRECEDENT: (
        0.7,
        "the development cases are no tenant's past; the same cause under the same symptoms doubles the odds, no more",
    ),
    Feature.REJECTED_BEFORE: (
        -0.7,
        "as for a precedent, the other way: rejected under the same symptoms halves the odds",
    ),
}
"""Weights that the development cases can't say anything about, and why."""


@attrs.frozen(kw_only=True)
class Sample:
    """One case with its candidates and their features."""

    case: Case
    found: tuple[Candidate, ...]
    choice: Choice
    kinds: frozenset[str]

    def answers(self) -> list[str]:
        """What each candidate says in the terms that the case is judged by."""
        return [answer(self.case, item) for item in self.found]


def answer(case: Case, item: Candidate) -> str:
    """The component of a candidate, or its change ("none" without one); "" where it names no component."""
    if case.judged_by == "change":
        return "none" if item.change is None else case.changes[item.change.id]
    return item.subject if item.kind is not CandidateKind.CHANGE else ""


def sample(case: Case) -> Sample:
    """Gather the evidence of one case as the engine does."""
    found = candidates(case.snapshot)
    rows = tuple({FEATURES.index(f): v for f, v in values(item.evidence).items()} for item in found)
    right = tuple(answer(case, item) == case.right for item in found)
    kinds = known_of(case.snapshot).kinds
    return Sample(case=case, found=found, choice=Choice(rows=rows, right=right), kinds=kinds)


def train(samples: Sequence[Sample], start: Sequence[float] | None = None) -> list[float]:
    """Fit the weights on these samples; hand-set ones stay."""
    fixed = {feature: weight for feature, (weight, _) in HAND_SET.items()}
    return fit([item.choice for item in samples], l2=L2, fixed=fixed, start=start)


def leave_out(samples: Sequence[Sample], group: Callable[[Case], str], start: Sequence[float]) -> list[list[float]]:
    """For each sample the weights fitted without its group. Groups never span two sets."""
    fitted: dict[str, list[float]] = {}
    for item in samples:
        name = group(item.case)
        if name not in fitted:
            fitted[name] = train([other for other in samples if group(other.case) != name], start)
    return [fitted[group(item.case)] for item in samples]


def root_cause(case: Case) -> str:
    """Repeats of one fault resemble each other: a (component, alarm metric) pair in petshop, a component elsewhere."""
    return f"{case.set}/{case.group}"


def service(case: Case) -> str:
    """All faults of one service of one system."""
    return f"{case.set}/{case.service}"


def ranks(samples: Sequence[Sample], weights: Sequence[Sequence[float]]) -> list[int | None]:
    """Rank of the first right answer of each sample; answers that several candidates share are added up."""
    found: list[int | None] = []
    for item, used in zip(samples, weights, strict=True):
        chances = softmax([score(row, used) for row in item.choice.rows])
        totals: dict[str, float] = {}
        for said, chance in zip(item.answers(), chances, strict=True):
            if said:
                totals[said] = totals.get(said, 0.0) + chance
        order = sorted(totals, key=lambda said: (-totals[said], said))
        found.append(order.index(item.case.right) + 1 if item.case.right in totals else None)
    return found


def report(samples: Sequence[Sample], found: Sequence[int | None]) -> dict[str, Any]:
    """Top-1 with its Wilson 95 % interval, top-3 and mean reciprocal rank, per set."""
    rows = {}
    for name in SETS:
        mine = [rank for item, rank in zip(samples, found, strict=True) if item.case.set == name]
        hits = [sum(rank is not None and rank <= most for rank in mine) for most in (1, 3)]
        rows[name] = {
            "cases": len(mine),
            "top1": round(hits[0] / len(mine), 3),
            "top1_interval": [round(bound, 3) for bound in wilson(hits[0], len(mine), Z_95)],
            "top3": round(hits[1] / len(mine), 3),
            "mrr": round(math.fsum(1 / rank for rank in mine if rank) / len(mine), 3),
        }
    return rows


def calibrated(samples: Sequence[Sample], weights: Sequence[Sequence[float]]) -> Calibration:
    """What these samples show about scores, each scored with weights that never saw its root cause.

    Kept are margin and rightness of the three best candidates of each case, by the kinds of evidence that it had, and
    a slope for each set of kinds: the posterior mode under a log-normal prior around 1, as for a tenant of its own.
    """
    cases: list[CalibrationCase] = []
    scored: dict[frozenset[str], list[tuple[list[float], Sample]]] = {}
    for item, used in zip(samples, weights, strict=True):
        scores = [score(row, used) for row in item.choice.rows]
        scored.setdefault(item.kinds, []).append((scores, item))
        rows = sorted(zip(scores, margins(scores), item.choice.right, strict=True), key=lambda row: (-row[0], row[2]))
        cases += [
            CalibrationCase(margin=round(margin, 4), right=right, kinds=item.kinds)
            for _, margin, right in rows[:KEPT_PER_CASE]
        ]
    cases.sort(key=lambda case: (sorted(case.kinds), case.margin, case.right))
    return Calibration(cases=tuple(cases), slopes={kinds: _slope(rows) for kinds, rows in scored.items()})


def _slope(scored: Sequence[tuple[list[float], Sample]]) -> float:
    def posterior(slope: float) -> float:
        total = -0.5 * (math.log(slope) / PRIOR_SPREAD) ** 2
        for scores, item in scored:
            chances = softmax([slope * value for value in scores])
            right = math.fsum(chance for chance, ok in zip(chances, item.choice.right, strict=True) if ok)
            total += math.log(max(right, 1e-12)) if any(item.choice.right) else 0.0
        return total

    return round(max(SLOPES, key=lambda slope: (posterior(slope), -abs(math.log(slope)))), 3)


def shipped(found: Calibration) -> str:
    """The calibration as the text that ships, a line for each labelled case."""
    about = (
        "for each set of kinds of evidence: what scores are multiplied by, and [margin over the best rival, right] of the "
        "best three candidates per case, root cause left out"
    )
    blocks = []
    for kinds in sorted(found.slopes, key=sorted):
        rows = [json.dumps([case.margin, case.right]) for case in found.cases if case.kinds == kinds]
        head = f'  {{"kinds": {json.dumps(sorted(kinds))}, "slope": {found.slopes[kinds]}, "cases": ['
        blocks.append(head + "\n   " + ",\n   ".join(rows) + "\n  ]}")
    return f'{{\n "about": {json.dumps(about)},\n "by_kinds": [\n' + ",\n".join(blocks) + "\n ]\n}\n"


def main() -> None:
    """Fit, print, and with --write replace the shipped files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled sets")
    parser.add_argument("--write", action="store_true", help="replace weights.json and calibration.json")
    arguments = parser.parse_args()
    samples = [sample(case) for name in SETS for case in load(arguments.data, name)]
    weights = train(samples)
    without_cause = leave_out(samples, root_cause, weights)
    scores = {
        "plain": report(samples, ranks(samples, [weights] * len(samples))),
        "leave_one_root_cause_out": report(samples, ranks(samples, without_cause)),
        "leave_one_service_out": report(samples, ranks(samples, leave_out(samples, service, weights))),
    }
    features = {
        feature.value: round(weight, 4)
        for feature, weight in zip(FEATURES, weights, strict=True)
        if feature not in ADVISED
    }
    record = {
        "method": f"conditional logit, signed weights, l2 {L2}, Newton; no randomness, so no seed",
        "data": {
            name: {"cases": scores["plain"][name]["cases"], "sha256": fingerprint(arguments.data, name)}
            for name in SETS
        },
        "hand_set": {feature.value: why for feature, (_, why) in HAND_SET.items()},
        "scores": scores,
    }
    print(json.dumps({"features": features, "scores": scores}, indent=1))
    if arguments.write:
        document = {"version": "2026-11", "features": features, "record": record}
        (TARGET / "weights.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        (TARGET / "calibration.json").write_text(shipped(calibrated(samples, without_cause)), encoding="utf-8")


if __name__ == "__main__":
    main()
