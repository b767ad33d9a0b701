"""Placing episodes in incidents: joining, opening, recurrences, plan limits, severity, what waits."""

from datetime import timedelta

from sre_copilot.domain.actors import Role
from sre_copilot.domain.decisions import CorrelationOutcome
from sre_copilot.domain.edits import Edit
from sre_copilot.domain.incidents import SETTLE_TIME_RECURRING
from sre_copilot.domain.lifecycle import Action, State
from sre_copilot.domain.service_graph import Call, ServiceGraph
from sre_copilot.domain.signals import Severity, SignalDraft
from sre_copilot.testing.builders import make_tenant
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import Stage, alert, deploy, recovery, stage

LIMITED = {"max_incidents_per_month": 1}


def fire_and_recover(here: Stage, *, severity: Severity = Severity.MEDIUM) -> None:
    """One episode of a minute, and time enough for its incident to settle."""
    here.send(alert(severity=severity))
    here.wait(minutes=1)
    here.send(recovery())
    here.wait(minutes=65)


def test_alerts_of_one_service_share_an_incident() -> None:
    here = stage()
    receipt = here.send(alert("HighLatency"), alert("HighErrorRate"))
    assert len(receipt.opened) == 1
    outcomes = sorted(stored.decision.outcome.value for stored in here.tables.decisions.values())
    assert outcomes == ["joined", "opened"]


def test_alerts_of_strangers_open_an_incident_each() -> None:
    here = stage()
    receipt = here.send(alert("HighLatency"), alert("DiskFull", "billing"))
    assert len(receipt.opened) == 2


def test_alerts_along_a_call_share_an_incident() -> None:
    here = stage()
    graph = ServiceGraph(
        services=frozenset({"shop", "pricing"}), calls=frozenset({Call(caller="shop", callee="pricing")})
    )
    here.copilot.import_services(actor=here.engineer, graph=graph)
    receipt = here.send(alert("SlowPages", "shop"), alert("HighErrors", "pricing"))
    assert len(receipt.opened) == 1


def test_a_change_before_both_brings_two_services_together() -> None:
    here = stage()
    calls = frozenset({Call(caller="web", callee="lib"), Call(caller="app", callee="lib")})
    here.copilot.import_services(
        actor=here.engineer, graph=ServiceGraph(services=frozenset({"web", "app", "lib"}), calls=calls)
    )
    here.send(deploy("lib", occurred_at=BEGINNING - timedelta(minutes=5)))
    receipt = here.send(alert("SlowPages", "web"), alert("FailedLogins", "app"))
    factors = {f.name: f.value for s in list(here.tables.decisions.values())[1].decision.scores for f in s.factors}
    assert factors["common_change"] == 1.0
    assert len(receipt.opened) == 1


def test_what_people_declared_is_joined_by_signals_of_its_service_and_not_by_those_of_strangers() -> None:
    here = stage()
    declared = here.copilot.declare(actor=here.engineer, title="Search finds nothing", service="search")
    assert here.send(alert("HighErrorRate", "search")).incidents == (declared.id,)
    another = here.copilot.declare(actor=here.engineer, title="Mail is late", service="mail")
    receipt = here.send(alert("DiskFull", "billing"))
    assert len(receipt.opened) == 1
    decided = next(s for s in here.tables.decisions.values() if s.decision.incident_id == receipt.opened[0]).decision
    assert all(row.score < 0.5 for row in decided.scores)
    assert len(decided.scores) + decided.ruled_out == len((declared, another))


def test_severity_rises_with_the_signals_and_never_falls() -> None:
    here = stage()
    (incident_id,) = here.send(alert(severity=Severity.LOW)).opened
    here.send(alert("HighErrorRate", severity=Severity.CRITICAL))
    here.send(alert("Another", severity=Severity.LOW))
    assert here.tables.incidents[incident_id].severity is Severity.CRITICAL
    assert "incident.severity_raised" in [entry.event_type for entry in here.tables.audit.values()]


def test_detection_moves_back_to_the_earliest_start() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.send(alert("HighErrorRate", occurred_at=BEGINNING - timedelta(minutes=4)))
    assert here.tables.incidents[incident_id].detected_at == BEGINNING - timedelta(minutes=4)


