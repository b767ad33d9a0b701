"""Silences while signals come in and time passes: nothing is lost, nobody is told, and what is still on comes up after."""

from collections import Counter
from datetime import timedelta

import attrs
import pytest

from sre_copilot.domain.decisions import CorrelationOutcome, Decision
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.signals import Severity
from sre_copilot.domain.silences import Silence, read_matchers
from sre_copilot.testing.builders import make_tenant
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.faults import Fault, TappedUnits
from sre_copilot.testing.silences import make_silence
from sre_copilot.testing.stage import Stage, alert, recovery, stage
from tests.unit.application.scene import on_units


def silence(here: Stage, written: str = "service=checkout", *, minutes: float = 60, **given: object) -> Silence:
    """Store a silence from now on."""
    now = here.clock.now()
    made = make_silence(
        here.tenant.id,
        matchers=read_matchers(written),
        **{"starts_at": now, "ends_at": now + timedelta(minutes=minutes), "created_at": now, **given},
    )
    with here.units(here.tenant.id) as uow:
        uow.silences.add(made)
        uow.commit()
    return made


def end(here: Stage, made: Silence) -> None:
    """End a silence early."""
    with here.units(here.tenant.id) as uow:
        uow.silences.end(made.ended(None, here.clock.now()))
        uow.commit()


def outcomes(here: Stage) -> list[str]:
    """What was decided last of each original."""
    return [stored.decision.outcome.value for stored in here.tables.decisions.values()]


def open_incidents(here: Stage) -> int:
    """How many people could be at work on."""
    return sum(incident.state.is_open for incident in here.tables.incidents.values())


def test_a_silenced_alert_is_recorded_and_opens_nothing() -> None:
    here = stage()
    made = silence(here)
    receipt = here.send(alert(), alert("DiskFull", "billing"))
    assert (receipt.accepted, receipt.silenced, receipt.waiting, len(receipt.opened)) == (2, 1, 0, 1)
    quiet, loud = here.tables.signals.values()
    assert (quiet.decision, quiet.incident_id, quiet.waiting) == (Decision.SILENCED, None, False)
    assert loud.decision is Decision.NEW_EPISODE
    stored = here.tables.decisions[quiet.id]
    assert (stored.decision.outcome, stored.decision.silence_id) == (CorrelationOutcome.SILENCED, made.id)
    (told,) = here.tables.incidents.values()
    assert told.service == "billing"


def test_duplicates_of_a_silenced_episode_are_rows_and_its_resolve_ends_it() -> None:
    here = stage()
    silence(here)
    here.send(alert(vendor_id="1"))
    here.send(alert(vendor_id="2"))
    here.send(recovery(vendor_id="3"), at=BEGINNING + timedelta(minutes=1))
    assert [s.decision.value for s in here.tables.signals.values()] == ["silenced", "duplicate", "resolved"]
    here.wait(hours=2)
    assert here.tables.incidents == {}
    assert outcomes(here) == ["silenced"]


def test_a_silenced_alert_does_not_join_an_open_incident_either_and_a_silence_changes_nothing_about_that() -> None:
    here = stage()
    (opened,) = here.send(alert("HighErrorRate")).opened
    silence(here)
    before = here.tables.incidents[opened]
    assert here.send(alert("HighLatency")).incidents == ()
    assert here.tables.incidents[opened] == before
    here.send(alert("HighErrorRate", vendor_id="again", severity=Severity.CRITICAL))
    assert here.tables.incidents[opened].severity is Severity.CRITICAL
    here.wait(minutes=30)
    assert here.tables.incidents[opened].state is State.DETECTED


def test_an_episode_that_goes_on_when_the_silence_is_over_is_correlated_then() -> None:
    here = stage()
    silence(here, minutes=60)
    here.send(alert(), alert("HighErrorRate"))
    assert here.wait(minutes=59).placed == 0
    run = here.wait(minutes=1)
    assert run.placed == 2
    (incident,) = here.tables.incidents.values()
    assert (incident.detected_at, incident.created_at) == (BEGINNING, here.clock.now())
    assert {signal.incident_id for signal in here.tables.signals.values()} == {incident.id}
    assert sorted(outcomes(here)) == ["joined", "opened"]
    assert here.wait(minutes=1).placed == 0


