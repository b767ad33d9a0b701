"""The tables that are printed."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.ingest.report import Budget, middle, of, ratios, spread
from benchmarks.ingest.scenarios import Scenario, Turn


def show_turns(console: Console, scenario: Scenario, turns: Sequence[Turn]) -> None:
    """Print a row for each system, and the ratios."""
    table = Table(title=scenario.name, title_justify="left")
    table.add_column("system", no_wrap=True)
    for name in ("alerts/s: min", "median", "max", "failing", "p50 ms", "p99 ms", "server us", "database us", "PSS MB"):
        table.add_column(name, justify="right")
    for system, way in dict.fromkeys((turn.system, turn.way) for turn in turns):
        rows = list(of(turns, scenario.name, system, way).values())
        figure = middle(rows)
        rates = spread([row.alerts_per_second for row in rows])
        table.add_row(
            system if way == "closed" else f"{system}, {rows[0].wanted_per_second:,.0f} due/s",
            *(f"{rates[name]:,.0f}" for name in ("min", "median", "max")),
            f"{figure(lambda row: row.failing_share):.1%}",
            f"{figure(lambda row: row.p50_ms):.1f}",
            f"{figure(lambda row: row.p99_ms):.1f}",
            f"{figure(lambda row: row.cpu_server_us):,.0f}",
            f"{figure(lambda row: row.cpu_database_us):,.0f}",
            f"{figure(lambda row: sum(row.memory_pss_mb)):.0f}",
        )
    console.print(table)
    for pair, ratio in ratios(turns).get(scenario.name, {}).items():
        console.print(f"  {pair}: {ratio['median']:.3g} ({ratio['min']:.3g} to {ratio['max']:.3g})")


def show_library(console: Console, turns: Sequence[Mapping[str, Any]]) -> None:
    """Print a row for each kind."""
    table = Table(title="library, 1,000 signals at a time", title_justify="left")
    for name in ("kind", "signals/s", "COPY signals/s", "ours/COPY: min", "median", "max", "client us", "database us"):
        table.add_column(name, justify="right")
    for kind in dict.fromkeys(turn["kind"] for turn in turns):
        rows = [turn for turn in turns if turn["kind"] == kind]
        ratio = spread([row["ratio"] for row in rows])
        table.add_row(
            kind,
            *(f"{spread([row[name] for row in rows])['median']:,.0f}" for name in RATES),
            *(f"{ratio[name]:.3f}" for name in ("min", "median", "max")),
            *(f"{spread([row[name] for row in rows])['median']:,.0f}" for name in COSTS),
        )
    console.print(table)


RATES = ("signals_per_second", "copy_signals_per_second")
COSTS = ("cpu_client_us", "cpu_database_us")


def show_growth(console: Console, growth: Mapping[str, Any]) -> None:
    """Print what a signal costs on an empty and on a full database."""
    title = f"{growth['stored']['signals']:,} signals stored, {growth['database_mb']:,} MB"
    table = Table(title=title, title_justify="left")
    for name in ("database", "signals/s", "server us", "database us", "WAL bytes per signal", "p99 ms"):
        table.add_column(name, justify="right")
    for name in ("empty", "full"):
        row = growth[name]
        figures = (row["signals_per_second"], row["cpu_server_us"], row["cpu_database_us"], row["wal_bytes"])
        table.add_row(name, *(f"{figure:,.0f}" for figure in figures), f"{row['p99_ms']:.1f}")
    console.print(table)


def show_budgets(console: Console, budgets: Sequence[Budget], void: Sequence[str], missing: Sequence[str]) -> None:
    """Print which budgets hold, and what nobody should conclude."""
    table = Table(title="budgets", title_justify="left")
    for name in ("budget", "wanted", "found", ""):
        table.add_column(name)
    for budget in budgets:
        found = f"{budget.found:,.4g}"
        if budget.spread is not None:
            found += f" ({budget.spread['min']:,.4g} to {budget.spread['max']:,.4g})"
        style = None if budget.holds else "red"
        table.add_row(budget.name, budget.wanted, found, "holds" if budget.holds else "is missed", style=style)
    console.print(table)
    console.print("Not measured: " + " ".join(missing))
    for reason in void:
        console.print(f"The run is VOID. {reason}.", style="bold red")