def test_a_series_whose_incident_resolved_by_itself_opens_a_linked_one() -> None:
    here = stage()
    fire_and_recover(here)
    (first,) = here.tables.incidents.values()
    assert (first.state, first.resolved_automatically) == (State.RESOLVED, True)
    (second_id,) = here.send(alert()).opened
    second = here.tables.incidents[second_id]
    assert (second.recurrence_of, second.recurrence_count) == (first.id, 1)
    assert here.tables.incidents[first.id].state is State.RESOLVED
    outcomes = [stored.decision.outcome for stored in here.tables.decisions.values()]
    assert outcomes == [CorrelationOutcome.OPENED, CorrelationOutcome.OPENED_RECURRENCE]


def test_the_third_incident_of_a_series_within_a_day_settles_more_patiently() -> None:
    here = stage()
    fire_and_recover(here)
    fire_and_recover(here)
    (third_id,) = here.send(alert()).opened
    here.send(recovery(), at=here.clock.now())
    third = here.tables.incidents[third_id]
    assert third.recurrence_count == 2
    assert third.settle_at == here.clock.now() + SETTLE_TIME_RECURRING


def test_a_recurrence_after_more_than_a_day_is_linked_but_starts_counting_anew() -> None:
    here = stage()
    fire_and_recover(here)
    (first,) = here.tables.incidents.values()
    here.wait(hours=24)
    (second_id,) = here.send(alert()).opened
    second = here.tables.incidents[second_id]
    assert (second.recurrence_of, second.recurrence_count) == (first.id, 0)


def test_a_late_resolve_that_splits_an_episode_leaves_the_later_part_in_its_incident() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.send(alert(), at=BEGINNING + timedelta(minutes=10))
    receipt = here.send(recovery(occurred_at=BEGINNING + timedelta(minutes=5)), at=BEGINNING + timedelta(minutes=12))
    assert receipt.opened == ()
    assert {episode.incident_id for episode in here.tables.episodes.values()} == {incident_id}
    assert [signal.is_duplicate for signal in here.tables.signals.values()] == [False, False, False]


def test_an_episode_that_goes_on_after_all_in_an_open_incident_stays_there() -> None:
    here = stage()
    (incident_id,) = here.send(alert(expires_at=BEGINNING + timedelta(minutes=5), occurred_at=BEGINNING)).opened
    here.wait(minutes=6)
    assert here.tables.incidents[incident_id].settle_at is not None
    decided = dict(here.tables.decisions)
    here.send(alert(expires_at=BEGINNING + timedelta(minutes=30), occurred_at=BEGINNING))
    (episode,) = here.tables.episodes.values()
    assert (episode.incident_id, episode.is_open) == (incident_id, True)
    assert here.tables.incidents[incident_id].settle_at is None
    assert here.tables.decisions == decided


def test_an_episode_that_goes_on_after_all_in_a_closed_incident_finds_a_new_one() -> None:
    here = stage()
    (first_id,) = here.send(alert(expires_at=BEGINNING + timedelta(minutes=5), occurred_at=BEGINNING)).opened
    here.wait(minutes=15)
    assert here.tables.incidents[first_id].state is State.RESOLVED
    repeat = alert(expires_at=BEGINNING + timedelta(minutes=30), occurred_at=BEGINNING)
    receipt = here.send(repeat)
    (second_id,) = receipt.opened
    assert here.tables.incidents[second_id].recurrence_of == first_id
    (episode,) = here.tables.episodes.values()
    assert (episode.incident_id, episode.is_open) == (second_id, True)
    assert here.tables.incidents[first_id].state is State.RESOLVED


def test_over_the_monthly_limit_a_signal_is_stored_and_waits() -> None:
    here = stage(tenant=make_tenant(**LIMITED))
    here.send(alert())
    receipt = here.send(alert("DiskFull", "billing"))
    assert (receipt.accepted, receipt.incidents) == (1, ())
    waiting = [signal for signal in here.tables.signals.values() if signal.waiting]
    assert [signal.draft.name for signal in waiting] == ["DiskFull"]


def test_a_critical_signal_opens_an_incident_whatever_the_limit() -> None:
    here = stage(tenant=make_tenant(**LIMITED))
    here.send(alert())
    assert len(here.send(alert("DiskFull", "billing", severity=Severity.CRITICAL)).opened) == 1


