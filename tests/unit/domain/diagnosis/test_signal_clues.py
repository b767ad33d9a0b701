"""What the signals say about a component or a host."""

import pytest

from sre_copilot.domain.diagnosis.coverage import Suffering, complaints
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.diagnosis.signal_clues import signal_clues
from sre_copilot.domain.hypotheses import Evidence, EvidenceKind
from sre_copilot.domain.snapshots import ObservedSignal
from sre_copilot.testing.snapshots import ONSET, STEP, make_graph, make_observed_signal

SHOP = make_observed_signal("shop")
PAY = make_observed_signal("pay", started_at=ONSET + 4 * STEP)
GRAPH = make_graph([("shop", "pay")])


def clues(name: str, *signals: ObservedSignal, known: bool = True) -> dict[str, Evidence]:
    found = signal_clues(name, complaints(signals), Suffering(graph=GRAPH if known else make_graph()))
    return {item.feature: item for item in found}


def test_a_component_explains_its_own_signals_and_those_of_its_callers() -> None:
    item = clues("pay", SHOP, PAY)[Feature.EXPLAINED]
    assert item.strength == pytest.approx((1 + 0.75) / 2)
    assert item.summary == 'Trouble of pay would explain 88 % of the signals, such as "pay is slow"'
    assert (item.kind, item.refers_to, item.at) == (EvidenceKind.SIGNAL, str(PAY.id), PAY.started_at)
    assert clues("shop", SHOP, PAY)[Feature.EXPLAINED].strength == 0.5


def test_where_nobody_knows_who_suffers_from_whom_nothing_is_said_of_shares() -> None:
    assert Feature.EXPLAINED not in clues("pay", SHOP, PAY, known=False)


def test_a_component_that_explains_nothing_has_no_share() -> None:
    assert clues("mail", SHOP, PAY) == {}
    assert clues("mail") == {}


def test_the_first_signal_counts_fully_and_a_minute_later_half() -> None:
    first, later = clues("shop", SHOP, PAY)[Feature.FIRST_SIGNAL], clues("pay", SHOP, PAY)[Feature.FIRST_SIGNAL]
    assert (first.strength, later.strength) == (1.0, 0.5)
    assert first.summary == '"shop is slow" fired at 12:15:00, as the first of the incident'
    assert later.summary == '"pay is slow" fired at 12:16:00, 60 s after the incident\'s first signal'
    assert (later.refers_to, later.at) == (str(PAY.id), PAY.started_at)


def test_a_host_that_signals_of_several_services_name_is_what_they_share() -> None:
    signals = [
        make_observed_signal(name, "down", hosts=("h1",), started_at=ONSET + n * STEP) for n, name in enumerate("abcd")
    ]
    item = clues("h1", *signals)[Feature.SHARED_HOST]
    assert item.strength == 1.0
    assert item.summary == "4 kinds of signals from 4 services name h1 as their host"
    assert (item.refers_to, item.at) == (str(signals[0].id), ONSET)
    assert Feature.SHARED_HOST not in clues("h1", signals[0])
    assert Feature.SHARED_HOST not in clues("h2", *signals)
