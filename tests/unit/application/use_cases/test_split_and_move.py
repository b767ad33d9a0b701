from datetime import timedelta
from uuid import UUID, uuid4

import attrs
import pytest

from sre_copilot.domain.actors import Role
from sre_copilot.domain.corrections import CorrectionKind
from sre_copilot.domain.decisions import CorrelationOutcome
from sre_copilot.domain.errors import ConcurrentTransition, InvalidInput, InvalidTransition, NotFound
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.signals import Severity
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import Stage, alert, deploy, recovery, stage

MINUTE = timedelta(minutes=1)


@attrs.frozen
class Crowd:
    """An incident of two series, and another one of a service that has nothing to do with it."""

    here: Stage
    incident: UUID
    first: UUID
    second: UUID
    other: UUID

    def split(self, *signal_ids: UUID, **given: object) -> Incident:
        wanted = {"incident_id": self.incident, "signal_ids": signal_ids, **given}
        return self.here.copilot.split(actor=self.here.engineer, **wanted)  # type: ignore[arg-type]

    def move(self, signal_id: UUID, **given: object) -> Incident:
        return self.here.copilot.move_signal(actor=self.here.engineer, signal_id=signal_id, **given)  # type: ignore[arg-type]

    def get(self, incident_id: UUID) -> Incident:
        return self.here.tables.incidents[incident_id]

    def home(self, signal_id: UUID) -> UUID | None:
        return self.here.tables.signals[signal_id].incident_id


@pytest.fixture
def crowd() -> Crowd:
    here = stage()
    first = here.send(alert("HighLatency", severity=Severity.HIGH))
    here.clock.advance(MINUTE)
    second = here.send(alert("ErrorRate", severity=Severity.LOW))
    assert second.incidents == first.opened
    here.clock.advance(MINUTE)
    other = here.send(alert("DiskFull", "warehouse", severity=Severity.LOW))
    return Crowd(here, first.opened[0], first.signals[0], second.signals[0], other.opened[0])


def test_signals_that_are_split_off_open_an_incident_with_all_of_their_episode(crowd: Crowd) -> None:
    here = crowd.here
    (again,) = here.send(alert("ErrorRate")).signals
    after = crowd.split(again, reason="another team's")
    assert (crowd.home(crowd.first), crowd.home(crowd.second), crowd.home(again)) == (
        crowd.incident,
        after.id,
        after.id,
    )
    assert (after.title, after.state, after.split_from) == ("ErrorRate on checkout", State.DETECTED, crowd.incident)
    assert (after.severity, after.detected_at, after.created_at) == (
        Severity.HIGH,
        BEGINNING + MINUTE,
        here.clock.now(),
    )
    (row,) = here.copilot.incidents.transitions(actor=here.engineer, incident_id=after.id)
    assert (row.from_state, row.to_state, row.reason, row.automated) == ("", "detected", "another team's", False)
    assert crowd.get(crowd.incident).severity is Severity.HIGH


def test_the_new_incident_is_as_bad_as_what_fired_and_may_get_a_title(crowd: Crowd) -> None:
    after = crowd.split(crowd.second, title="Errors at the till")
    assert (after.severity, after.title) == (Severity.LOW, "Errors at the till")


def test_what_comes_next_follows_where_people_put_it_and_a_new_episode_is_correlated_anew(crowd: Crowd) -> None:
    here = crowd.here
    after = crowd.move(crowd.second, into_id=crowd.other)
    here.clock.advance(MINUTE)
    assert here.send(alert("ErrorRate")).incidents == (crowd.other,)
    here.send(recovery("ErrorRate"))
    here.clock.advance(MINUTE)
    later = here.send(alert("ErrorRate"))
    told = here.copilot.signals.explain(actor=here.engineer, signal_id=later.signals[0])
    assert told.correlation is not None
    assert told.correlation.decision.outcome is CorrelationOutcome.JOINED
    assert later.incidents == (told.correlation.decision.incident_id,)
    assert {score.incident_id for score in told.correlation.decision.scores} >= {after.id}
    assert [one.signal_id for one in told.corrections] == [crowd.second]


def test_the_decision_and_its_candidates_stay_beside_what_people_did(crowd: Crowd) -> None:
    crowd.split(crowd.second, into_id=crowd.other)
    told = crowd.here.copilot.signals.explain(actor=crowd.here.engineer, signal_id=crowd.second)
    assert told.correlation is not None
    assert told.correlation.decision.incident_id == crowd.incident
    (kept,) = told.corrections
    assert (kept.kind, kept.left_id, kept.joined_id) == (CorrectionKind.SPLIT, crowd.incident, crowd.other)
    assert kept.outcome is CorrelationOutcome.JOINED
    (score,) = told.correlation.decision.scores
    assert kept.scores == (score,)
    assert (score.incident_id, score.score >= 0.5) == (crowd.incident, True)


def test_both_sides_settle_by_what_they_have_left(crowd: Crowd) -> None:
    here = crowd.here
    here.send(recovery("HighLatency"))
    assert crowd.get(crowd.incident).settle_at is None
    ended = here.clock.now()
    here.clock.advance(MINUTE)
    after = crowd.split(crowd.second)
    assert (crowd.get(crowd.incident).settle_at, after.settle_at) == (ended + 5 * MINUTE, None)
    assert here.wait(minutes=6).resolved == (crowd.incident,)
    assert crowd.get(after.id).state is State.DETECTED


