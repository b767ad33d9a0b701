"""Does the trouble begin in a component, or does it pass through?"""

import pytest

from sre_copilot.domain.diagnosis.position_clues import Shares, position_clues
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.domain.diagnosis.topology import Topology
from sre_copilot.domain.diagnosis.units import DELAY
from sre_copilot.domain.hypotheses import Evidence, EvidenceKind
from tests.unit.domain.diagnosis.measured import failing, make_shift, make_topology

CHAIN = [("shop", "pay"), ("pay", "db")]
SLOW = (make_shift("shop", 0.1, 1.3), make_shift("pay", 0.1, 1.2), make_shift("db", 0.1, 1.0))


def clues(name: str, topology: Topology) -> dict[str, Evidence]:
    found = position_clues(name, Shares.of(topology))
    assert all(item.kind is EvidenceKind.METRIC for item in found)
    return {item.feature: item for item in found}


def test_the_largest_own_shares_are_what_single_ones_are_compared_with() -> None:
    shares = Shares.of(make_topology(*SLOW, failing("db", 0.0, 0.25), calls=CHAIN))
    assert (round(shares.most_delay, 6), shares.most_failures) == (0.9, 0.25)
    nothing = Shares.of(make_topology())
    assert (nothing.most_delay, nothing.most_failures) == (0.0, 0.0)


def test_own_delay_and_own_failures_count_by_their_share_of_the_largest() -> None:
    topology = make_topology(*SLOW, failing("db", 0.0, 0.25), failing("pay", 0.0, 0.3), calls=CHAIN)
    db, pay = clues("db", topology), clues("pay", topology)
    assert (db[Feature.OWN_DELAY].strength, db[Feature.OWN_FAILURES].strength) == (1.0, 1.0)
    assert pay[Feature.OWN_DELAY].strength == pytest.approx(0.2 / 0.9)
    assert pay[Feature.OWN_FAILURES].strength == pytest.approx(0.2)
    assert db[Feature.OWN_DELAY].summary.startswith("Delay begins in db itself: 0.9 s per request of shop (")
    assert db[Feature.OWN_FAILURES].summary.startswith("Failures begin in db itself: 25 per 100 requests of shop (")
    assert db[Feature.OWN_FAILURES].refers_to == "db/error_rate"


@pytest.mark.parametrize(
    ("shifts", "told"),
    [
        ((failing("db"), failing("pay", 0.0, 0.1)), {Feature.OWN_FAILURES}),
        ((failing("db"), make_shift("db", 0.1, 0.1, spreads=0.0)), {Feature.OWN_FAILURES}),
        (SLOW, {Feature.OWN_DELAY}),
        ((*SLOW, failing("db", 0.0, 0.0, spreads=0.0)), {Feature.OWN_DELAY}),
    ],
    ids=["failures alone", "failures at the usual speed", "delays alone", "delays without failures"],
)
def test_what_did_not_grow_anywhere_begins_nowhere(shifts: tuple[Shift, ...], told: set[Feature]) -> None:
    found = clues("db", make_topology(*shifts, calls=CHAIN))
    assert {Feature.OWN_DELAY, Feature.OWN_FAILURES} & found.keys() == told


def test_the_end_of_the_trail_stands_alone_and_its_callers_are_explained_by_it() -> None:
    topology = make_topology(*SLOW, calls=CHAIN)
    db, pay, shop = (clues(name, topology) for name in ("db", "pay", "shop"))
    assert (db[Feature.QUIET_CALLEES].strength, db[Feature.TRAIL].strength) == (1.0, 1.0)
    assert Feature.CALLEE_WORSE not in db
    assert Feature.QUIET_CALLEES not in pay
    assert (pay[Feature.CALLEE_WORSE].strength, pay[Feature.CALLEE_WORSE].refers_to) == (1.0, "db/latency")
    assert pay[Feature.CALLEE_WORSE].summary.startswith("pay depends on db, which is unusual too (")
    assert shop[Feature.TRAIL].summary.startswith("The trail of symptoms starts at shop (")
    assert db[Feature.TRAIL].summary.startswith("An unbroken trail of symptoms leads from shop to db (")
    assert db[Feature.QUIET_CALLEES].summary.startswith("db depends on nothing that is known, and is unusual (")


def test_a_callee_that_is_less_unusual_takes_only_its_part_away() -> None:
    topology = make_topology(make_shift("pay"), make_shift("db", spreads=20.0), calls=CHAIN)
    pay, weak = clues("pay", topology), topology.strength("db")
    assert pay[Feature.QUIET_CALLEES].strength == pytest.approx(1.0 - weak)
    assert pay[Feature.QUIET_CALLEES].summary.startswith("Nothing that pay depends on is as unusual as itself (")
    assert pay[Feature.CALLEE_WORSE].strength == pytest.approx(weak)


def test_a_component_that_shows_nothing_is_wholly_explained_by_an_unusual_callee() -> None:
    shop = clues("shop", make_topology(make_shift("pay", spreads=20.0), calls=CHAIN))
    assert {feature: item.strength for feature, item in shop.items()} == {Feature.CALLEE_WORSE: 1.0}


def test_the_trail_is_no_stronger_than_the_symptom_at_its_end() -> None:
    topology = make_topology(make_shift("shop"), make_shift("pay", spreads=20.0), calls=CHAIN)
    assert clues("pay", topology)[Feature.TRAIL].strength == pytest.approx(topology.strength("pay"))


def test_without_a_single_call_or_placement_only_gaps_say_something() -> None:
    seen = make_shift("shop", 0.1, 1.1, callee="pay")
    topology = make_topology(make_shift("shop"), make_shift("pay", 0.1, 0.11), seen, focus=DELAY)
    assert clues("shop", topology) == {}
    (gap,) = clues("pay", topology).values()
    assert (gap.feature, gap.strength, gap.refers_to) == (Feature.EDGE_GAP, 1.0, "shop>pay/latency")
    assert gap.summary.startswith("shop waits 0.99 s more for pay than pay takes (")


def test_placements_alone_are_enough_of_a_graph() -> None:
    topology = make_topology(make_shift("shop"), make_shift("host-1"), placed=[("shop", "host-1")])
    assert clues("shop", topology)[Feature.CALLEE_WORSE].strength == 1.0


def test_a_stranger_has_no_position() -> None:
    assert clues("stranger", make_topology(*SLOW, calls=CHAIN)) == {}