def test_what_comes_up_after_a_silence_joins_what_is_open_then_with_all_its_signals() -> None:
    here = stage()
    silence(here, "alertname=HighLatency", minutes=10)
    here.send(alert("HighLatency", severity=Severity.LOW))
    here.send(alert("HighLatency", severity=Severity.CRITICAL, vendor_id="worse"))
    (opened,) = here.send(alert("HighErrorRate", severity=Severity.MEDIUM)).opened
    assert here.wait(minutes=10).placed == 1
    assert here.tables.incidents[opened].severity is Severity.CRITICAL
    assert {signal.incident_id for signal in here.tables.signals.values()} == {opened}


def test_a_silence_that_is_ended_early_lets_go_at_once() -> None:
    here = stage()
    made = silence(here)
    here.send(alert())
    here.clock.advance(timedelta(minutes=1))
    end(here, made)
    assert len(here.send(alert("HighErrorRate")).opened) == 1
    assert here.wait(seconds=1).placed == 1
    assert open_incidents(here) == 1


def test_a_silence_that_is_to_come_silences_nothing_yet() -> None:
    here = stage()
    silence(here, starts_at=BEGINNING + timedelta(minutes=1), ends_at=BEGINNING + timedelta(minutes=2))
    assert len(here.send(alert()).opened) == 1


def test_an_episode_of_two_silences_waits_for_both() -> None:
    here = stage()
    first = silence(here, minutes=10, created_at=BEGINNING - timedelta(minutes=1))
    second = silence(here, "alertname=~High.+", minutes=20)
    here.send(alert())
    (signal_id,) = here.tables.signals
    assert here.tables.decisions[signal_id].decision.silence_id == first.id
    assert here.wait(minutes=10).placed == 0
    assert here.tables.decisions[signal_id].decision.silence_id == second.id
    assert here.wait(minutes=10).placed == 1


def test_something_worse_in_a_silenced_episode_stays_silenced_and_is_put_on_record_once() -> None:
    here = stage()
    silence(here, "severity!=critical")
    here.send(alert(severity=Severity.LOW, vendor_id="1"))
    (before,) = here.tables.decisions.values()
    here.clock.advance(timedelta(minutes=1))
    assert here.send(alert(severity=Severity.CRITICAL, vendor_id="2")).opened == ()
    assert list(here.tables.decisions.values()) == [before]


def test_an_info_episode_that_gets_worse_is_silenced_by_what_began_meanwhile() -> None:
    here = stage()
    here.send(alert(severity=Severity.INFO, vendor_id="1"))
    assert outcomes(here) == ["context_only"]
    silence(here, minutes=30)
    here.send(alert(severity=Severity.CRITICAL, vendor_id="2"))
    assert outcomes(here) == ["silenced"]
    assert here.tables.incidents == {}
    assert here.wait(minutes=30).placed == 1
    (incident,) = here.tables.incidents.values()
    assert incident.severity is Severity.CRITICAL


def test_an_info_episode_stays_context_when_its_silence_is_over() -> None:
    here = stage()
    silence(here, minutes=30)
    here.send(alert(severity=Severity.INFO))
    assert here.wait(minutes=30).placed == 0
    assert outcomes(here) == ["context_only"]
    at = here.clock.now()
    here.wait(minutes=1)
    assert [stored.at for stored in here.tables.decisions.values()] == [at]


def test_an_episode_that_turns_out_to_go_on_after_its_incident_was_closed_may_be_silenced_until_then() -> None:
    here = stage()
    (first,) = here.send(alert(expires_at=BEGINNING + timedelta(minutes=5))).opened
    here.wait(minutes=5)
    here.wait(minutes=10)
    assert here.tables.incidents[first].state is State.RESOLVED
    silence(here, minutes=30, starts_at=BEGINNING)
    # A repeat that was on its way for long: the episode never ended.
    here.send(
        alert(occurred_at=BEGINNING, expires_at=BEGINNING + timedelta(hours=9)), at=BEGINNING + timedelta(minutes=4)
    )
    (episode,) = here.tables.episodes.values()
    assert (episode.is_open, episode.incident_id) == (True, first)
    assert outcomes(here) == ["silenced"]
    assert here.wait(minutes=30).placed == 1
    assert open_incidents(here) == 1
    assert here.tables.episodes[episode.id].incident_id != first


