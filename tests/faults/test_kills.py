"""Processes are killed under load: what was acknowledged is there, once, and nobody's hand is needed."""

import random

from tests.e2e.installation import Installation
from tests.e2e.server import awaited
from tests.faults import DEADLINE, SOAK
from tests.faults.alerts import Author, some_time_ago
from tests.faults.caretaker import cared_for
from tests.faults.chaos import order_of, summary, wreak
from tests.faults.figures import Record, keep
from tests.faults.homes import all_diagnosed, home
from tests.faults.oracle import judge
from tests.faults.senders import sending
from tests.faults.stored import Stored
from tests.faults.victims import Victim, Victims

SEED = 20_261_126
SENDERS = 8
KILLS = {"server": 100, "worker": 100, "database": 60} if SOAK else {"server": 2, "worker": 2, "database": 2}
PROMISED = 15.0
"""Seconds from the end of a database to the first acknowledgement."""
GENEROUS = 120.0
"""The same where nothing is timed: it only has to come back."""


def test_what_was_acknowledged_is_stored_once_however_often_server_worker_and_database_are_killed(
    installation: Installation, record_property: Record
) -> None:
    rng = random.Random(SEED)
    order = order_of(KILLS, rng)
    tenant, began_at = home(installation), some_time_ago()
    with cared_for(installation) as caretaker:
        victims = Victims(caretaker=caretaker)
        supplies = lambda number: Author(number=number, seed=SEED, began_at=began_at).parcels()  # noqa: E731
        with sending(tenant, caretaker.port, supplies, SENDERS, SEED) as crowd:
            kills = wreak(victims, crowd, order, rng)
        awaited(lambda: all_diagnosed(installation, tenant), "a diagnosis of every incident", DEADLINE)
    awaited(caretaker.is_gone, "the end of everybody who listens at its port", DEADLINE)
    stored, ledger = Stored.of(installation, tenant.tenant_id), crowd.ledger
    figures = {
        "kills": summary(kills),
        "deliveries acknowledged": len(ledger.acknowledged),
        "requests": sum(ledger.tries.values()),
        "heard": dict(sorted(ledger.heard.items())),
        "signals stored": len(stored.signals),
        "incidents": len(stored.incidents),
        "starts by the service manager": len(caretaker.ends) + 1,
    }
    keep(record_property, "kills", figures)
    judge(stored, ledger)
    databases = [kill.recovered_in for kill in kills if kill.victim in (Victim.DATABASE, Victim.BACKEND)]
    assert max(databases) <= (PROMISED if SOAK else GENEROUS), figures
    assert len(stored.signals) > sum(KILLS.values()), "too little was sent to say anything"
