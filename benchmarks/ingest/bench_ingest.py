"""How many alerts a second are taken in, durably, beside what a team writes by hand and beside Alertmanager.

    python -m benchmarks.ingest.bench_ingest [--only repeats-10 ...] [--systems ours ...] [--quick]

The systems take turns in one run, so that ratios hold whatever the machine is and whatever else it does. Each turn begins
with an empty database; after each turn of ours an oracle compares the database with what was acknowledged.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TimeElapsedColumn

from benchmarks.ingest.databases import Databases
from benchmarks.ingest.machine import facts
from benchmarks.ingest.report import budgets, ratios, show_turns, void
from benchmarks.ingest.scenarios import (
    KINDS,
    SCENARIOS,
    SIZES,
    Prepared,
    Scenario,
    Turn,
    chosen,
    closed_turn,
    open_turn,
)
from benchmarks.ingest.systems import Alertmanager, Baseline, Ours, System

SYSTEMS = ("ours", "baseline", "alertmanager")
SPACE = Path(tempfile.gettempdir())


@attrs.frozen(kw_only=True)
class Bench:
    """What is run, and for how long."""

    databases: Databases
    systems: Sequence[System]
    seconds: float
    repetitions: int
    begin: datetime
    closed_only: bool

    def turns(self, scenario: Scenario, progress: Progress) -> list[Turn]:
        """All turns of a scenario, the systems one after the other, again and again."""
        taking_part = [(one, words) for one in self.systems if (words := one.words(scenario.words)) is not None]
        task = progress.add_task(f"{scenario.name}: preparing", total=len(taking_part) * self.repetitions)
        prepared = {one.name: Prepared.make(scenario, words, self.begin, self.seconds) for one, words in taking_part}
        done: list[Turn] = []
        for repetition in range(1, self.repetitions + 1):
            for system, _ in taking_part:
                progress.update(task, description=f"{scenario.name}: {system.name}")
                turn = closed_turn(system, self.databases, prepared[system.name], repetition, self.seconds)
                done.append(turn)
                if system.name == "ours" and scenario.name == "repeats-10" and not self.closed_only:
                    half = turn.alerts_per_second / 2
                    done.append(
                        open_turn(system, self.databases, prepared[system.name], repetition, self.seconds, half)
                    )
                progress.advance(task)
        progress.update(task, description=scenario.name)
        return done


def arguments() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = f"{', '.join(KINDS)}, or one of them with a size ({', '.join(map(str, SIZES))}), for example repeats-10"
    parser.add_argument("--only", nargs="+", default=(), metavar="SCENARIO", help=names)
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument("--repetitions", type=int, default=None, help="how often each system has its turn (5)")
    parser.add_argument("--seconds", type=float, default=None, help="how long a turn lasts (6)")
    parser.add_argument("--quick", action="store_true", help="2 repetitions of 3 seconds, webhooks of 10 only")
    parser.add_argument("--closed-only", action="store_true", help="without the turns at fixed arrival times")
    parser.add_argument("--out", type=Path, default=Path("build/bench-ingest.json"))
    given = parser.parse_args()
    given.repetitions = given.repetitions or (2 if given.quick else 5)
    given.seconds = given.seconds or (3.0 if given.quick else 6.0)
    if given.quick and not given.only:
        given.only = tuple(one.name for one in SCENARIOS if one.size == 10)
    try:
        given.scenarios = chosen(given.only)
    except ValueError as error:
        parser.error(str(error))
    return given


def main() -> None:
    """Run the turns, print tables and write JSON. Ends with 1 where a budget is exceeded."""
    given = arguments()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="bench-ingest-", dir=SPACE) as name:
        folder = Path(name)
        # Where this runs as root the database runs as nobody, who has to reach its data.
        folder.chmod(0o755)
        databases = Databases(folder=folder / "data")
        try:
            databases.prepare()
            alertmanager = Alertmanager(folder=folder)
            known: Sequence[System] = (
                Ours(databases=databases, folder=folder),
                Baseline(databases=databases, folder=folder),
                *([alertmanager] if alertmanager.is_installed else []),
            )
            systems = [one for one in known if one.name in given.systems]
            bench = Bench(
                databases=databases,
                systems=systems,
                seconds=given.seconds,
                repetitions=given.repetitions,
                begin=datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10),
                closed_only=given.closed_only,
            )
            told: dict[str, Any] = {"machine": facts(databases, alertmanager), "arguments": said(given), "turns": []}
            turns: list[Turn] = []
            columns = (SpinnerColumn(), *Progress.get_default_columns(), TimeElapsedColumn())
            with Progress(*columns, console=console, transient=True) as progress:
                for scenario in given.scenarios:
                    done = bench.turns(scenario, progress)
                    show_turns(progress.console, scenario, done)
                    turns += done
                    write(given.out, told, turns)
        finally:
            databases.stop()
    over = budgets(console, turns)
    console.print(f"Written to {given.out}.")
    if over:
        raise SystemExit(f"Over the budget: {', '.join(over)}.")


def said(given: argparse.Namespace) -> dict[str, Any]:
    """The arguments as JSON."""
    return {
        "scenarios": [one.name for one in given.scenarios],
        "systems": list(given.systems),
        "repetitions": given.repetitions,
        "seconds": given.seconds,
    }


def write(out: Path, told: dict[str, Any], turns: Sequence[Turn]) -> None:
    """Write what is known so far, so that a run that is broken off is not lost."""
    told["turns"] = [attrs.asdict(turn) for turn in turns]
    told["ratios"] = ratios(turns)
    told["void"] = void(turns)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
