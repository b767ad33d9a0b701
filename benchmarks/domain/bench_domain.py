"""What the pure domain costs for one signal of a storm, how correlation grows with the open incidents, and how fast a command starts.

    python -m benchmarks.domain.bench_domain [--rounds 5] [--signals 400] [--out FILE]

Every signal is new, in every round and for every step: it gets a fingerprint, opens an episode in a series of its own, and
is correlated. 20 services alert in 16 ways in 3 clusters, each an environment; the graph knows 30 services; open incidents
have 1 to 500 members. The harder storm has one environment, so that several open incidents of the newcomer's own service
could all be it and are scored.

Processor time of one thread, the median over the signals of a round; min, median and max are over the rounds. Starting is
wall time of new processes by turns with `python -c pass`, with their processor time beside it, because others may have the
processor. Decisions are compared with scoring all incidents by all members.

Not measured: parsing, the database, what it costs to store a decision, series with many signals, titles that nobody shares,
several threads, and how much memory the index takes.
"""

import argparse
import itertools
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.domain.storm import CLUSTERS, NOW, ONE_ENVIRONMENT, Estate, changes, incidents, signals
from sre_copilot.domain.correlation import THRESHOLD, Candidate, correlate
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.observations import Observation
from sre_copilot.domain.open_incidents import OpenIncidents
from sre_copilot.domain.series import SeriesHistory
from sre_copilot.domain.signals import SignalDraft
from sre_copilot.domain.snapshots import ObservedChange
from sre_copilot.domain.subjects import signalled

INTEGRATION = UUID(int=1)
WINDOW = timedelta(hours=12)
SIGNAL_BUDGET = 60.0
"""Microseconds for one signal beside 100 open incidents."""
START_BUDGETS = {"sre-copilot --help": 0.25, "import sre_copilot": 0.15}
"""Seconds."""
SIZES = (10, 30, 100, 300, 1000)
CHECKED = 5
"""How many decisions of each storm are compared with the linear ones."""


@attrs.frozen(kw_only=True)
class Spread:
    """Over the rounds."""

    min: float
    median: float
    max: float

    @classmethod
    def of(cls, taken: Sequence[float], digits: int = 1) -> "Spread":
        """Of at least one figure."""
        return cls(
            min=round(min(taken), digits),
            median=round(statistics.median(taken), digits),
            max=round(max(taken), digits),
        )

    def __str__(self) -> str:
        return f"{self.median} ({self.min} to {self.max})"


@attrs.frozen(kw_only=True)
class Storm:
    """A storm beside a number of open incidents."""

    estate: Estate
    open: Sequence[Candidate]
    count: int
    changes: Sequence[ObservedChange]
    index: OpenIncidents
    seeds: Iterator[int] = attrs.field(factory=lambda: itertools.count(7))

    @classmethod
    def of(cls, estate: Estate, size: int, count: int) -> "Storm":
        """The index is filled as the members would have joined."""
        candidates = incidents(estate, size, seed=size, members=500 if size <= 100 else 100)
        index = OpenIncidents()
        for one in candidates:
            index.see(
                one.incident_id,
                opened_at=one.opened_at,
                detected_at=one.detected_at,
                last_signal_at=one.last_signal_at,
                has_open_episode=one.has_open_episode,
            )
            for member in one.members:
                index.join(one.incident_id, member)
        return cls(estate=estate, open=candidates, count=count, changes=changes(estate, 20, seed=3), index=index)

    def drafts(self) -> Sequence[SignalDraft]:
        """Signals that nobody has seen before: what is kept of those seen must not flatter."""
        return signals(self.estate, self.count, seed=next(self.seeds))

    def correlate(self, draft: SignalDraft) -> int:
        """Correlate one, and say how many candidates were scored."""
        subject = signalled(draft, draft.occurred_at or NOW)
        return len(self.index.decide(subject, graph=self.estate.graph, changes=self.changes, now=NOW).scores)

    def linear(self, draft: SignalDraft) -> None:
        """Score all by all members, and end the run where the index decides otherwise."""
        subject = signalled(draft, draft.occurred_at or NOW)
        wanted = correlate(subject, self.open, graph=self.estate.graph, changes=self.changes, now=NOW)
        found = self.index.decide(subject, graph=self.estate.graph, changes=self.changes, now=NOW)
        over = [item for item in wanted.scores if item.score >= THRESHOLD]
        if (found.outcome, found.incident_id, [*found.scores[: len(over)]]) != (
            wanted.outcome,
            wanted.incident_id,
            over,
        ):
            raise SystemExit(f"The index decides otherwise for {draft.title!r}.")


def recorded(draft: SignalDraft) -> None:
    """Give it a series and an episode."""
    name = fingerprint(INTEGRATION, draft)
    observed = Observation(
        signal_id=INTEGRATION,
        episode_id=INTEGRATION,
        status=draft.status,
        occurred_at=draft.occurred_at or NOW,
        received_at=NOW,
        severity=draft.severity,
        episode_started_at=draft.episode_started_at,
    )
    SeriesHistory(fingerprint=name).record([observed], window=WINDOW, now=NOW)


def median_of(work: Callable[[SignalDraft], object], drafts: Sequence[SignalDraft]) -> float:
    """Return the median time that one takes, in microseconds."""
    taken = []
    for draft in drafts:
        start = time.thread_time_ns()
        work(draft)
        taken.append((time.thread_time_ns() - start) / 1000)
    return statistics.median(taken)


