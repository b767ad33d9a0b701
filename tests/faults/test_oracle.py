"""The oracle itself: it has nothing to say of what is right, and names every kind of damage."""

import itertools
import random
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import attrs
import pytest

from tests.e2e.server import serving
from tests.faults.alerts import Author, some_time_ago
from tests.faults.homes import home, installed
from tests.faults.oracle import judge
from tests.faults.senders import Acknowledged, Ledger, Sender
from tests.faults.stored import Stored

PARCELS = 30
Seen = tuple[Stored, Ledger]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """What one quiet sender sent, and what became of it."""
    with installed(tmp_path_factory.mktemp("quiet") / "data") as installation:
        tenant, ledger = home(installation), Ledger()
        parcels = Author(number=0, seed=7, began_at=some_time_ago()).parcels()
        with serving(installation) as server:
            sender = Sender(home=tenant, port=server.port, ledger=ledger, rng=random.Random(0))
            for parcel in itertools.islice(parcels, PARCELS):
                # Also what is meant to be sent without waiting: that might be heard after the end.
                sender.send(parcel)
            sender.close()
        yield Stored.of(installation, tenant.tenant_id), ledger


def test_it_has_nothing_to_say_of_what_is_right(seen: Seen) -> None:
    stored, ledger = seen
    judge(stored, ledger)
    assert {signal.decision for signal in stored.signals} >= {"new_episode", "duplicate", "resolved"}
    assert any(one.told["redelivered"] for some in ledger.acknowledged.values() for one in some)
    assert any(delivery.receipt["repeats"] for delivery in stored.deliveries)


def lost_delivery(stored: Stored, ledger: Ledger) -> Seen:
    return attrs.evolve(stored, deliveries=stored.deliveries[1:]), ledger


def lost_signal(stored: Stored, ledger: Ledger) -> Seen:
    return attrs.evolve(stored, signals=[one for one in stored.signals if one.vendor_id != "event-0-1"]), ledger


def signal_twice(stored: Stored, ledger: Ledger) -> Seen:
    again = attrs.evolve(stored.signals[-1], id=uuid4(), ordinal=9_999)
    return attrs.evolve(stored, signals=[*stored.signals, again]), ledger


def moved_signal(stored: Stored, ledger: Ledger) -> Seen:
    return _first(stored, incident_id=uuid4()), ledger


def two_originals(stored: Stored, ledger: Ledger) -> Seen:
    duplicate = next(signal for signal in stored.signals if signal.is_duplicate)
    changed = attrs.evolve(duplicate, is_duplicate=False, original_id=None)
    return attrs.evolve(stored, signals=[changed if one is duplicate else one for one in stored.signals]), ledger


def orphaned_signal(stored: Stored, ledger: Ledger) -> Seen:
    return _first(stored, delivery_id=uuid4()), ledger


def wrong_receipt(stored: Stored, ledger: Ledger) -> Seen:
    first, *others = stored.deliveries
    told = {**first.receipt, "accepted": first.receipt["accepted"] + 1}
    return attrs.evolve(stored, deliveries=[attrs.evolve(first, receipt=told), *others]), ledger


def another_answer(stored: Stored, ledger: Ledger) -> Seen:
    return stored, _answered(ledger, delivery_id=str(uuid4()))


def new_twice(stored: Stored, ledger: Ledger) -> Seen:
    name, answers = next(iter(ledger.acknowledged.items()))
    return stored, attrs.evolve(ledger, acknowledged={**ledger.acknowledged, name: [*answers, answers[0]]})


def never_new(stored: Stored, ledger: Ledger) -> Seen:
    return stored, _answered(ledger, redelivered=True)


def unexpected_answer(stored: Stored, ledger: Ledger) -> Seen:
    return stored, attrs.evolve(ledger, surprises=["parcel-1 was answered 500"])


def lost_episode(stored: Stored, ledger: Ledger) -> Seen:
    return attrs.evolve(stored, episodes=stored.episodes[1:]), ledger


def longer_episode(stored: Stored, ledger: Ledger) -> Seen:
    ended = next(episode for episode in stored.episodes if episode.ended_at is not None)
    changed = attrs.evolve(ended, ended_at=None)
    return attrs.evolve(stored, episodes=[changed if one is ended else one for one in stored.episodes]), ledger


def second_incident(stored: Stored, ledger: Ledger) -> Seen:
    return attrs.evolve(stored, incidents=[*stored.incidents, attrs.evolve(stored.incidents[0], id=uuid4())]), ledger


def lost_incident(stored: Stored, ledger: Ledger) -> Seen:
    return attrs.evolve(stored, incidents=stored.incidents[1:]), ledger


def unlogged_incident(stored: Stored, ledger: Ledger) -> Seen:
    return attrs.evolve(stored, transitions={}), ledger


def unaudited_transition(stored: Stored, ledger: Ledger) -> Seen:
    return attrs.evolve(stored, audit=type(stored.audit)()), ledger


def undecided_incident(stored: Stored, ledger: Ledger) -> Seen:
    return attrs.evolve(stored, decisions=[]), ledger


def loose_end(stored: Stored, ledger: Ledger) -> Seen:
    return attrs.evolve(stored, loose=["a series has two rows: abc"]), ledger


def half_stored(stored: Stored, ledger: Ledger) -> Seen:
    name = next(row.vendor_id for row in stored.deliveries if row.receipt["accepted"] > 1)
    gone = next(event for event in ledger.parcels[name].events)
    told = {other: answers for other, answers in ledger.acknowledged.items() if other != name}
    signals = [signal for signal in stored.signals if signal.vendor_id != gone.id]
    return attrs.evolve(stored, signals=signals), attrs.evolve(ledger, acknowledged=told)


DAMAGE: dict[str, Callable[[Stored, Ledger], Seen]] = {
    "was acknowledged and is lost": lost_delivery,
    "event event-0-1 was acknowledged and is lost": lost_signal,
    "is counted 2 times": signal_twice,
    "has (episode, incident, original)": moved_signal,
    "duplicate: False": two_originals,
    "without a delivery that brought it": orphaned_signal,
    "the receipt of delivery": wrong_receipt,
    "but stored is": another_answer,
    "was told 2 times that it is new": new_twice,
    "was never told that it is new": never_new,
    "was answered 500": unexpected_answer,
    "has the originals": lost_episode,
    "has an episode over": longer_episode,
    "2 incidents instead of 1": second_incident,
    "which is not there": lost_incident,
    "its log has []": unlogged_incident,
    "the audit has": unaudited_transition,
    "was opened by 0 decisions": undecided_incident,
    "two rows": loose_end,
    "but of its events only": half_stored,
}


@pytest.mark.parametrize("finding", DAMAGE)
def test_it_names_the_damage(seen: Seen, finding: str) -> None:
    stored, ledger = DAMAGE[finding](*seen)
    with pytest.raises(AssertionError) as raised:
        judge(stored, ledger)
    assert finding in str(raised.value)


def _first(stored: Stored, **changes: UUID) -> Stored:
    first, *others = stored.signals
    return attrs.evolve(stored, signals=[attrs.evolve(first, **changes), *others])  # type: ignore[arg-type]


def _answered(ledger: Ledger, **changes: object) -> Ledger:
    name = next(name for name, answers in ledger.acknowledged.items() if ledger.tries[name] == len(answers) == 1)
    (one,) = ledger.acknowledged[name]
    told = Acknowledged(began_at=one.began_at, at=one.at, told={**one.told, **changes})
    return attrs.evolve(ledger, acknowledged={**ledger.acknowledged, name: [told]})