def test_what_a_split_leaves_open_of_a_silenced_episode_comes_up_after_the_silence() -> None:
    here = stage()
    silence(here, minutes=60)
    here.send(alert())
    here.send(alert(), at=BEGINNING + timedelta(minutes=10))
    here.send(recovery(occurred_at=BEGINNING + timedelta(minutes=5)), at=BEGINNING + timedelta(minutes=12))
    assert len(here.tables.episodes) == 2
    assert here.wait(minutes=60).placed == 1
    (incident,) = here.tables.incidents.values()
    assert incident.detected_at == BEGINNING + timedelta(minutes=10)


def test_an_episode_that_waits_for_the_plans_limit_stays_waiting_through_a_silence() -> None:
    here = stage(tenant=make_tenant(max_incidents_per_month=1))
    here.send(alert("DiskFull", "billing"))
    here.send(alert(severity=Severity.LOW))
    silence(here, minutes=60 * 24 * 40)
    assert here.wait(days=35).placed == 0
    assert outcomes(here)[-1] == "waiting"
    here.send(alert(occurred_at=BEGINNING))
    assert here.wait(days=6).placed in (0, 1)


def test_a_released_episode_waits_where_the_plans_limit_is_reached() -> None:
    here = stage(tenant=make_tenant(max_incidents_per_month=1))
    silence(here, minutes=10)
    here.send(alert("DiskFull", "billing"))
    here.send(alert(severity=Severity.LOW))
    assert here.wait(minutes=10).placed == 0
    (episode,) = (one for one in here.tables.episodes.values() if one.incident_id is None)
    assert episode.waiting
    assert outcomes(here)[-1] == "waiting"


def test_an_episode_that_ends_with_its_silence_opens_nothing() -> None:
    here = stage()
    silence(here, minutes=10)
    here.send(alert(expires_at=BEGINNING + timedelta(minutes=10)))
    here.wait(minutes=10)
    here.wait(minutes=1)
    assert here.tables.incidents == {}
    assert here.units.database.of(here.tenant.id).lifted


def test_a_series_that_time_moves_on_is_let_go_in_the_next_run() -> None:
    here = stage()
    made = silence(here, minutes=10)
    here.send(alert("HighLatency", expires_at=BEGINNING + timedelta(minutes=10)), alert("HighErrorRate"))
    assert here.wait(minutes=10).placed == 0
    assert made.id not in here.tables.lifted
    assert here.wait(seconds=5).placed == 1
    assert made.id in here.tables.lifted


def test_a_delivery_that_is_late_in_line_is_not_left_to_a_silence_that_is_lifted() -> None:
    here = stage()
    silence(here, minutes=10)
    here.wait(minutes=10)
    assert len(here.send(alert(), at=BEGINNING + timedelta(minutes=9)).opened) == 1


@pytest.mark.parametrize(
    "written", ["integration=alerts", "integration=~al.*,service=checkout", "alertname=HighLatency"]
)
def test_a_silence_may_name_the_integration_and_the_alert(written: str) -> None:
    here = stage()
    silence(here, written)
    assert here.send(alert()).opened == ()


def test_silences_are_read_once_per_batch_and_only_where_something_needs_an_incident() -> None:
    here, watch = stage(), Fault()
    silence(here)
    here.send(alert(), alert("HighErrorRate"), alert("DiskFull", "billing"))
    ingesting = on_units(here.copilot.ingest_delivery, TappedUnits(here.units, watch))
    watched = attrs.evolve(here, copilot=attrs.evolve(here.copilot, ingest_delivery=ingesting))
    watched.send(alert("A", "x"), alert("B", "y"), alert("C", "z"))
    assert Counter(call for call in watch.calls if call.startswith("silences")) == Counter({"silences.active": 1})
    watched.send(recovery("A", "x"), alert("HighLatency", occurred_at=BEGINNING))
    assert watch.calls.count("silences.active") == 1
