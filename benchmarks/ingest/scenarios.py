"""Which storms there are, and one turn of a system in one of them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice

import attrs

from benchmarks.ingest.bodies import Post, posts
from benchmarks.ingest.clients import Door, Load, closed_loop, open_loop, taken
from benchmarks.ingest.databases import Databases
from benchmarks.ingest.processes import memory, used_seconds
from benchmarks.ingest.storm import Storm
from benchmarks.ingest.systems import Running, System

SEED = 20_260_601
CONNECTIONS = 8
WARM_UP = 1.0
"""Seconds before each turn that are not measured, though the oracle counts them."""
OPENING = 1_000
"""So many alerts are known before each turn of a storm with repeats or duplicates."""
SHARE_OF_NEWS = 0.05
MOST_A_SECOND = 25_000
"""So many alerts are prepared for each second; whoever takes more has a shorter turn."""
MOST_PREPARED = 150_000


@attrs.frozen(kw_only=True)
class Scenario:
    """A storm in which each post has `size` alerts."""

    kind: str
    size: int

    @property
    def name(self) -> str:
        """What it is called on the command line and in the results."""
        return f"{self.kind}-{self.size}"

    @property
    def words(self) -> str:
        """Whether it is a storm of webhooks or of generic signals."""
        return "generic" if self.kind == "duplicates" else "webhook"

    @property
    def opening(self) -> int:
        """How many posts make known what is repeated."""
        return 0 if self.kind == "unique" else max(1, OPENING // self.size)

    def posts(self, words: str, begin: datetime) -> Iterator[Post]:
        """The storm, without end: the same for every system and in every turn."""
        storm = Storm(
            seed=SEED,
            share_new=1.0 if self.kind == "unique" else SHARE_OF_NEWS,
            size=self.size,
            begin=begin,
            opening=self.opening,
            with_ends=self.kind == "repeats",
        )
        return posts(storm, words)


KINDS: Mapping[str, str] = {
    "unique": "every alert is of a series of its own",
    "repeats": "95 % of the alerts came before, exactly so, and are no rows",
    "duplicates": "95 % of the signals are new occurrences of known series, each with its id, and are rows",
}
SIZES = (1, 10, 100)
SCENARIOS = tuple(Scenario(kind=kind, size=size) for size in (10, 1, 100) for kind in KINDS)


@attrs.frozen(kw_only=True)
class Turn:
    """What a system did in one turn. Per signal means per acknowledged alert; `cpu_*` is processor time in microseconds."""

    scenario: str
    system: str
    repetition: int
    way: str
    seconds: float
    webhooks: int
    alerts: int
    alerts_per_second: float
    failing: int
    failing_share: float
    statuses: Mapping[str, int]
    p50_ms: float
    p99_ms: float
    max_ms: float
    cpu_server_us: float
    cpu_database_us: float
    cpu_client_us: float
    memory_rss_mb: Sequence[float]
    memory_pss_mb: Sequence[float]
    oracle: Mapping[str, int]
    wanted_per_second: float | None = None
    """Of the client that sends at fixed times: how many alerts were due each second."""


@attrs.frozen(kw_only=True)
class Prepared:
    """The posts of a scenario in the words of one system, made before the clock runs."""

    scenario: Scenario
    posts: Sequence[Post] = attrs.field(repr=False)

    @classmethod
    def make(cls, scenario: Scenario, words: str, begin: datetime, seconds: float) -> "Prepared":
        """As many as a turn may need."""
        alerts = min(MOST_PREPARED, int(MOST_A_SECOND * (seconds + WARM_UP)))
        return cls(scenario=scenario, posts=taken(scenario.posts(words, begin), alerts))


def closed_turn(system: System, databases: Databases, prepared: Prepared, repetition: int, seconds: float) -> Turn:
    """Send as fast as the system answers."""
    with system.running(prepared.scenario.words) as running:
        left = iter(prepared.posts)
        warm = warmed_up(running.door, prepared.scenario, left)
        roots = (running.roots, (databases.postmaster(),))
        before = tuple(map(used_seconds, roots))
        load = closed_loop(running.door, left, seconds=seconds, connections=CONNECTIONS)
        used = tuple(after - began for after, began in zip(map(used_seconds, roots), before, strict=True))
        return _turn(system, prepared, repetition, "closed", running, used, load, warm)


def open_turn(
    system: System, databases: Databases, prepared: Prepared, repetition: int, seconds: float, per_second: float
) -> Turn:
    """Send so many alerts a second, whether or not the system keeps up."""
    with system.running(prepared.scenario.words) as running:
        left = iter(prepared.posts)
        warm = warmed_up(running.door, prepared.scenario, left)
        roots = (running.roots, (databases.postmaster(),))
        before = tuple(map(used_seconds, roots))
        load = open_loop(running.door, left, seconds=seconds, per_second=per_second / prepared.scenario.size)
        used = tuple(after - began for after, began in zip(map(used_seconds, roots), before, strict=True))
        turn = _turn(system, prepared, repetition, "open", running, used, load, warm)
    return attrs.evolve(turn, wanted_per_second=round(per_second, 1))


def warmed_up(door: Door, scenario: Scenario, posts: Iterator[Post]) -> Load:
    """Send what has to be known, and a little more."""
    opening = closed_loop(door, islice(posts, scenario.opening), seconds=math.inf, connections=CONNECTIONS)
    return opening.plus(closed_loop(door, posts, seconds=WARM_UP, connections=CONNECTIONS))


def _turn(
    system: System,
    prepared: Prepared,
    repetition: int,
    way: str,
    running: Running,
    used: tuple[float, ...],
    load: Load,
    warm: Load,
) -> Turn:
    alerts = max(1, load.alerts)
    held = memory(running.roots).values()
    return Turn(
        scenario=prepared.scenario.name,
        system=system.name,
        repetition=repetition,
        way=way,
        seconds=round(load.seconds, 3),
        webhooks=len(load.answers),
        alerts=load.alerts,
        alerts_per_second=round(load.alerts / load.seconds, 1),
        failing=load.failing,
        failing_share=round(load.failing / max(1, len(load.answers)), 4),
        statuses=load.statuses,
        p50_ms=round(load.latency_ms(0.5), 2),
        p99_ms=round(load.latency_ms(0.99), 2),
        max_ms=round(load.latency_ms(1.0), 2),
        cpu_server_us=round(used[0] / alerts * 1e6, 1),
        cpu_database_us=round(used[1] / alerts * 1e6, 1),
        cpu_client_us=round(load.client_seconds / alerts * 1e6, 1),
        memory_rss_mb=[round(one.rss, 1) for one in held],
        memory_pss_mb=[round(one.pss, 1) for one in held],
        oracle=system.checked(warm.plus(load)),
    )


def chosen(names: Sequence[str]) -> Sequence[Scenario]:
    """The scenarios of these names, `repeats` standing for those of all sizes. Raises ValueError."""
    if not names:
        return SCENARIOS
    unknown = set(names) - {word for one in SCENARIOS for word in (one.kind, one.name)}
    if unknown:
        known = ", ".join(chain(KINDS, (one.name for one in SCENARIOS)))
        raise ValueError(f"There is no scenario {', '.join(sorted(unknown))}; there are {known}.")
    return [one for one in SCENARIOS if {one.kind, one.name} & set(names)]
