"""The library path: `copilot.ingest` in this process, a delivery of 1,000 generic signals at a time, beside binary COPY.

    python -m benchmarks.ingest.library --data FOLDER --kind unique|duplicates --seconds S

Run by `bench_ingest` in a process of its own for each turn; prints one JSON document.
"""

import argparse
import itertools
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.ingest.bodies import Post
from benchmarks.ingest.clients import Load
from benchmarks.ingest.connection import Answer
from benchmarks.ingest.copying import Batches, copied
from benchmarks.ingest.databases import Databases
from benchmarks.ingest.oracle import verdict
from benchmarks.ingest.processes import memory, used_seconds
from benchmarks.ingest.scenarios import Scenario
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.deliveries import Delivery, Receipt

PER_DELIVERY = 1_000
PER_NOTIFICATION = 10
LEAST = 3
"""So many deliveries are measured, however long they take."""
MOST = 60


def deliveries(kind: str, begin: datetime) -> Iterator[Post]:
    """The storm of a scenario, many notifications in one delivery."""
    posts = Scenario(kind=kind, size=PER_NOTIFICATION).posts("generic", begin)
    while True:
        many = list(itertools.islice(posts, PER_DELIVERY // PER_NOTIFICATION))
        yield Post(
            body=b"[" + b",".join(post.body[1:-1] for post in many) + b"]",
            facts=tuple(fact for post in many for fact in post.facts),
            series=tuple(number for post in many for number in post.series),
        )


def measured(databases: Databases, kind: str, seconds: float) -> dict[str, Any]:
    """Ingest for so long, then copy what was stored."""
    made = databases.integration("generic")
    url = databases.superuser_url()
    integration_id = UUID(made.id)
    sender = Actor.integration(UUID(made.tenant_id), integration_id, name="bench")
    posts = deliveries(kind, datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10))
    load, cpu = Load(), [0.0, 0.0]
    times: list[float] = []
    with databases.installation.open() as copilot:

        def ingest(post: Post) -> float:
            delivery = Delivery(body=post.body, received_at=datetime.now(UTC))
            used = time.process_time(), used_seconds([databases.postmaster()])
            began = time.perf_counter()
            receipt = copilot.ingest(actor=sender, integration_id=integration_id, delivery=delivery)
            taken = time.perf_counter() - began
            cpu[0] += time.process_time() - used[0]
            cpu[1] += used_seconds([databases.postmaster()]) - used[1]
            load.answers.append((post, Answer(status=200, body=told(receipt))))
            return taken

        # What is repeated has to be known first.
        ingest(next(posts))
        batches = Batches.begin(url)
        cpu[:] = 0.0, 0.0
        while len(times) < LEAST or (sum(times) < seconds and len(times) < MOST):
            times.append(ingest(next(posts)))
            batches.note(len(times))
    rows = batches.rows()
    copying = copied(batches, len(times))
    signals = PER_DELIVERY * len(times)
    return {
        "kind": kind,
        "deliveries": len(times),
        "signals_per_second": round(signals / sum(times), 1),
        "copy_signals_per_second": round(signals / sum(copying), 1),
        "ratio": round(sum(copying) / sum(times), 4),
        "rows": rows,
        "copy_us_per_row": round(sum(copying) / max(1, sum(rows.values())) * 1e6, 1),
        "cpu_client_us": round(cpu[0] / signals * 1e6, 1),
        "cpu_database_us": round(cpu[1] / signals * 1e6, 1),
        "memory_pss_mb": [round(one.pss, 1) for one in memory([os.getpid()]).values()],
        "oracle": verdict(url, load),
    }


def told(receipt: Receipt) -> bytes:
    """What the door would answer, as far as the oracle reads it."""
    return json.dumps({"accepted": receipt.accepted, "repeats": receipt.repeats}).encode()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kind", choices=("unique", "duplicates"), required=True)
    parser.add_argument("--seconds", type=float, required=True)
    given = parser.parse_args()
    print(json.dumps(measured(Databases(folder=given.data), given.kind, given.seconds)))


if __name__ == "__main__":
    main()
