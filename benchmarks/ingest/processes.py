"""Processor time and memory of processes and all that they started."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import attrs

TICKS = os.sysconf("SC_CLK_TCK")


@attrs.frozen(kw_only=True)
class Memory:
    """Of one process, in megabytes; what processes share is part of each one's `rss` and split among them in `pss`."""

    rss: float
    pss: float


def tree(roots: Iterable[int]) -> list[int]:
    """The processes, and those that they started."""
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        with suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += map(int, (task / "children").read_text("ascii").split())
    return found


def used_seconds(roots: Iterable[int]) -> float:
    """Processor time that the trees have used. What ended and was waited for counts as its parent's."""
    ticks = 0
    for pid in tree(roots):
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS


def memory(roots: Iterable[int]) -> dict[int, Memory]:
    """The memory of each process of the trees."""
    found: dict[int, Memory] = {}
    for pid in tree(roots):
        with suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()[1:]
            kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
            found[pid] = Memory(rss=kilobytes["Rss"] / 1024, pss=kilobytes["Pss"] / 1024)
    return found
