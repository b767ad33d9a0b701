"""Ratios of turns, whether the run is valid, and tables."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.ingest.scenarios import Scenario, Turn

SHARES: Mapping[str, float] = {"unique-10": 524 / 12_988, "repeats-10": 668 / 19_286}
"""The part of Alertmanager's alerts a second that the baseline reached where both were first measured."""
LEAST_SHARE = 0.7
"""How much of that it must reach in a run, so that nobody wins against a baseline that is held up."""


def of(turns: Iterable[Turn], scenario: str, system: str, way: str = "closed") -> dict[int, Turn]:
    """The turns of a system in a scenario, by repetition."""
    return {
        turn.repetition: turn for turn in turns if (turn.scenario, turn.system, turn.way) == (scenario, system, way)
    }


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Least, middle and most, and the values themselves."""
    return {
        "min": round(min(values), 3),
        "median": round(statistics.median(values), 3),
        "max": round(max(values), 3),
        "values": [round(value, 3) for value in values],
    }


def compared(turns: Sequence[Turn], scenario: str, one: str, other: str) -> dict[str, Any] | None:
    """The ratio of two systems' alerts a second in each repetition; None where one of them took no part."""
    ours, theirs = of(turns, scenario, one), of(turns, scenario, other)
    pairs = [
        (turn.alerts_per_second, theirs[number].alerts_per_second) for number, turn in ours.items() if number in theirs
    ]
    values = [mine / other for mine, other in pairs if other]
    return spread(values) if values else None


def ratios(turns: Sequence[Turn]) -> dict[str, Any]:
    """All ratios, by scenario and pair."""
    found: dict[str, Any] = {}
    for scenario in dict.fromkeys(turn.scenario for turn in turns):
        for one, other in (("ours", "baseline"), ("ours", "alertmanager"), ("baseline", "alertmanager")):
            ratio = compared(turns, scenario, one, other)
            if ratio is not None:
                found.setdefault(scenario, {})[f"{one}/{other}"] = ratio
    return found


def void(turns: Sequence[Turn]) -> list[str]:
    """Why the run says nothing; empty where it is valid."""
    reasons = []
    for scenario, share in SHARES.items():
        ratio = compared(turns, scenario, "baseline", "alertmanager")
        if ratio is not None and ratio["median"] < LEAST_SHARE * share:
            reasons.append(
                f"{scenario}: the baseline reached {ratio['median']:.4f} of Alertmanager, less than "
                f"{LEAST_SHARE} of {share:.4f}"
            )
    return reasons


def show_turns(console: Console, scenario: Scenario, turns: Sequence[Turn]) -> None:
    """Print a row for each system."""
    table = Table(
        *("system", "alerts/s (min, median, max)", "failing", "p50 ms", "p99 ms", "CPU us/signal: server, database"),
        "PSS MB",
        title=scenario.name,
    )
    for system, way in dict.fromkeys((turn.system, turn.way) for turn in turns):
        rows = list(of(turns, scenario.name, system, way).values())
        figure = middle(rows)
        rates = spread([row.alerts_per_second for row in rows])
        name = system if way == "closed" else f"{system}, {rows[0].wanted_per_second:.0f} due/s"
        table.add_row(
            name,
            f"{rates['min']:,.0f}  {rates['median']:,.0f}  {rates['max']:,.0f}",
            f"{figure(lambda row: row.failing_share):.1%}",
            f"{figure(lambda row: row.p50_ms):.1f}",
            f"{figure(lambda row: row.p99_ms):.1f}",
            f"{figure(lambda row: row.cpu_server_us):,.0f}, {figure(lambda row: row.cpu_database_us):,.0f}",
            f"{figure(lambda row: sum(row.memory_pss_mb)):.0f}",
        )
    console.print(table)


def middle(rows: Sequence[Turn]) -> Callable[[Callable[[Turn], float]], float]:
    """What gives the median of a figure over all rows."""
    return lambda figure: statistics.median(map(figure, rows))


def budgets(console: Console, turns: Sequence[Turn]) -> list[str]:
    """Print the ratios; return which are over the budget."""
    for scenario, pairs in ratios(turns).items():
        for pair, ratio in pairs.items():
            console.print(f"{scenario:>14} {pair:<22} {ratio['min']:>8} {ratio['median']:>8} {ratio['max']:>8}")
    for reason in void(turns):
        console.print(f"VOID: {reason}", style="red")
    return []
