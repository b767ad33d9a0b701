"""How much of what is planted is found, how many ordinary lines are altered, and how time grows with hostile input.

    python -m benchmarks.redaction.bench_redaction [--seed 7] [--count 40] [--characters 250000] [--out FILE]

Plants and ordinary lines are those of `sre_copilot.testing.redaction`. A plant counts as found when neither it nor any 12
characters in a row of it are left, as written or decoded. Time is processor time of one run; "grows" is the time for twice
the characters over the time for once, so that 2 is linear.

Not measured: secrets of kinds that nobody planted, names in running text, and pictures.
"""

import argparse
import json
import time
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sre_copilot.domain.redaction.documents import redact
from sre_copilot.testing.redaction.encodings import ALL
from sre_copilot.testing.redaction.planted import of_kind

KEY = b"a key of the benchmark alone"
HOSTILE = {
    "letters": "aB9",
    "mail without an end": "a@",
    "names without a value": "a.",
    "passwords": "password=a ",
    "backslashes": "\\",
    "percent signs": "%25",
    "heads of tokens": "eyJ",
    "URLs without an end": "://a:b",
    "digits with gaps": "4 ",
    "lists in lists": '{"token":[',
    "invisible letters": "\u200b",
    "commands": "curl -u ",
    "encoded secrets": "cGFzc3dvcmQ9aHVudGVyMg== ",
}


def recall(seed: int, count: int) -> dict[str, tuple[int, int]]:
    """How many of how many were found, by kind."""
    left: Counter[str] = Counter()
    for kind, planted in of_kind(ALL, seed, count):
        left[kind] += planted.is_left_in(redact(planted.text, key=KEY).document)
    return {kind: (count - left[kind], count) for kind in ALL}


def altered() -> tuple[list[str], int]:
    """The ordinary lines that are altered, and how many there are."""
    lines = files("sre_copilot.testing.redaction").joinpath("ordinary.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if redact(line, key=KEY).document != line], len(lines)


def seconds(text: str) -> float:
    """Processor time of one redaction."""
    start = time.process_time()
    redact(text, key=KEY)
    return time.process_time() - start


def growth(characters: int) -> dict[str, tuple[float, float]]:
    """Seconds for twice so many characters, and their ratio to the seconds for once."""
    found = {}
    for name, part in HOSTILE.items():
        once, twice = (seconds((part * (size // len(part) + 1))[:size]) for size in (characters, 2 * characters))
        found[name] = (round(twice, 2), round(twice / max(once, 1e-6), 1))
    return found


def main() -> None:
    """Print the tables, and write them as JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--characters", type=int, default=250_000)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    found, (lines, total), times = recall(arguments.seed, arguments.count), altered(), growth(arguments.characters)
    console = Console()
    table = Table("kind", "found", "planted", title="Recall")
    for kind, (hits, count) in found.items():
        table.add_row(kind, str(hits), str(count))
    console.print(table)
    console.print(
        f"{len(found)} kinds, {sum(hits for hits, _ in found.values())} of {arguments.count * len(found)} found"
    )
    console.print(f"{len(lines)} of {total} ordinary lines altered", *lines, sep="\n", markup=False)
    table = Table("hostile input", f"seconds for {2 * arguments.characters:,}", "grows", title="Time")
    for name, (taken, ratio) in times.items():
        table.add_row(name, str(taken), str(ratio))
    console.print(table)
    if arguments.out:
        document: dict[str, Any] = {
            "seed": arguments.seed,
            "recall": found,
            "altered": lines,
            "ordinary": total,
            "times": times,
        }
        arguments.out.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
