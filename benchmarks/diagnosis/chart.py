"""How far confidences can be relied on: a reliability chart, and the calibration error that chance alone would make.

    python -m benchmarks.diagnosis.chart --cases FOLDER --predictions FILE --out chart.svg

Prints per set the expected calibration error of the first answers in five bins of equal count, beside the interval in
which 95 % of perfectly calibrated forecasters with the same primaries would lie (2,000 of them, seed 0). Reads the truth.
"""

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path

BINS = 5
FORECASTERS = 2_000
SIDE, EDGE = 320, 40
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#8c564b")

Said = Sequence[tuple[float, bool]]


def bins(said: Said) -> list[tuple[float, float, int]]:
    """(mean primary, share that was right, count) of five bins of equal count, by primary."""
    ordered = sorted(said)
    found, first = [], 0
    for place in range(BINS):
        # As the scorer has them: where the count does not divide, the first bins are one longer.
        after = first + len(ordered) // BINS + (place < len(ordered) % BINS)
        part, first = ordered[first:after], after
        if part:
            right = sum(ok for _, ok in part) / len(part)
            found.append((sum(primary for primary, _ in part) / len(part), right, len(part)))
    return found


def error(said: Said) -> float:
    """Expected calibration error: the mean distance of the bins from the diagonal, by count."""
    return sum(count * abs(mean - right) for mean, right, count in bins(said)) / len(said)


def by_chance(said: Said) -> tuple[float, float]:
    """The middle 95 % of the errors of forecasters who are right exactly as often as these primaries say."""
    rng = random.Random(0)
    errors = sorted(error([(primary, rng.random() < primary) for primary, _ in said]) for _ in range(FORECASTERS))
    return errors[round(0.025 * (FORECASTERS - 1))], errors[round(0.975 * (FORECASTERS - 1))]


def first_answers(cases: Path, predictions: Path) -> dict[str, list[tuple[float, bool]]]:
    """set -> (primary, right) of the first answer to each of its cases."""
    rows = {row["id"]: row for row in map(json.loads, predictions.read_text(encoding="utf-8").splitlines())}
    found: dict[str, list[tuple[float, bool]]] = {}
    for file in sorted(cases.glob("*/truth.jsonl")):
        for truth in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
            counts = "change" if truth.get("change") else "component"
            answers = [row for row in rows.get(truth["id"], {}).get("ranked", ()) if row.get(counts)]
            if answers:
                first = answers[0]
                found.setdefault(file.parent.name, []).append(
                    (first["confidence"]["primary"], first[counts] == truth[counts])
                )
    return found


def drawn(found: dict[str, list[tuple[float, bool]]]) -> str:
    """The chart: what was said across, what came true up, the size of a point for the number of cases."""

    def spot(x: float, y: float) -> tuple[float, float]:
        return EDGE + x * SIDE, EDGE + (1.0 - y) * SIDE

    size = SIDE + 2 * EDGE
    corner, far = spot(0, 0), spot(1, 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size + 130} {size}" font-family="sans-serif" font-size="12">',
        f'<rect width="{size + 130}" height="{size}" fill="#fff"/>',
        f'<rect x="{EDGE}" y="{EDGE}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"/>',
        f'<line x1="{corner[0]}" y1="{corner[1]}" x2="{far[0]}" y2="{far[1]}" stroke="#999" stroke-dasharray="4"/>',
        f'<text x="{EDGE + SIDE / 2}" y="{size - 8}" text-anchor="middle">said (mean primary of a bin)</text>',
        f'<text x="14" y="{size / 2}" text-anchor="middle" transform="rotate(-90 14 {size / 2})">came true</text>',
    ]
    for colour, (name, said) in zip(COLOURS, sorted(found.items()), strict=False):
        line = [spot(mean, right) for mean, right, _ in bins(said)]
        parts.append(
            f'<polyline fill="none" stroke="{colour}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in line)}"/>'
        )
        for (x, y), (_, _, count) in zip(line, bins(said), strict=True):
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + count**0.5:.1f}" fill="{colour}"/>')
        row = EDGE + 18 * (1 + sorted(found).index(name))
        parts.append(f'<text x="{size - 20}" y="{row}" fill="{colour}">{name} ({len(said)})</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    """Print the errors and draw the chart."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, required=True, help="folder of the sets, with their truth")
    parser.add_argument("--predictions", type=Path, required=True, help="what was answered")
    parser.add_argument("--out", type=Path, required=True, help="chart to write")
    given = parser.parse_args()
    found = first_answers(given.cases, given.predictions)
    for name, said in sorted(found.items()):
        low, high = by_chance(said)
        brier = sum((primary - ok) ** 2 for primary, ok in said) / len(said)
        print(
            f"{name}: {len(said)} cases, Brier {brier:.3f}, error {error(said):.3f}, by chance {low:.3f} to {high:.3f}"
        )
    given.out.write_text(drawn(found), encoding="utf-8")


if __name__ == "__main__":
    main()