def test_joining_is_never_limited() -> None:
    here = stage(tenant=make_tenant(**LIMITED))
    opened = here.send(alert()).opened
    assert here.send(alert("HighErrorRate")).incidents == opened


def test_people_set_the_severity_and_signals_leave_it_there() -> None:
    here = stage()
    (incident_id,) = here.send(alert(severity=Severity.LOW)).opened
    here.copilot.edit(actor=here.engineer, incident_id=incident_id, edit=Edit(severity=Severity.LOW))
    here.send(alert("HighErrorRate", severity=Severity.CRITICAL))
    assert here.tables.incidents[incident_id].severity is Severity.LOW


def test_a_signal_that_comes_after_the_suggestion_clears_it() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.copilot.investigate(actor=here.person(Role.ENGINEER), incident_id=incident_id)
    here.send(recovery(), at=BEGINNING + timedelta(minutes=1))
    here.wait(minutes=10)
    assert here.tables.incidents[incident_id].settle_suggested_at is not None
    here.send(alert())
    assert here.tables.incidents[incident_id].settle_suggested_at is None


def test_a_title_too_long_for_an_incident_is_cut() -> None:
    here = stage()
    (incident_id,) = here.send(alert(title="x" * 600)).opened
    assert len(here.tables.incidents[incident_id].title) == 500


def test_an_incident_closed_by_a_person_is_not_reopened_by_a_new_episode() -> None:
    here = stage()
    (first_id,) = here.send(alert()).opened
    here.copilot.transition(actor=here.engineer, incident_id=first_id, action=Action.RESOLVE)
    here.send(recovery(), at=BEGINNING + timedelta(minutes=1))
    (second_id,) = here.send(alert(), at=BEGINNING + timedelta(minutes=2)).opened
    assert here.tables.incidents[second_id].recurrence_of == first_id


def test_all_that_fired_at_once_in_an_episode_decides_and_not_only_its_original() -> None:
    here = stage()
    first, then = BEGINNING - timedelta(minutes=2), BEGINNING - timedelta(minutes=1)
    receipt = here.send(
        alert(severity=Severity.INFO, occurred_at=first), alert(severity=Severity.HIGH, occurred_at=then)
    )
    (incident_id,) = receipt.opened
    assert here.tables.incidents[incident_id].severity is Severity.HIGH


def test_what_grows_worse_within_the_delivery_that_begins_it_is_decided_once() -> None:
    here = stage()
    at = BEGINNING - timedelta(minutes=1)
    receipt = here.send(alert(severity=Severity.LOW, occurred_at=at), alert(severity=Severity.CRITICAL))
    assert len(receipt.opened) == 1
    assert [stored.decision.outcome for stored in here.tables.decisions.values()] == [CorrelationOutcome.OPENED]


def test_an_episode_of_long_before_is_no_recurrence_of_what_came_later() -> None:
    here = stage()
    fire_and_recover(here)
    (later,) = here.tables.incidents
    early = BEGINNING - timedelta(hours=40)
    here.send(alert(occurred_at=early), recovery(occurred_at=early + timedelta(minutes=1)))
    (earlier,) = here.tables.incidents.keys() - {later}
    assert here.tables.incidents[earlier].recurrence_of is None


def test_what_comes_back_is_as_severe_as_the_worst_of_its_episode_and_opens_beyond_the_limit() -> None:
    here = stage(tenant=make_tenant(**LIMITED))

    def fired(minute: int, severity: Severity, *, until: int) -> SignalDraft:
        moment, end = (BEGINNING + timedelta(minutes=after) for after in (minute, until))
        return alert(severity=severity, occurred_at=moment, expires_at=end)

    (first,) = here.send(fired(0, Severity.INFO, until=5), fired(1, Severity.CRITICAL, until=5)).opened
    here.wait(minutes=15)
    assert here.tables.incidents[first].state is State.RESOLVED
    (second,) = here.send(fired(1, Severity.CRITICAL, until=30)).opened
    incident = here.tables.incidents[second]
    assert (incident.severity, incident.recurrence_of) == (Severity.CRITICAL, first)
