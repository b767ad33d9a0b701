"""How many alerts a second are taken in, durably, beside what a team writes by hand and beside Alertmanager.

    python -m benchmarks.ingest.bench_ingest [--only repeats-10 library ...] [--systems ours ...] [--quick] [--full]

The systems take turns in one run, so that ratios hold whatever the machine is and whatever else it does. Each turn begins
with an empty database; after each turn of ours an oracle compares the database with what was acknowledged, row for row.
docs/reference/performance.md says what is measured and what the budgets are. Ends with 1 where a budget is missed, and
with 2 where the run is void.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from benchmarks.ingest.databases import Databases
from benchmarks.ingest.machine import facts
from benchmarks.ingest.report import void
from benchmarks.ingest.running import Run
from benchmarks.ingest.scenarios import KINDS, SCENARIOS, SIZES, chosen
from benchmarks.ingest.systems import Alertmanager, Baseline, Ours, System

SYSTEMS = ("ours", "baseline", "alertmanager")
LIBRARY = "library"
FULL_STORED = 5_000_000
FULL_MEMORY = 1_000_000


def arguments() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = f"{', '.join(KINDS)}, one of them with a size ({', '.join(map(str, SIZES))}) as in repeats-10, or {LIBRARY}"
    parser.add_argument("--only", nargs="+", default=(), metavar="SCENARIO", help=f"of {names}")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument("--repetitions", type=int, help="how often each system has its turn (5; quick: 2)")
    parser.add_argument("--seconds", type=float, help="how long a turn lasts (6; quick: 3)")
    parser.add_argument("--closed-only", action="store_true", help="without the turns at fixed arrival times")
    parser.add_argument(
        "--quick", action="store_true", help="few and short turns, webhooks of 10 only: for development"
    )
    parser.add_argument("--full", action="store_true", help=f"with --stored {FULL_STORED} and --memory {FULL_MEMORY}")
    parser.add_argument("--stored", type=int, help="also with so many signals stored before")
    parser.add_argument("--steady", type=float, default=60.0, help="seconds of the steady state with --stored")
    parser.add_argument("--memory", type=int, help="also watch the server's memory over so many signals")
    parser.add_argument("--out", type=Path, default=Path("build/bench-ingest.json"))
    given = parser.parse_args()
    given.repetitions = given.repetitions or (2 if given.quick else 5)
    given.seconds = given.seconds or (3.0 if given.quick else 6.0)
    given.stored = given.stored or (FULL_STORED if given.full else 0)
    given.memory = given.memory or (FULL_MEMORY if given.full else 0)
    wanted = [name for name in given.only if name != LIBRARY]
    if not given.only and given.quick:
        wanted = [one.name for one in SCENARIOS if one.size == 10]
    given.library = "ours" in given.systems and (not given.only or LIBRARY in given.only)
    try:
        given.scenarios = chosen(wanted) if wanted or not given.only else ()
    except ValueError as error:
        parser.error(str(error))
    return given


def main() -> None:
    """Run what is asked for, print tables and write JSON."""
    given = arguments()
    console = Console()
    # Whoever ends it so leaves neither servers nor a database behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="bench-ingest-") as name:
        folder = Path(name)
        # Where this runs as root the database runs as nobody, who has to reach its data.
        folder.chmod(0o755)
        databases = Databases(folder=folder / "data")
        try:
            databases.prepare(baseline="baseline" in given.systems)
            run = prepared(given, databases, folder, console)
            columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
                run.storms(given.scenarios, progress)
                if given.library:
                    run.library_turns(progress)
                run.long_turns(given.stored, given.steady, given.memory, progress)
        finally:
            databases.stop()
    missed = [budget.name for budget in run.judged() if not budget.holds]
    console.print(f"Written to {given.out}.")
    if void(run.turns):
        sys.exit(2)
    if missed:
        sys.exit(1)


def prepared(given: argparse.Namespace, databases: Databases, folder: Path, console: Console) -> Run:
    """The run with the systems that are asked for and there."""
    ours = Ours(databases=databases, folder=folder)
    alertmanager = Alertmanager(folder=folder)
    known: Sequence[System] = (
        ours,
        Baseline(databases=databases, folder=folder),
        *([alertmanager] if alertmanager.is_installed else []),
    )
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
    about: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": facts(databases, alertmanager),
        "repetitions": given.repetitions,
        "seconds": given.seconds,
    }
    return Run(
        ours=ours,
        systems=[one for one in known if one.name in given.systems],
        seconds=given.seconds,
        repetitions=given.repetitions,
        begin=begin,
        out=given.out,
        open_turns=not given.closed_only,
        console=console,
        about=about,
    )


if __name__ == "__main__":
    main()
