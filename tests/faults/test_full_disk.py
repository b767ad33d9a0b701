"""PostgreSQL's disk fills up under load: senders are told to come back, and once there is space all is well."""

import random
import time
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.domain.errors import EmbeddedDatabaseFailed
from tests.e2e.installation import Installation
from tests.e2e.server import awaited
from tests.faults import DEADLINE, SOAK
from tests.faults.alerts import Author, some_time_ago
from tests.faults.caretaker import cared_for
from tests.faults.disk import Disk, small_disk
from tests.faults.figures import Record, keep
from tests.faults.homes import home
from tests.faults.oracle import judge
from tests.faults.senders import Crowd, sending
from tests.faults.stored import Stored

SEED = 20_261_128
SENDERS = 8
TIMES = 10 if SOAK else 2
FILES = 100
"""More files of its log than PostgreSQL keeps."""
REFUSALS = 3 * SENDERS
"""So many are told to come back before there is space again: everybody, and not only once."""


@pytest.fixture
def disk() -> Iterator[Disk]:
    with small_disk() as made:
        yield made


@pytest.fixture
def installation(disk: Disk) -> Iterator[Installation]:
    """One whose database is on the small disk, and goes with it."""
    made = Installation(data_folder=disk.data_folder)
    try:
        made.call("migrate").expect(0)
        yield made
    finally:
        EmbeddedPostgres(made.data_folder).stop()


def test_while_the_disk_is_full_senders_are_told_to_come_back_and_nothing_is_lost_or_counted_twice(
    disk: Disk, installation: Installation, record_property: Record
) -> None:
    rng, tenant, began_at = random.Random(SEED), home(installation), some_time_ago()
    seconds = []
    with cared_for(installation) as caretaker:
        supplies = lambda number: Author(number=number, seed=SEED, began_at=began_at).parcels()  # noqa: E731
        with sending(tenant, caretaker.port, supplies, SENDERS, SEED) as crowd:
            for place in range(TIMES):
                flows(crowd, rng.randint(5, 30))
                disk.fill()
                if place % 2:
                    end_log(installation)
                refused(crowd, REFUSALS)
                disk.free()
                moment = time.monotonic()
                flows(crowd, SENDERS)
                seconds.append(round(crowd.ledger.first_after(moment) or 0.0, 2))
        # Not only the doors: it is ready for everything, and nobody had to start anything again.
        caretaker.ready()
        assert caretaker.ends == []
    stored, ledger = Stored.of(installation, tenant.tenant_id), crowd.ledger
    figures = {
        "times": TIMES,
        "seconds from free space to the first acknowledgement": seconds,
        "deliveries acknowledged": len(ledger.acknowledged),
        "heard": dict(sorted(ledger.heard.items())),
        "signals stored": len(stored.signals),
    }
    keep(record_property, "full disk", figures)
    judge(stored, ledger)


def end_log(installation: Installation) -> None:
    """Use up the files that PostgreSQL has for its log: where it can't make the next one it ends itself."""
    with suppress(psycopg.Error, EmbeddedDatabaseFailed):
        database = EmbeddedPostgres(installation.data_folder)
        with psycopg.connect(database.superuser_url("sre_copilot"), autocommit=True) as db:
            for _ in range(FILES):
                db.execute("SELECT pg_logical_emit_message(false, 'faults', 'x'), pg_switch_wal()")


def flows(crowd: Crowd, count: int) -> None:
    """Wait for so many more acknowledgements."""
    reached = crowd.ledger.count + count
    awaited(lambda: crowd.ledger.count >= reached, f"acknowledgements: {dict(crowd.ledger.heard)}", DEADLINE)


def refused(crowd: Crowd, count: int) -> None:
    """Wait until so many more were told to come back."""
    reached = crowd.ledger.heard["503"] + count
    awaited(lambda: crowd.ledger.heard["503"] >= reached, f"refusals: {dict(crowd.ledger.heard)}", DEADLINE)
