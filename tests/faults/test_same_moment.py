"""Clients that send the same series at one moment: one original, one incident, and nobody is told of the crowd."""

import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.e2e.installation import Installation
from tests.e2e.server import Server, serving
from tests.faults import DEADLINE, SOAK
from tests.faults.alerts import Event, Parcel, some_time_ago
from tests.faults.homes import Home, home, installed
from tests.faults.oracle import judge
from tests.faults.senders import Ledger, Sender
from tests.faults.stored import Stored

CLIENTS, ROUNDS = 8, 50 if SOAK else 5
WRITERS, BATCHES = 4, 60 if SOAK else 8
SIZE, KEYS = 20, 12
SEED = 20_261_127


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One for both tests: nothing is broken here."""
    with installed(tmp_path_factory.mktemp("moment") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def server(installation: Installation) -> Iterator[Server]:
    """Two processes that answer."""
    with serving(installation, "serve", "--workers", "2") as running:
        yield running


def at_one_moment(tenant: Home, server: Server, rounds: Sequence[Sequence[Parcel]]) -> Ledger:
    """Every client sends its parcel of a round when all are ready to, once."""
    ledger = Ledger()
    count = len(rounds[0])
    together = threading.Barrier(count, timeout=DEADLINE)

    def client(place: int) -> None:
        sender = Sender(home=tenant, port=server.port, ledger=ledger, rng=random.Random(place))
        try:
            for parcels in rounds:
                together.wait()
                sender.attempt(parcels[place])
        except BaseException:
            together.abort()
            raise
        finally:
            sender.close()

    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(client, place) for place in range(count)]:
            done.result()
    return ledger


def first_of_its_series(number: int) -> list[Parcel]:
    """Different events of one series that nobody has heard of, one for each client."""
    service, began_at = f"new-{number}", some_time_ago()
    return [
        Parcel(
            name=f"round-{number}-{place}",
            events=(
                Event(
                    id=f"event-{number}-{place}",
                    service=service,
                    series=service,
                    occurred_at=began_at + timedelta(seconds=place),
                ),
            ),
        )
        for place in range(CLIENTS)
    ]


def test_one_of_many_first_signals_at_one_moment_is_the_original_and_opens_the_only_incident(
    installation: Installation, server: Server
) -> None:
    tenant = home(installation)
    ledger = at_one_moment(tenant, server, [first_of_its_series(number) for number in range(ROUNDS)])
    assert ledger.heard == Counter({"202": CLIENTS * ROUNDS}), ledger.surprises
    stored = Stored.of(installation, tenant.tenant_id)
    judge(stored, ledger)
    assert len(stored.incidents) == len(stored.episodes) == ROUNDS
    assert len(stored.signals) == CLIENTS * ROUNDS
    assert Counter(signal.decision for signal in stored.signals) == {
        "new_episode": ROUNDS,
        "duplicate": (CLIENTS - 1) * ROUNDS,
    }


def mixed_batches() -> list[list[Parcel]]:
    """For every writer batches over the same series, each in an order of its own; some events end an episode."""
    rng, began_at = random.Random(SEED), some_time_ago()
    number = 0
    rounds = []
    for batch in range(BATCHES):
        parcels = []
        for writer in range(WRITERS):
            events = []
            for key in rng.choices(range(KEYS), k=SIZE):
                number += 1
                service = f"mixed-{key % 3}"
                event = Event(
                    id=f"event-{number}",
                    service=service,
                    series=f"{service}/{key}",
                    occurred_at=began_at + timedelta(milliseconds=number),
                    # The first series of each service never ends, and with it the incident doesn't.
                    resolves=key >= 3 and batch > 0 and rng.random() < 0.2,
                )
                events.append(event)
            parcels.append(Parcel(name=f"batch-{batch}-{writer}", events=tuple(rng.sample(events, SIZE))))
        rounds.append(parcels)
    return rounds


def test_batches_with_shared_series_in_any_order_are_all_taken_at_once(
    installation: Installation, server: Server
) -> None:
    tenant = home(installation)
    ledger = at_one_moment(tenant, server, mixed_batches())
    assert ledger.heard == Counter({"202": WRITERS * BATCHES}), ledger.surprises
    stored = Stored.of(installation, tenant.tenant_id)
    judge(stored, ledger)
    assert len(stored.signals) == WRITERS * BATCHES * SIZE
    assert len(stored.incidents) == 3
