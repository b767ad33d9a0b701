"""Silence: when it raises an alarm, and what ends the alarm."""

from datetime import timedelta
from typing import Any

from sre_copilot.application.use_cases.watch_silence import SERVICE
from sre_copilot.domain.actors import Role
from sre_copilot.domain.deliveries import Receipt, Verdict
from sre_copilot.domain.lifecycle import State
from sre_copilot.testing.builders import make_integration, make_tenant
from sre_copilot.testing.stage import Stage, alert, stage

TENANT = make_tenant()
EVERY = timedelta(minutes=5)


def listening(**given: Any) -> Stage:
    integration = make_integration(TENANT.id, name="alertmanager", expected_every=EVERY, **given)
    return stage(tenant=TENANT, integration=integration)


def watch(here: Stage) -> Receipt | None:
    due = here.copilot.administration.directory.changed_silences(here.clock.now())
    if not due:
        return None
    ((tenant_id, integration_id),) = due
    return here.copilot.watch(tenant_id=tenant_id, integration_id=integration_id)


def test_within_the_usual_time_nothing_is_said() -> None:
    here = listening()
    here.clock.advance(EVERY)
    assert watch(here) is None


def test_a_longer_silence_opens_one_incident_of_the_monitoring_itself() -> None:
    here = listening()
    here.send(alert())
    here.clock.advance(EVERY + timedelta(seconds=1))
    receipt = watch(here)
    assert receipt is not None
    (incident_id,) = receipt.opened
    incident = here.tables.incidents[incident_id]
    assert (incident.title, incident.service) == ("Integration alertmanager has fallen silent", SERVICE)
    assert here.tables.deliveries[receipt.delivery_id].verdict is Verdict.OWN
    here.clock.advance(EVERY)
    assert watch(here) is None
    assert len(here.tables.incidents) == 2


def test_a_sender_that_never_sent_anything_is_silent_too() -> None:
    here = listening()
    here.clock.advance(EVERY + timedelta(seconds=1))
    assert watch(here) is not None


def test_once_it_is_heard_again_the_alarm_ends_and_its_incident_resolves_by_itself() -> None:
    here = listening()
    here.clock.advance(EVERY + timedelta(seconds=1))
    alarm = watch(here)
    assert alarm is not None
    here.clock.advance(timedelta(minutes=1))
    here.send(alert())
    receipt = watch(here)
    assert receipt is not None
    assert receipt.resolved == 1
    assert watch(here) is None
    here.wait(minutes=6)
    assert here.tables.incidents[alarm.opened[0]].state is State.RESOLVED


def test_a_sender_that_is_expected_every_few_seconds_and_comes_as_often_is_not_silent() -> None:
    often = timedelta(seconds=10)
    integration = make_integration(TENANT.id, expected_every=often, expects_heartbeat=True)
    here = stage(tenant=TENANT, integration=integration)
    for _ in range(4):
        here.send(alert("Watchdog", is_heartbeat=True))
        here.clock.advance(timedelta(seconds=6))
        assert watch(here) is None


def test_where_a_heartbeat_is_expected_other_deliveries_do_not_count() -> None:
    here = listening(expects_heartbeat=True)
    here.send(alert("Watchdog", is_heartbeat=True))
    for _ in range(3):
        here.clock.advance(EVERY / 2)
        here.send(alert())
    assert watch(here) is not None
    here.clock.advance(timedelta(seconds=30))
    here.send(alert("Watchdog", is_heartbeat=True))
    receipt = watch(here)
    assert receipt is not None
    assert receipt.resolved == 1


def test_who_expects_nothing_any_more_ends_the_alarm() -> None:

    here = listening()
    here.clock.advance(EVERY + timedelta(seconds=1))
    watch(here)
    here.copilot.configure_integration(
        actor=here.person(Role.ADMIN), integration_id=here.integration.id, expected_every=timedelta(0)
    )
    receipt = watch(here)
    assert receipt is not None
    assert receipt.resolved == 1
