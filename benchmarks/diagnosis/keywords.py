"""Show in how many labelled cases each word of the engine's lists occurs, and fail for words that one case alone has.

    python -m benchmarks.diagnosis.keywords --data FOLDER

A word that only one case has would be that case learnt by heart. A word that none has is general knowledge.
"""

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from sre_copilot.domain.diagnosis.words import LISTS, words


def texts(value: Any) -> Iterator[str]:
    """Every text in a document, names and values alike."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in ("calls", "components"):
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def main() -> int:
    """Print a row for each word; return 1 where one occurs in exactly one case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled sets")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    files = sorted(given.data.glob("*/cases/*.json.gz"))
    for path in track(files, "Reading", console=Console(stderr=True)):
        counts.update(words(*texts(json.loads(gzip.decompress(path.read_bytes())))))
    table = Table("list", "word (cases)", title=f"Words of the engine in {len(files)} labelled cases")
    for name, listed in LISTS.items():
        told = (
            f"[red]{word} ({counts[word]})[/red]" if counts[word] == 1 else f"{word} ({counts[word]})"
            for word in sorted(listed)
        )
        table.add_row(name, ", ".join(told))
    Console().print(table)
    lonely = sorted({word for listed in LISTS.values() for word in listed if counts[word] == 1})
    print(f"Words that one case alone has: {', '.join(lonely) or 'none'}.")
    return 1 if lonely else 0


if __name__ == "__main__":
    sys.exit(main())
