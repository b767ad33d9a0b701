"""A storm: every alert is taken or told to come back, each cause has one incident, and others hardly notice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import attrs
import pytest

from tests.e2e.installation import Installation
from tests.e2e.server import awaited
from tests.faults import DEADLINE, SOAK
from tests.faults.caretaker import Caretaker, cared_for
from tests.faults.cascade import GROUPS, Cascade, graph, group_of
from tests.faults.figures import Record, keep
from tests.faults.homes import all_diagnosed, home, installed
from tests.faults.memory import weighing
from tests.faults.oracle import judge
from tests.faults.pace import Reader, p99, paced, spread
from tests.faults.senders import Ledger
from tests.faults.stored import Stored
from tests.faults.victims import Victims

SEED = 20_261_129
SENDERS = 8
STORM = Cascade(count=10_000 if SOAK else 1_000, pods=20 if SOAK else 5, kinds=5 if SOAK else 2, seed=SEED)
SECONDS = 60.0 if SOAK else 6.0
READS = 200 if SOAK else 20
MEMORY = 300 << 20
"""Bytes that a process may have."""
SLOWER = 2.0
"""How many times longer others may wait in a storm."""
NOISE = attrs.evolve(STORM, count=10_000 if SOAK else 300, seed=SEED + 1)
CALM = Cascade(count=1_200 if SOAK else 40, pods=2, kinds=2, seed=SEED + 2, word="calm", sizes=(1,))
"""So many single deliveries that a 99th percentile means something."""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One for both tests: nothing is broken here."""
    with installed(tmp_path_factory.mktemp("storm") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def up(installation: Installation) -> Iterator[Caretaker]:
    """Everything in one, with two processes that answer."""
    with cared_for(installation) as caretaker:
        yield caretaker


def test_a_storm_is_taken_as_a_whole_and_each_of_its_causes_has_one_incident(
    installation: Installation, up: Caretaker, record_property: Record
) -> None:
    tenant, ledger = home(installation, "storm", graph()), Ledger()
    reader = Reader(home=tenant, port=up.port)
    with weighing(Victims(caretaker=up)) as memory, reader.looking():
        took = paced(tenant, up.port, STORM.parcels(), SECONDS, SENDERS, ledger)
    awaited(lambda: all_diagnosed(installation, tenant), "a diagnosis of every incident", DEADLINE)
    quiet = Reader(home=tenant, port=up.port)
    quiet.looks(READS)
    stored = Stored.of(installation, tenant.tenant_id)
    figures = {
        "alerts": STORM.count,
        "seconds": SECONDS,
        "heard": dict(sorted(ledger.heard.items())),
        "acknowledged after": spread(took),
        "incidents": len(stored.incidents),
        "reads in the storm": spread(reader.took),
        "reads when it is quiet": spread(quiet.took),
        "MiB per process": {name: round(size / (1 << 20), 1) for name, size in memory.items()},
    }
    keep(record_property, "storm", figures)
    judge(stored, ledger, group_of)
    assert set(ledger.heard) <= {"202", "429"}, figures
    assert reader.refused == quiet.refused == []
    assert len(stored.signals) == STORM.count
    assert {group_of(incident.service) for incident in stored.incidents} == set(GROUPS)
    assert len(stored.incidents) == len(GROUPS)
    assert max(memory.values()) < MEMORY, figures
    if SOAK:
        assert median(reader.took) <= SLOWER * median(quiet.took), figures


def test_a_storm_of_one_tenant_holds_up_no_other(
    installation: Installation, up: Caretaker, record_property: Record
) -> None:
    storm, noisy = home(installation, "noisy", graph()), Ledger()
    other, calm = home(installation, "other", graph()), Ledger()
    quiet = paced(other, up.port, CALM.parcels(), SECONDS, SENDERS, calm)
    with ThreadPoolExecutor(1) as pool:
        stormed = pool.submit(paced, storm, up.port, NOISE.parcels(), SECONDS, SENDERS, noisy)
        held_up = paced(other, up.port, attrs.evolve(CALM, word="still").parcels(), SECONDS, SENDERS, calm)
        took = stormed.result()
    figures = {
        "alerts of the storm": NOISE.count,
        "seconds": SECONDS,
        "the storm": spread(took),
        "the other tenant when it is quiet": spread(quiet),
        "the other tenant in the storm": spread(held_up),
        "p99 in the storm, times that of quiet": round(p99(held_up) / p99(quiet), 2),
        "heard by the storm": dict(sorted(noisy.heard.items())),
        "heard by the other tenant": dict(sorted(calm.heard.items())),
    }
    keep(record_property, "neighbour", figures)
    judge(Stored.of(installation, storm.tenant_id), noisy, group_of)
    judge(Stored.of(installation, other.tenant_id), calm, group_of)
    assert set(noisy.heard) <= {"202", "429"}, figures
    # The other tenant isn't even told to come back.
    assert set(calm.heard) == {"202"}, figures
    if SOAK:
        assert p99(held_up) <= SLOWER * p99(quiet), figures
