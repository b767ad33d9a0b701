"""Writes the results of a run into the page that shows them.

    python -m benchmarks.ingest.table build/bench-ingest.json [--into docs/reference/performance.md]

Without `--into` the tables are printed. In the page they replace what is between the two marks.
"""

import argparse
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.ingest.report import spread

BEGIN = "<!-- results: written by benchmarks/ingest/table.py -->"
END = "<!-- end of results -->"


def document(told: Mapping[str, Any]) -> str:
    """The tables of a run in Markdown."""
    return "\n".join(
        [
            *_about(told),
            *_budgets(told["budgets"]),
            *_turns(told["turns"]),
            *_library(told["library"]),
            *_growth(told.get("growth")),
            *_memory(told.get("memory")),
            "Not measured in this run:",
            "",
            *(f"* {text}" for text in told["not_measured"]),
        ]
    )


def _about(told: Mapping[str, Any]) -> Iterator[str]:
    machine = told["machine"]
    versions = ", ".join(f"{name} {machine[name]}" for name in ("Django", "granian", "psycopg"))
    turns = f"{told['repetitions']} repetitions of {told['seconds']:g} s"
    yield f"Measured on {told['at'][:10]}: {machine['cores']} cores ({machine['processor']}), {machine['memory_gb']} GB,"
    yield f"PostgreSQL {machine['postgresql']}, Python {machine['python']}, {versions}; {turns}; load average before the run"
    yield f"{machine['load_before']}."
    if not told["valid"]:
        yield f"**The run is void**: {'; '.join(told['void'])}."
    yield ""


def _budgets(budgets: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from _header("budget", "wanted", "found (min to max)", "")
    for budget in budgets:
        found = f"{budget['found']:,.4g}"
        if budget["spread"]:
            found += f" ({budget['spread']['min']:,.4g} to {budget['spread']['max']:,.4g})"
        yield _row(budget["name"], budget["wanted"], found, "holds" if budget["holds"] else "**missed**")
    yield ""


def _turns(turns: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not turns:
        return
    yield from _header(
        *("storm", "system", "alerts/s (min to max)", "failing", "p50 ms", "p99 ms"),
        *("CPU us per alert: server + database", "memory MB"),
    )
    for scenario, system, way in dict.fromkeys((turn["scenario"], turn["system"], turn["way"]) for turn in turns):
        rows = [turn for turn in turns if (turn["scenario"], turn["system"], turn["way"]) == (scenario, system, way)]
        rates = spread([row["alerts_per_second"] for row in rows])
        yield _row(
            scenario,
            system if way == "closed" else f"{system}, at half of that",
            f"{rates['median']:,.0f} ({rates['min']:,.0f} to {rates['max']:,.0f})",
            f"{_middle(rows, 'failing_share'):.1%}",
            f"{_middle(rows, 'p50_ms'):.1f}",
            f"{_middle(rows, 'p99_ms'):.1f}",
            f"{_middle(rows, 'cpu_server_us'):,.0f} + {_middle(rows, 'cpu_database_us'):,.0f}",
            f"{statistics.median(sum(row['memory_pss_mb']) for row in rows):.0f}",
        )
    yield ""


def _library(turns: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not turns:
        return
    yield from _header("library, 1,000 signals at a time", "signals/s", "COPY signals/s", "ours/COPY (min to max)")
    for kind in dict.fromkeys(turn["kind"] for turn in turns):
        rows = [turn for turn in turns if turn["kind"] == kind]
        ratio = spread([row["ratio"] for row in rows])
        rates = (f"{_middle(rows, name):,.0f}" for name in ("signals_per_second", "copy_signals_per_second"))
        yield _row(kind, *rates, f"{ratio['median']:.3f} ({ratio['min']:.3f} to {ratio['max']:.3f})")
    yield ""


def _growth(growth: Mapping[str, Any] | None) -> Iterator[str]:
    if growth is None:
        return
    yield from _header("signals stored before", "signals/s", "CPU us per signal", "WAL bytes per signal", "p99 ms")
    for name, stored in (("empty", 0), ("full", growth["stored"]["signals"])):
        row = growth[name]
        figures = (row["signals_per_second"], row["cpu_us"], row["wal_bytes"], row["p99_ms"])
        yield _row(f"{stored:,}", *(f"{figure:,.0f}" for figure in figures))
    yield ""


def _memory(memory: Mapping[str, Any] | None) -> Iterator[str]:
    if memory is None:
        return
    yield from _header("signals taken in", "largest process, RSS MB", "all processes, PSS MB")
    for step in memory["steps"]:
        yield _row(f"{step['signals']:,}", f"{max(step['rss_mb']):.0f}", f"{sum(step['pss_mb']):.0f}")
    yield ""


def _middle(rows: Sequence[Mapping[str, Any]], name: str) -> float:
    return statistics.median(row[name] for row in rows)


def _header(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield _row(*("---" for _ in names))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the tables, or write them into a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--into", type=Path, metavar="PAGE")
    given = parser.parse_args()
    text = document(json.loads(given.results.read_text("utf-8")))
    if given.into is None:
        print(text)
        return
    before, _, rest = given.into.read_text("utf-8").partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        parser.error(f"{given.into} has not both marks: {BEGIN} and {END}")
    given.into.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
