"""Ratios of turns, budgets, and whether the run is valid."""

import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from benchmarks.ingest.scenarios import Turn

SHARES: Mapping[str, float] = {"unique-10": 524 / 12_988, "repeats-10": 668 / 19_286}
"""The part of Alertmanager's alerts a second that the baseline reached where both were first measured."""
LEAST_SHARE = 0.7
"""How much of that it must reach in a run, so that nobody wins against a baseline that is held up."""
MOST_CPU_GROWTH = 1.5
MOST_MEMORY_MB = 200
MOST_MEMORY_GROWTH = 1.1
LEAST_OF_COPY = 0.6
MOST_P99_MS = 50
LEAST: Mapping[tuple[str, str], float] = {
    ("repeats-10", "ours/baseline"): 10,
    ("duplicates-10", "ours/baseline"): 5,
    ("unique-10", "ours/baseline"): 6,
    ("repeats-10", "ours/alertmanager"): 0.4,
}
"""By scenario and pair: what the median ratio of alerts a second has to be."""


@attrs.frozen(kw_only=True)
class Budget:
    """What was promised, and what was found; `spread` is that of the repetitions."""

    name: str
    wanted: str
    found: float
    holds: bool
    spread: Mapping[str, Any] | None = None


def of(turns: Iterable[Turn], scenario: str, system: str, way: str = "closed") -> dict[int, Turn]:
    """The turns of a system in a scenario, by repetition."""
    return {
        turn.repetition: turn for turn in turns if (turn.scenario, turn.system, turn.way) == (scenario, system, way)
    }


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Least, middle and most, and the values themselves."""
    return {
        "min": round(min(values), 4),
        "median": round(statistics.median(values), 4),
        "max": round(max(values), 4),
        "values": [round(value, 4) for value in values],
    }


def compared(turns: Sequence[Turn], scenario: str, one: str, other: str) -> dict[str, Any] | None:
    """The ratio of two systems' alerts a second in each repetition; None where one of them took no part."""
    ours, theirs = of(turns, scenario, one), of(turns, scenario, other)
    pairs = [
        (turn.alerts_per_second, theirs[number].alerts_per_second) for number, turn in ours.items() if number in theirs
    ]
    values = [mine / yours for mine, yours in pairs if yours]
    return spread(values) if values else None


def ratios(turns: Sequence[Turn]) -> dict[str, dict[str, Any]]:
    """All ratios, by scenario and pair."""
    found: dict[str, dict[str, Any]] = {}
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
                f"{scenario}: the baseline reached {ratio['median']:.4f} of Alertmanager's alerts a second, "
                f"less than {LEAST_SHARE} of {share:.4f}"
            )
    return reasons


def middle(rows: Sequence[Turn]) -> Callable[[Callable[[Turn], float]], float]:
    """What gives the median of a figure over all rows."""
    return lambda figure: statistics.median(map(figure, rows))


def budgets(turns: Sequence[Turn], library: Sequence[Mapping[str, Any]], told: Mapping[str, Any]) -> list[Budget]:
    """Every budget that the run says something about."""
    return [*_of_turns(turns), *_of_library(library), *_of_growth(told.get("growth")), *_of_memory(told.get("memory"))]


def _of_turns(turns: Sequence[Turn]) -> Iterator[Budget]:
    found = ratios(turns)
    for (scenario, pair), least in LEAST.items():
        ratio = found.get(scenario, {}).get(pair)
        if ratio is not None:
            value = ratio["median"]
            yield Budget(
                name=f"{scenario}: {pair}", wanted=f">= {least}", found=value, holds=value >= least, spread=ratio
            )
    mine = [turn for turn in turns if turn.system == "ours"]
    if mine:
        failing = sum(turn.failing for turn in mine)
        yield Budget(name="failing webhooks of ours", wanted="0", found=failing, holds=failing == 0)
    fixed = [turn.p99_ms for turn in mine if turn.way == "open"]
    if fixed:
        name = "p99 of the acknowledgement at half of the top rate, ms"
        value = statistics.median(fixed)
        holds = value <= MOST_P99_MS
        yield Budget(name=name, wanted=f"<= {MOST_P99_MS}", found=value, holds=holds, spread=spread(fixed))


def _of_library(library: Sequence[Mapping[str, Any]]) -> Iterator[Budget]:
    for kind in dict.fromkeys(turn["kind"] for turn in library):
        ratio = spread([turn["ratio"] for turn in library if turn["kind"] == kind])
        value = ratio["median"]
        yield Budget(
            name=f"library, {kind}: ours/binary COPY",
            wanted=f">= {LEAST_OF_COPY}",
            found=value,
            holds=value >= LEAST_OF_COPY,
            spread=ratio,
        )


def _of_growth(growth: Mapping[str, Any] | None) -> Iterator[Budget]:
    if growth is not None:
        value = growth["cpu_ratio"]
        name = f"CPU per signal with {growth['stored']['signals']:,} stored / on an empty database"
        yield Budget(name=name, wanted=f"<= {MOST_CPU_GROWTH}", found=value, holds=value <= MOST_CPU_GROWTH)


def _of_memory(memory: Mapping[str, Any] | None) -> Iterator[Budget]:
    if memory is not None:
        largest, growth = memory["largest_rss_mb"], memory["growth"]
        name = f"largest process of the server over {memory['signals']:,} signals, MB"
        yield Budget(name=name, wanted=f"<= {MOST_MEMORY_MB}", found=largest, holds=largest <= MOST_MEMORY_MB)
        yield Budget(
            name="the same at the end / after a tenth",
            wanted=f"<= {MOST_MEMORY_GROWTH}",
            found=growth,
            holds=growth <= MOST_MEMORY_GROWTH,
        )
