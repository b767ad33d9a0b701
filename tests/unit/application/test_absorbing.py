"""What incidents make of episodes that begin, end, wait and move."""

from datetime import timedelta

import attrs
import pytest

from sre_copilot.application.absorbing import quiet_since
from sre_copilot.domain.decisions import CorrelationOutcome
from sre_copilot.domain.deliveries import Parsed, Receipt
from sre_copilot.domain.incidents import SETTLE_TIME, SETTLE_TIME_RECURRING, Incident
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.signals import Severity
from sre_copilot.testing.builders import make_incident, make_integration, make_tenant
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.diagnoses import FixedMetrics
from sre_copilot.testing.stage import Stage, alert, recovery, stage

FULL = {"max_incidents_per_month": 0}
SHORT = timedelta(minutes=10)
"""A dedup window that makes silence quick to end an episode."""


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def fire(here: Stage, at: float, severity: Severity = Severity.MEDIUM) -> Receipt:
    """The alert fires at a minute, and is received then."""
    return here.send(alert(occurred_at=BEGINNING + minutes(at), severity=severity), at=BEGINNING + minutes(at))


def only_incident(here: Stage) -> Incident:
    (incident,) = here.tables.incidents.values()
    return incident


def with_room(here: Stage) -> None:
    """The plan's limit is raised."""
    tables = here.tables.tenants
    tables[here.tenant.id] = attrs.evolve(tables[here.tenant.id], max_incidents_per_month=100)


@pytest.mark.parametrize(("declared", "expected"), [(True, None), (False, BEGINNING)])
def test_without_episodes_only_what_people_declared_goes_on(declared: bool, expected: object) -> None:
    incident = make_incident(make_tenant().id, declared=declared)
    assert quiet_since(incident, None, BEGINNING) == expected


def test_an_incident_whose_episodes_merge_into_anothers_comes_to_its_end() -> None:
    here = stage(integration=make_integration(make_tenant().id, dedup_window=SHORT))
    (first,) = fire(here, 0).opened
    here.copilot.investigate(actor=here.engineer, incident_id=first)
    here.wait(minutes=44)
    (second,) = fire(here, 45).opened
    for late in (9, 18, 27, 36):
        here.send(alert(occurred_at=BEGINNING + minutes(late)), at=BEGINNING + minutes(46))
    assert {episode.incident_id for episode in here.tables.episodes.values()} == {first}
    here.wait(minutes=2 + SETTLE_TIME.total_seconds() / 60)
    assert here.tables.incidents[second].state is State.RESOLVED
    assert here.tables.incidents[first].state is State.INVESTIGATING


@pytest.mark.parametrize("word", ["info", "waiting"])
def test_what_had_no_incident_opens_one_as_soon_as_it_becomes_critical(word: str) -> None:
    here = stage(tenant=make_tenant(**FULL)) if word == "waiting" else stage()
    mild = Severity.INFO if word == "info" else Severity.MEDIUM
    assert fire(here, 0, severity=mild).opened == ()
    (opened,) = fire(here, 1, severity=Severity.CRITICAL).opened
    assert here.tables.incidents[opened].severity is Severity.CRITICAL
    assert {signal.incident_id for signal in here.tables.signals.values()} == {opened}
    assert not any(signal.waiting for signal in here.tables.signals.values())
    outcome = here.tables.decisions[next(iter(here.tables.signals))].decision.outcome
    assert outcome is CorrelationOutcome.OPENED


def test_the_same_information_again_is_not_decided_again() -> None:
    here = stage()
    fire(here, 0, severity=Severity.INFO)
    decided = dict(here.tables.decisions)
    assert fire(here, 1, severity=Severity.INFO).opened == ()
    assert here.tables.decisions == decided


def test_what_waited_brings_its_severity_and_its_snapshot_along_and_waits_no_more() -> None:
    here = stage(tenant=make_tenant(**FULL), metrics=FixedMetrics())
    fire(here, 0, severity=Severity.LOW)
    here.send(alert("DiskFull", "checkout", severity=Severity.HIGH), at=BEGINNING + minutes(1))
    with_room(here)
    here.wait(minutes=2)
    incident = only_incident(here)
    assert (incident.severity, incident.snapshot_id is None) == (Severity.HIGH, False)
    assert not any(signal.waiting for signal in here.tables.signals.values())


def test_what_waited_until_it_was_over_waits_no_more() -> None:
    here = stage(tenant=make_tenant(**FULL))
    fire(here, 0)
    assert [signal.waiting for signal in here.tables.signals.values()] == [True]
    here.send(recovery(), at=BEGINNING + minutes(1))
    assert not any(signal.waiting for signal in here.tables.signals.values())
    with_room(here)
    here.wait(minutes=5)
    assert here.tables.incidents == {}


def test_both_parts_of_a_waiting_episode_that_is_split_are_remembered() -> None:
    here = stage(tenant=make_tenant(**FULL))
    fire(here, 0)
    fire(here, 10)
    here.send(recovery(occurred_at=BEGINNING + minutes(5)), at=BEGINNING + minutes(11))
    with_room(here)
    here.clock.advance(minutes(11))
    assert here.wait(minutes=1).placed == 1
    assert only_incident(here).state is State.DETECTED


def test_what_comes_back_at_the_plans_limit_stays_where_it_was() -> None:
    here = stage(
        tenant=make_tenant(max_incidents_per_month=1),
        integration=make_integration(make_tenant().id, dedup_window=SHORT),
    )
    (first,) = fire(here, 0).opened
    here.wait(minutes=30)
    assert here.tables.incidents[first].state is State.RESOLVED
    here.send(alert(occurred_at=BEGINNING), at=BEGINNING + minutes(31))
    assert {signal.incident_id for signal in here.tables.signals.values()} == {first}


def test_what_comes_back_after_its_incident_was_closed_is_detected_anew() -> None:
    here = stage(integration=make_integration(make_tenant().id, dedup_window=SHORT))
    (first,) = fire(here, 0).opened
    here.wait(minutes=30)
    (second,) = here.send(alert(occurred_at=BEGINNING), at=BEGINNING + minutes(31)).opened
    again = here.tables.incidents[second]
    assert (again.recurrence_of, again.detected_at) == (first, BEGINNING + minutes(31))
    assert here.tables.incidents[first].state is State.RESOLVED


@pytest.mark.parametrize(("gap", "patience"), [(60, SETTLE_TIME_RECURRING), (20 * 60, SETTLE_TIME)])
def test_the_third_incident_of_a_series_is_given_more_time_where_all_three_lie_within_a_day(
    gap: int, patience: timedelta
) -> None:
    here = stage()
    for start in (0, gap, 2 * gap):
        fire(here, start)
        here.send(recovery(occurred_at=BEGINNING + minutes(start + 1)), at=BEGINNING + minutes(start + 1))
        here.copilot.run_due_timers(actor=here.system, now=BEGINNING + minutes(start + 10))
    third = max(here.tables.incidents.values(), key=lambda incident: incident.created_at)
    assert third.settle_time == patience


def test_a_snapshot_that_could_not_be_taken_is_taken_as_time_passes() -> None:
    here = stage()
    delivery = here.script.delivery(Parsed(drafts=(alert(),)), received_at=BEGINNING)
    here.copilot.ingest_delivery(actor=here.sender, integration_id=here.integration.id, delivery=delivery)
    assert only_incident(here).snapshot_id is None
    assert here.wait(minutes=1).unseen == (only_incident(here).id,)
    assert only_incident(here).snapshot_id is not None
    assert here.wait(minutes=1).unseen == ()
