"""How much memory processes have at most."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.victims import Victims

LOOK = 0.5
"""Seconds between two looks."""


@contextmanager
def weighing(victims: Victims) -> Iterator[dict[str, int]]:
    """Look again and again until the block ends; the most that each process had, in bytes, is in the end what is given."""
    most: dict[str, int] = {}
    enough = threading.Event()

    def look() -> None:
        for pid, kind in victims.all().items():
            most[f"{kind} {pid}"] = max(most.get(f"{kind} {pid}", 0), own_memory(pid))

    def watch() -> None:
        while not enough.wait(LOOK):
            look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        enough.set()
        thread.join()
        look()


def own_memory(pid: int) -> int:
    """Bytes that a process is accountable for: its own, and its share of what it shares (PSS); 0 of one that is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
