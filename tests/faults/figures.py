"""What was measured: kept with the test's result, and in one JSON file for whoever wants to compare."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

FILE = Path("build/faults.json")

Record = Callable[[str, object], None]
"""pytest's `record_property`."""


def keep(record: Record, name: str, figures: dict[str, Any], file: Path = FILE) -> None:
    """Record the figures of a test, and put them into the file beside those of others."""
    for key, value in figures.items():
        record(key, value)
    file.parent.mkdir(exist_ok=True)
    with FileLock(f"{file}.lock"):
        known = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps({**known, name: figures}, indent=2) + "\n")
