"""What a signal costs when millions are stored already, and whether the server's memory stays as it is."""

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from benchmarks.ingest.bodies import posts
from benchmarks.ingest.clients import Load, closed_loop
from benchmarks.ingest.cloning import filled
from benchmarks.ingest.databases import Databases
from benchmarks.ingest.oracle import counted, verdict
from benchmarks.ingest.processes import memory, used_seconds
from benchmarks.ingest.scenarios import CONNECTIONS, SEED, Scenario, warmed_up
from benchmarks.ingest.storm import Storm
from benchmarks.ingest.systems import Ours

SAMPLE = 5_000
SAMPLED = Scenario(kind="duplicates", size=100)
STEADY = Scenario(kind="duplicates", size=10)
MEMORY_STEPS = 10


def begin() -> datetime:
    """When a storm began that is told now."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)


def growth(ours: Ours, stored: int, seconds: float, note: Callable[[str], None]) -> dict[str, Any]:
    """Take in duplicates for so long on an empty database, and again with so many signals stored."""
    databases = ours.databases
    note("steady state on an empty database")
    databases.renew_ours()
    empty = steady(ours, seconds)
    databases.renew_ours()
    note("growth: taking a sample in")
    sample(ours)
    began = time.perf_counter()
    filled(databases.superuser_url(), stored, lambda done: note(f"growth: {done:,} of {stored:,} signals"))
    loaded_in = time.perf_counter() - began
    before = counted(databases.superuser_url())
    note(f"steady state with {before['signals']:,} signals stored")
    full = steady(ours, seconds)
    return {
        "stored": before,
        "loaded_in_seconds": round(loaded_in, 1),
        "database_mb": size_mb(databases),
        "empty": empty,
        "full": full,
        "cpu_ratio": round(full["cpu_us"] / empty["cpu_us"], 3),
        "wal_ratio": round(full["wal_bytes"] / empty["wal_bytes"], 3),
    }


def sample(ours: Ours) -> None:
    """Let the copilot take in what is copied later: 95 % duplicates from the first signal on."""
    storm = Storm(seed=SEED + 1, share_new=0.05, size=SAMPLED.size, begin=begin(), with_ends=False)
    with ours.running("generic", fresh=False) as running:
        many = itertools.islice(posts(storm, "generic", prefix="sample"), SAMPLE // SAMPLED.size)
        load = closed_loop(running.door, many, seconds=float("inf"), connections=CONNECTIONS)
    assert not load.failing, load.statuses


def steady(ours: Ours, seconds: float) -> dict[str, Any]:
    """Take in duplicates for so long; per signal the processor time in microseconds, and the bytes of WAL."""
    url = ours.databases.superuser_url()
    before = counted(url)
    with ours.running("generic", fresh=False) as running:
        left = STEADY.posts("generic", begin())
        warm = warmed_up(running.door, STEADY, left)
        with psycopg.connect(url, autocommit=True) as db:
            db.execute("CHECKPOINT")
        roots = (running.roots, (ours.databases.postmaster(),))
        lsn, used = position(url), tuple(map(used_seconds, roots))
        load = closed_loop(running.door, left, seconds=seconds, connections=CONNECTIONS)
        spent = [after - began for after, began in zip(map(used_seconds, roots), used, strict=True)]
        wal = position(url) - lsn
    found = verdict(url, warm.plus(load), before)
    return {
        "seconds": round(load.seconds, 1),
        "signals": load.alerts,
        "signals_per_second": round(load.alerts / load.seconds, 1),
        "cpu_us": round(sum(spent) / load.alerts * 1e6, 1),
        "cpu_server_us": round(spent[0] / load.alerts * 1e6, 1),
        "cpu_database_us": round(spent[1] / load.alerts * 1e6, 1),
        "wal_bytes": round(wal / load.alerts),
        "p50_ms": round(load.latency_ms(0.5), 2),
        "p99_ms": round(load.latency_ms(0.99), 2),
        "failing": load.failing,
        "oracle": found,
    }


def memories(ours: Ours, signals: int, note: Callable[[str], None]) -> dict[str, Any]:
    """Take in so many signals, and look at the memory of each process of the server on the way."""
    seen: list[dict[str, Any]] = []
    total = Load()
    with ours.running("generic") as running:
        left = SAMPLED.posts("generic", begin())
        for step in range(MEMORY_STEPS):
            note(f"memory after {total.alerts:,} of {signals:,} signals")
            part = itertools.islice(left, signals // MEMORY_STEPS // SAMPLED.size)
            total = total.plus(closed_loop(running.door, part, seconds=float("inf"), connections=CONNECTIONS))
            held = memory(running.roots).values()
            seen.append(
                {
                    "signals": signals // MEMORY_STEPS * (step + 1),
                    "rss_mb": [round(one.rss, 1) for one in held],
                    "pss_mb": [round(one.pss, 1) for one in held],
                }
            )
    largest = [max(step["rss_mb"]) for step in seen]
    return {
        "signals": total.alerts,
        "failing": total.failing,
        "steps": seen,
        "largest_rss_mb": max(largest),
        "growth": round(largest[-1] / largest[0], 3),
        "oracle": ours.checked(total),
    }


def position(url: str) -> int:
    """How many bytes of WAL were ever written."""
    with psycopg.connect(url) as db:
        return int(db.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchall()[0][0])


def size_mb(databases: Databases) -> int:
    """How large the copilot's database is."""
    with psycopg.connect(databases.superuser_url()) as db:
        return int(db.execute("SELECT pg_database_size(current_database()) / 1048576").fetchall()[0][0])
