"""Diagnose the labelled cases with all that can go wrong with evidence, and print how much worse that is.

    python -m benchmarks.diagnosis.stress_table --data FOLDER [--out TABLE.json]

Every case is ranked by weights and calibration that never saw its root cause. Where chance decides what is lost, five
seeds are averaged. A cell is top-1, and the mean width of the first answer's interval.
"""

import argparse
import json
import random
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import fmean

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.diagnosis.cases import SETS, Case
from benchmarks.diagnosis.run import answered, left_out
from benchmarks.diagnosis.stress import BY_CHANCE, STRESS, Document

SEEDS = 5


def figures(rows: Iterable[tuple[Case, Document]]) -> dict[str, tuple[float, float, float]]:
    """Set -> top-1, Brier score of the first answer, mean width of its interval."""
    found: dict[str, list[tuple[bool, float, float]]] = {name: [] for name in SETS}
    for case, row in rows:
        first = row["ranked"][0] if row["ranked"] else None
        sure = first["confidence"] if first else {"lower": 0.0, "primary": 0.0, "upper": 1.0}
        right = first is not None and first[case.judged_by] == case.right
        found[case.set].append((right, (sure["primary"] - right) ** 2, sure["upper"] - sure["lower"]))
    return {name: (_mean(mine, 0), _mean(mine, 1), _mean(mine, 2)) for name, mine in found.items() if mine}


def _mean(rows: list[tuple[bool, float, float]], place: int) -> float:
    return round(fmean(float(row[place]) for row in rows), 3)


def main() -> None:
    """Print a row for each way, and write all figures where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled sets")
    parser.add_argument("--out", type=Path, help="file for all figures as JSON")
    given = parser.parse_args()
    trained = left_out(given.data)
    table = Table("evidence", *SETS, title="top-1, mean width of the first interval")
    found: dict[str, dict[str, tuple[float, ...]]] = {}
    edits: dict[str, list[Callable[[Document], None] | None]] = {"as it is": [None]}
    for name, alter in STRESS.items():
        seeds = range(SEEDS if name in BY_CHANCE else 1)
        edits[name] = [partial(alter, rng=random.Random(seed)) for seed in seeds]
    for name, ways in track(edits.items(), "Diagnosing", console=Console(stderr=True)):
        runs = [figures(answered(given.data, trained, edit=edit)) for edit in ways]
        found[name] = {one: tuple(round(fmean(run[one][i] for run in runs), 3) for i in range(3)) for one in SETS}
        table.add_row(name, *(f"{found[name][one][0]:.2f}  {found[name][one][2]:.2f}" for one in SETS))
    Console().print(table)
    if given.out:
        given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