def test_the_version_of_both_sides_counts_it_and_severity_rises_where_it_comes(crowd: Crowd) -> None:
    before = crowd.get(crowd.incident), crowd.get(crowd.other)
    after = crowd.move(crowd.first, into_id=crowd.other)
    assert (crowd.get(crowd.incident).version, after.version) == (before[0].version + 1, before[1].version + 1)
    assert (after.severity, after.detected_at) == (Severity.HIGH, BEGINNING)


def test_an_incident_whose_last_signal_is_moved_is_merged_away(crowd: Crowd) -> None:
    (signal,) = (one.id for one in crowd.here.tables.signals.values() if one.incident_id == crowd.other)
    after = crowd.move(signal, into_id=crowd.incident)
    assert after.id == crowd.incident
    assert (crowd.get(crowd.other).state, crowd.get(crowd.other).merged_into) == (State.RESOLVED, crowd.incident)


def test_something_is_left_of_an_incident_that_is_split(crowd: Crowd) -> None:
    for into in (None, crowd.other):
        with pytest.raises(InvalidInput, match="nothing would be left"):
            crowd.split(crowd.first, crowd.second, into_id=into)


def test_a_declared_incident_may_give_all_of_its_signals_away(crowd: Crowd) -> None:
    here = crowd.here
    declared = here.copilot.declare(actor=here.engineer, title="Till is slow", service="till")
    crowd.move(crowd.second, into_id=declared.id)
    crowd.move(crowd.second, into_id=crowd.incident)
    assert crowd.get(declared.id).state is State.DETECTED
    assert crowd.home(crowd.second) == crowd.incident


def test_who_comes_second_is_told_that_the_signal_is_elsewhere(crowd: Crowd) -> None:
    crowd.move(crowd.second, from_id=crowd.incident, into_id=crowd.other)
    for into in (None, crowd.other):
        with pytest.raises(ConcurrentTransition):
            crowd.move(crowd.second, from_id=crowd.incident, into_id=into)
    with pytest.raises(ConcurrentTransition):
        crowd.split(crowd.first, expected_version=1)


def test_nothing_is_moved_into_what_is_closed_nor_to_where_it_is(crowd: Crowd) -> None:
    crowd.here.copilot.resolve(actor=crowd.here.engineer, incident_id=crowd.other)
    with pytest.raises(InvalidTransition):
        crowd.move(crowd.second, into_id=crowd.other)
    with pytest.raises(InvalidInput):
        crowd.move(crowd.second, into_id=crowd.incident)


def test_a_signal_can_be_taken_out_of_what_is_closed(crowd: Crowd) -> None:
    crowd.here.copilot.resolve(actor=crowd.here.engineer, incident_id=crowd.incident)
    before = crowd.get(crowd.incident)
    after = crowd.split(crowd.second)
    assert after.state is State.DETECTED
    left = crowd.get(crowd.incident)
    assert (left.state, left.resolved_at, left.settle_at) == (State.RESOLVED, before.resolved_at, None)


def test_a_signal_that_is_in_no_incident_can_be_put_into_one(crowd: Crowd) -> None:
    (info,) = crowd.here.send(alert("Hint", "elsewhere", severity=Severity.INFO)).signals
    assert crowd.home(info) is None
    after = crowd.move(info, into_id=crowd.other)
    assert (crowd.home(info), after.id) == (crowd.other, crowd.other)
    (alone,) = crowd.here.send(alert("Rumour", "faraway", severity=Severity.INFO)).signals
    assert crowd.move(alone).split_from is None


def test_only_signals_of_episodes_can_be_moved(crowd: Crowd) -> None:
    for strange in (deploy("checkout"), recovery("Never")):
        (signal,) = crowd.here.send(strange).signals
        with pytest.raises(InvalidInput, match="in no episode"):
            crowd.move(signal, into_id=crowd.other)
    for signal_id, into in ((uuid4(), None), (crowd.first, uuid4())):
        with pytest.raises(NotFound):
            crowd.move(signal_id, into_id=into)
    with pytest.raises(InvalidInput):
        crowd.split()


def test_what_is_split_off_after_a_recurrence_is_one_only_with_what_recurred() -> None:
    here = stage()
    (before,) = here.send(alert()).opened
    here.send(recovery())
    here.wait(minutes=6)
    recurred = here.send(alert())
    (companion,) = here.send(alert("ErrorRate")).signals
    (incident,) = recurred.opened
    assert here.tables.incidents[incident].recurrence_of == before
    crowd = Crowd(here, incident, recurred.signals[0], companion, before)
    tables = here.tables.copy()
    assert crowd.split(companion).recurrence_of is None
    here.units.database.tables[here.tenant.id] = tables
    split = crowd.split(recurred.signals[0])
    assert (split.recurrence_of, split.recurrence_count) == (before, 1)
    assert here.tables.incidents[incident].recurrence_of == before


def test_people_are_told_once_on_each_side(crowd: Crowd) -> None:
    here = crowd.here
    here.copilot.add_route(actor=here.person(Role.ADMIN), name="all", integration_id=here.integration.id)
    after = crowd.split(crowd.second)
    crowd.move(crowd.second, into_id=crowd.other)
    told = sorted((row.created_at, str(row.incident_id), row.event) for row in here.tables.outbox.values())
    assert sorted((incident, event) for _, incident, event in told) == sorted(
        [
            (str(crowd.incident), "incident.signals_moved"),
            (str(after.id), "incident.opened"),
            (str(after.id), "incident.state_changed"),
            (str(crowd.other), "incident.merged"),
        ]
    )