def steps(storm: Storm, rounds: int) -> dict[str, Spread]:
    """What each step and all of them cost per signal."""

    def all_of_it(draft: SignalDraft) -> None:
        recorded(draft)
        storm.correlate(draft)

    works: dict[str, Callable[[SignalDraft], object]] = {
        "fingerprint": lambda draft: fingerprint(INTEGRATION, draft),
        "content hash (only with a vendor id)": lambda draft: draft.content_hash,
        "fingerprint and episode": recorded,
        "correlation": storm.correlate,
        "all": all_of_it,
    }
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(median_of(work, storm.drafts()))
    return {name: Spread.of(figures) for name, figures in taken.items()}


def growth(rounds: int, count: int) -> list[dict[str, Any]]:
    """What correlation costs beside more and more open incidents."""
    rows = []
    cases = [
        ("services grow with the incidents", size, Estate.of(max(10, size * 3 // 10), max(6, size // 5)))
        for size in SIZES
    ]
    cases += [("20 services", size, Estate.of(30, 20)) for size in SIZES]
    cases += [("20 services in one environment", size, Estate.of(30, 20, ONE_ENVIRONMENT)) for size in SIZES]
    for name, size, estate in track(cases, description="growth"):
        storm = Storm.of(estate, size, count)
        scored = [storm.correlate(draft) for draft in storm.drafts()]
        linear = median_of(storm.linear, storm.drafts()[:CHECKED])
        taken = [median_of(storm.correlate, storm.drafts()) for _ in range(rounds)]
        rows.append(
            {
                "storm": name,
                "incidents": size,
                "members": sum(len(one.members) for one in storm.open),
                "scored_mean": round(statistics.mean(scored), 1),
                "microseconds": attrs.asdict(Spread.of(taken)),
                "linear_microseconds": round(linear),
            }
        )
    return rows


def starts(rounds: int) -> tuple[dict[str, Spread], dict[str, Spread]]:
    """How long new processes take, and how much of the processor, in seconds, all of them by turns."""
    program = Path(sys.executable).with_name("sre-copilot")
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import sre_copilot": [sys.executable, "-c", "import sre_copilot"],
        "sre-copilot --help": [str(program), "--help"],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    used: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds * 3):
        for name, command in commands.items():
            before, start = _used(), time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            taken[name].append(time.perf_counter() - start)
            used[name].append(_used() - before)
    by_wall, by_processor = ({name: Spread.of(figures, 3) for name, figures in rows.items()} for rows in (taken, used))
    return by_wall, by_processor


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def show(told: dict[str, Any], seen: dict[str, Spread], started: dict[str, Spread], used: dict[str, Spread]) -> None:
    """Print the tables."""
    console = Console()
    table = Table("one signal beside 100 open incidents", "microseconds (min to max)", "budget")
    for name, spread in seen.items():
        budget = SIGNAL_BUDGET if name == "all" else None
        table.add_row(name, str(spread), str(budget or ""), style="red" if budget and spread.median > budget else None)
    console.print(table)
    table = Table("storm", "open incidents", "members", "scored", "microseconds (min to max)", "scoring all by all")
    for row in told["growth"]:
        figures = (row["incidents"], row["members"], row["scored_mean"], Spread(**row["microseconds"]))
        table.add_row(row["storm"], *map(str, figures), str(row["linear_microseconds"]))
    console.print(table)
    table = Table("start", "seconds (min to max)", "of the processor", "budget")
    for name, spread in started.items():
        limit = START_BUDGETS.get(name)
        table.add_row(
            name,
            str(spread),
            str(used[name]),
            str(limit or ""),
            style="red" if limit and spread.median > limit else None,
        )
    console.print(table)


def main() -> None:
    """Run the rounds, print tables and write JSON. Ends with 1 where a budget is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--signals", type=int, default=400, help="how many of each storm are timed")
    parser.add_argument("--out", type=Path, default=Path("build/bench-domain.json"))
    given = parser.parse_args()
    seen = steps(Storm.of(Estate.of(30, 20, CLUSTERS), 100, given.signals), given.rounds)
    started, used = starts(given.rounds)
    rows = growth(given.rounds, given.signals)
    budgets = {"one signal": seen["all"].median <= SIGNAL_BUDGET}
    budgets |= {name: started[name].median <= limit for name, limit in START_BUDGETS.items()}
    ours = [row["microseconds"]["median"] for row in rows if row["storm"] == rows[0]["storm"]]
    budgets["sub-linear from 10 to 1,000"] = ours[-1] / ours[0] < SIZES[-1] / SIZES[0] / 4
    told = {
        "rounds": given.rounds,
        "signals": given.signals,
        "microseconds": {name: attrs.asdict(spread) for name, spread in seen.items()},
        "growth": rows,
        "start_seconds": {name: attrs.asdict(spread) for name, spread in started.items()},
        "start_processor_seconds": {name: attrs.asdict(spread) for name, spread in used.items()},
        "budgets": {"one signal": SIGNAL_BUDGET, **START_BUDGETS},
        "passed": budgets,
        "not_measured": __doc__.rpartition("Not measured: ")[2].strip() if __doc__ else "",
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(told, indent=1) + "\n")
    show(told, seen, started, used)
    if exceeded := [name for name, passed in budgets.items() if not passed]:
        raise SystemExit(f"Over the budget: {', '.join(exceeded)}.")


if __name__ == "__main__":
    main()
