"""What the clock demands: episodes end, incidents settle, what waited is placed."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import attrs

from sre_copilot.application.use_cases.run_due_timers import TimersRun
from sre_copilot.domain.decisions import CorrelationOutcome, EpisodeEnd
from sre_copilot.domain.incidents import Resolution
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.signals import Severity
from sre_copilot.testing.builders import make_tenant
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.faults import Fault, TappedUnits
from sre_copilot.testing.stage import Stage, alert, recovery, stage

FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return BEGINNING + timedelta(minutes=minutes)


def quiet(here: Stage) -> None:
    """Let the one alert of the stage end and time pass until its incident settles."""
    here.send(recovery(), at=at(1))
    here.wait(minutes=7)


def test_nothing_is_due_on_an_empty_stage() -> None:
    assert stage().wait(hours=1) == TimersRun()


def test_a_quiet_incident_that_nobody_works_on_resolves_by_itself_at_its_settle_time() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    quiet(here)
    incident = here.tables.incidents[incident_id]
    assert (incident.state, incident.resolution) == (State.RESOLVED, Resolution.RECOVERED)
    assert (incident.resolved_at, incident.resolved_automatically) == (at(6), True)
    assert list(here.tables.transitions.values())[-1].automated


def test_before_its_settle_time_it_stays() -> None:
    here = stage()
    here.send(alert())
    here.send(recovery(), at=at(1))
    assert here.wait(minutes=5.9) == TimersRun()


def test_running_twice_changes_nothing_more() -> None:
    here = stage()
    here.send(alert())
    quiet(here)
    before = here.tables.copy()
    assert here.wait() == TimersRun()
    assert here.tables == before


def test_an_acknowledged_one_resolves_too() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.copilot.acknowledge(actor=here.engineer, incident_id=incident_id)
    quiet(here)
    assert here.tables.incidents[incident_id].state is State.RESOLVED


def test_an_incident_under_investigation_is_only_suggested_to_be_over_once() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.copilot.investigate(actor=here.engineer, incident_id=incident_id)
    here.send(recovery(), at=at(1))
    assert here.wait(minutes=7).suggested == (incident_id,)
    assert here.tables.incidents[incident_id].state is State.INVESTIGATING
    (note,) = here.tables.notes.values()
    assert (note.user_id, "ended" in note.text) == (None, True)
    assert here.wait(minutes=7) == TimersRun()


def test_the_suggestion_leaves_an_audit_entry() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.copilot.investigate(actor=here.engineer, incident_id=incident_id)
    before = len(here.tables.audit)
    quiet(here)
    entries = list(here.tables.audit.values())[before:]
    assert [(entry.event_type, entry.resource_id) for entry in entries] == [("incident.settle_suggested", incident_id)]


def test_silence_ends_an_episode_and_five_minutes_later_its_incident() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    run = here.wait(hours=12, minutes=1)
    (episode,) = here.tables.episodes.values()
    assert (run.advanced, episode.end, episode.ended_at) == (1, EpisodeEnd.SILENT, BEGINNING + timedelta(hours=12))
    assert here.wait(minutes=5).resolved == (incident_id,)


def test_an_expiry_ends_an_episode_at_that_time() -> None:
    here = stage()
    here.send(alert(expires_at=at(4)))
    here.wait(minutes=5)
    (episode,) = here.tables.episodes.values()
    assert (episode.end, episode.ended_at, episode.due_at) == (EpisodeEnd.EXPIRED, at(4), None)


def test_expiry_and_settling_that_are_both_due_happen_in_one_run() -> None:
    here = stage()
    (incident_id,) = here.send(alert(expires_at=at(4))).opened
    run = here.wait(minutes=30)
    assert (run.advanced, run.resolved) == (1, (incident_id,))
    assert here.tables.incidents[incident_id].resolved_at == at(9)


class Rival(Fault):
    """Somebody who is faster: resolves the incident right after its settling was looked up for the second time."""

    def __init__(self, here: Stage, incident_id: UUID) -> None:
        super().__init__()
        self.here, self.incident_id = here, incident_id

    def after(self, call: str) -> None:
        if self.calls.count("incidents.settling") == 2 and call == "incidents.settling":
            self.here.copilot.resolve(actor=self.here.engineer, incident_id=self.incident_id)


def test_an_incident_that_somebody_resolves_meanwhile_is_left_to_them() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.send(recovery(), at=at(1))
    now = here.clock.advance(timedelta(minutes=7))
    rival = Rival(here, incident_id)
    timers = attrs.evolve(here.copilot.run_timers, units=TappedUnits(here.units, rival))
    assert timers(actor=here.system, now=now).resolved == ()
    incident = here.tables.incidents[incident_id]
    assert (incident.resolution, incident.resolved_automatically) == (Resolution.FIXED, False)
    assert [row.to_state for row in here.tables.transitions.values()] == ["detected", "resolved"]


def test_an_incident_with_an_open_episode_never_settles_whatever_its_timer_says() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    with here.units(here.tenant.id) as uow:
        uow.incidents.save(attrs.evolve(here.tables.incidents[incident_id], settle_at=at(1)))
        uow.commit()
    before = here.tables.copy()
    assert here.wait(minutes=5) == TimersRun()
    assert here.tables == before


def waiting_stage() -> Stage:
    """A plan that allows one incident a month, and an alert that came second."""
    here = stage(tenant=make_tenant(max_incidents_per_month=1))
    here.send(alert())
    here.send(alert("DiskFull", "billing"))
    return here


def test_what_waits_is_placed_in_the_next_month_if_it_still_goes_on() -> None:
    here = stage(tenant=make_tenant(max_incidents_per_month=1))
    here.clock.set(FEBRUARY - timedelta(minutes=1))
    here.send(alert())
    here.send(alert("DiskFull", "billing"))
    run = here.wait(minutes=1)
    assert run.placed == 1
    (incident,) = [incident for incident in here.tables.incidents.values() if incident.service == "billing"]
    (signal,) = [signal for signal in here.tables.signals.values() if signal.draft.service == "billing"]
    (episode,) = [one for one in here.tables.episodes.values() if one.original_id == signal.id]
    assert (signal.incident_id, episode.incident_id, episode.waiting) == (incident.id, incident.id, False)
    assert here.tables.decisions[signal.id].decision.outcome is CorrelationOutcome.OPENED


def test_what_still_has_to_wait_is_not_decided_again_with_every_run() -> None:
    here = waiting_stage()
    waiting = next(signal for signal in here.tables.signals.values() if signal.waiting)
    before = here.tables.decisions[waiting.id]
    assert here.wait(minutes=1).placed == 0
    assert here.tables.decisions[waiting.id] is before
    assert before.decision.outcome is CorrelationOutcome.WAITING


def test_an_episode_that_ends_while_it_waits_never_gets_an_incident() -> None:
    here = waiting_stage()
    here.send(recovery("DiskFull", "billing"), at=at(3))
    here.clock.set(FEBRUARY)
    here.wait()
    assert {incident.service for incident in here.tables.incidents.values()} == {"checkout"}


def test_what_waits_is_placed_by_the_worst_that_fired_in_it() -> None:
    here = stage(tenant=make_tenant(max_incidents_per_month=1))
    here.clock.set(FEBRUARY - timedelta(minutes=2))
    here.send(alert())
    here.send(alert("DiskFull", "billing", severity=Severity.INFO))
    here.wait(minutes=1)
    here.send(alert("DiskFull", "billing", severity=Severity.HIGH))
    assert here.wait(minutes=1).placed == 1
    (incident,) = [incident for incident in here.tables.incidents.values() if incident.service == "billing"]
    assert incident.severity is Severity.HIGH
