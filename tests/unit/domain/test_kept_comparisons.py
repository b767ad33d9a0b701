"""What the index of open incidents keeps of one newcomer is right for the next, whatever happened in between."""

from datetime import timedelta
from uuid import UUID

import attrs
import pytest

from sre_copilot.domain.correlation import Candidate
from sre_copilot.domain.open_incidents import OpenIncidents
from sre_copilot.domain.service_graph import Call, ServiceGraph
from sre_copilot.domain.snapshots import ObservedChange
from sre_copilot.domain.subjects import Subject
from tests.unit.domain.indexing import NOW, about, assert_same, indexed, lone_one, see

KNOWN = ServiceGraph(services=frozenset({"front", "pay", "shop"}))
CALLING = attrs.evolve(KNOWN, calls=frozenset({Call(caller="front", callee="pay")}))


def changed(service: str, minutes: float) -> tuple[ObservedChange, ...]:
    at = NOW + timedelta(minutes=minutes)
    return (ObservedChange(id=UUID(int=9), service=service, kind="deploy", summary="", at=at),)


def joined(index: OpenIncidents, before: Candidate, member: Subject) -> Candidate:
    index.join(before.incident_id, member)
    return attrs.evolve(before, members=(*before.members, member))


def test_a_member_that_began_just_now_makes_its_incident_near() -> None:
    long_ago, now = (about("pay", "disk is full", minutes=minutes, cluster="eu") for minutes in (-60, 0))
    newcomer = about("shop", "disk is full", cluster="eu")
    incident = lone_one(long_ago)
    index = indexed([incident])
    assert not index.decide(newcomer, graph=ServiceGraph(), changes=(), now=NOW).scores
    incident = joined(index, incident, now)
    assert index.decide(newcomer, graph=ServiceGraph(), changes=(), now=NOW).scores
    assert_same(index, newcomer, [incident], ServiceGraph(), (), NOW)


def test_a_member_in_what_was_changed_gives_its_incident_the_change() -> None:
    changes, incident = changed("pay", -10), lone_one(about("shop"))
    index = indexed([incident])
    assert_same(index, about("pay"), [incident], KNOWN, changes, NOW)
    incident = joined(index, incident, about("pay"))
    assert_same(index, about("pay"), [incident], KNOWN, changes, NOW)


@pytest.mark.parametrize(("first", "then"), [(0, -60), (-60, -120)])
def test_an_earlier_detection_gives_an_incident_a_change_or_takes_it(first: float, then: float) -> None:
    changes, incident = changed("pay", -90), lone_one(about("pay"))
    incident = attrs.evolve(incident, detected_at=NOW + timedelta(minutes=first))
    index = indexed([incident])
    assert_same(index, about("pay"), [incident], KNOWN, changes, NOW)
    incident = attrs.evolve(incident, detected_at=NOW + timedelta(minutes=then))
    see(index, incident)
    assert_same(index, about("pay"), [incident], KNOWN, changes, NOW)


def test_a_call_that_was_not_known_before_leads_to_a_change() -> None:
    changes, incident = changed("pay", -10), lone_one(about("front"))
    index = indexed([incident])
    for graph in (KNOWN, CALLING, KNOWN):
        assert_same(index, about("front"), [incident], graph, changes, NOW)


def test_words_that_nobody_had_said_are_compared_with() -> None:
    newcomer, incident = about("pay", "disk is full"), lone_one(about("pay", "queue long"))
    index = indexed([incident])
    assert_same(index, newcomer, [incident], KNOWN, (), NOW)
    incident = joined(index, incident, newcomer)
    assert_same(index, newcomer, [incident], KNOWN, (), NOW)
