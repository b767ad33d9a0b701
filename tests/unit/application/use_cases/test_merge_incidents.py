from datetime import timedelta
from uuid import UUID, uuid4

import attrs
import pytest

from sre_copilot.application.ports.response_times import ResponseTimesFilter
from sre_copilot.domain.actors import Role
from sre_copilot.domain.corrections import CorrectionKind
from sre_copilot.domain.edits import Edit
from sre_copilot.domain.errors import ConcurrentTransition, InvalidInput, InvalidTransition, NotFound
from sre_copilot.domain.incidents import Incident, Resolution
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.response_times import week_of
from sre_copilot.domain.signals import Severity
from sre_copilot.domain.timeline import replay
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import Stage, alert, recovery, stage


@attrs.frozen
class Pair:
    """Two incidents of services that have nothing to do with each other; the younger one is worse."""

    here: Stage
    older: UUID
    younger: UUID

    def merge(self, **given: object) -> Incident:
        wanted = {"incident_id": self.younger, "other_id": self.older, **given}
        return self.here.copilot.merge(actor=self.here.engineer, **wanted)  # type: ignore[arg-type]

    def get(self, incident_id: UUID) -> Incident:
        return self.here.tables.incidents[incident_id]

    def homes(self) -> dict[str, UUID | None]:
        return {one.draft.name: one.incident_id for one in self.here.tables.signals.values()}


@pytest.fixture
def pair() -> Pair:
    here = stage()
    (older,) = here.send(alert("HighLatency", "checkout", severity=Severity.HIGH)).opened
    here.clock.advance(timedelta(minutes=1))
    (younger,) = here.send(alert("DiskFull", "warehouse", severity=Severity.CRITICAL)).opened
    return Pair(here, older, younger)


def test_all_of_the_younger_incident_goes_into_the_older_whichever_is_named_first(pair: Pair) -> None:
    note = pair.here.copilot.note(actor=pair.here.engineer, incident_id=pair.younger, text="seen")
    _, hypotheses = pair.here.copilot.diagnose(actor=pair.here.engineer, incident_id=pair.younger)
    after = pair.merge(incident_id=pair.older, other_id=pair.younger, reason="one outage")
    assert after == pair.get(pair.older)
    assert set(pair.homes().values()) == {pair.older}
    assert {episode.incident_id for episode in pair.here.tables.episodes.values()} == {pair.older}
    assert pair.here.tables.notes[note.id].incident_id == pair.older
    assert {pair.here.tables.hypotheses[one.id].incident_id for one in hypotheses} == {pair.older}


def test_the_younger_one_is_resolved_by_the_merger_and_says_where_it_went(pair: Pair) -> None:
    pair.merge(reason="one outage")
    away = pair.get(pair.younger)
    assert (away.state, away.resolution, away.resolved_automatically) == (State.RESOLVED, Resolution.DUPLICATE, True)
    assert (away.merged_into, away.metadata) == (pair.older, {"merged_into": str(pair.older)})
    assert (away.acknowledged_at, away.acknowledged_by_person, away.settle_at) == (None, False, None)
    log = list(pair.here.copilot.incidents.transitions(actor=pair.here.engineer, incident_id=pair.younger))
    assert replay(log) is State.RESOLVED
    assert log[-1].automated
    assert log[-1].reason == f"merged into {pair.older} by Engineer: one outage"
    timeline = pair.here.copilot.incidents.show(actor=pair.here.engineer, incident_id=pair.older).timeline
    assert any("Merged into this: DiskFull on warehouse (1 signal): one outage" in entry.text for entry in timeline)


def test_the_older_one_takes_over_severity_and_assignee_and_keeps_its_own_stamps(pair: Pair) -> None:
    here = pair.here
    here.copilot.acknowledge(actor=here.engineer, incident_id=pair.younger)
    here.copilot.assign(actor=here.engineer, incident_id=pair.younger, user_id=here.people[Role.VIEWER].id)
    before = pair.get(pair.older)
    after = pair.merge()
    assert (after.severity, after.assigned_to) == (Severity.CRITICAL, here.people[Role.VIEWER].id)
    assert (after.state, after.acknowledged_at, after.detected_at) == (State.DETECTED, None, before.detected_at)
    assert (after.version, after.last_signal_at) == (before.version + 1, here.clock.now())


def test_an_assignee_and_a_severity_that_people_set_stay(pair: Pair) -> None:
    here = pair.here
    for incident_id, role in ((pair.older, Role.ADMIN), (pair.younger, Role.VIEWER)):
        here.copilot.assign(actor=here.engineer, incident_id=incident_id, user_id=here.people[role].id)
    here.copilot.edit(actor=here.engineer, incident_id=pair.older, edit=Edit(severity=Severity.LOW))
    after = pair.merge()
    assert (after.severity, after.assigned_to) == (Severity.LOW, here.people[Role.ADMIN].id)


def test_detection_moves_to_the_earliest_signal_as_long_as_nobody_is_on_it(pair: Pair) -> None:
    here = pair.here
    early = BEGINNING - timedelta(minutes=20)
    here.send(alert("DiskFull", "warehouse", occurred_at=early))
    assert pair.get(pair.younger).detected_at == early
    assert pair.merge().detected_at == early


def test_what_comes_for_its_series_comes_into_the_older_one(pair: Pair) -> None:
    here = pair.here
    pair.merge()
    here.clock.advance(timedelta(minutes=1))
    assert here.send(alert("DiskFull", "warehouse")).incidents == (pair.older,)
    here.send(recovery("DiskFull", "warehouse"))
    assert set(pair.homes().values()) == {pair.older}
    assert len(here.tables.incidents) == 2


def test_it_settles_once_all_episodes_of_both_have_ended(pair: Pair) -> None:
    here = pair.here
    here.send(recovery("HighLatency", "checkout"))
    assert pair.get(pair.older).settle_at is not None
    assert pair.merge().settle_at is None
    here.wait(minutes=10)
    assert pair.get(pair.older).state is State.DETECTED
    here.send(recovery("DiskFull", "warehouse"))
    assert pair.older in here.wait(minutes=6).resolved
    assert pair.get(pair.older).state is State.RESOLVED


def test_a_merged_incident_stays_out_of_response_times(pair: Pair) -> None:
    here = pair.here
    here.copilot.acknowledge(actor=here.engineer, incident_id=pair.younger)
    pair.merge()
    monday = week_of(BEGINNING)
    with here.units(here.tenant.id) as uow:
        (week,) = uow.response_times.weeks(ResponseTimesFilter(first=monday, end=monday + timedelta(days=7)))
    assert not any(run for times in (week.acknowledged, week.resolved) for run in times.runs)


def test_whoever_reopens_a_merged_incident_says_that_it_stands_for_itself(pair: Pair) -> None:
    pair.merge()
    again = pair.here.copilot.reopen(actor=pair.here.engineer, incident_id=pair.younger)
    assert (again.state, again.merged_into, again.resolution) == (State.INVESTIGATING, None, None)


def test_only_open_incidents_are_merged(pair: Pair) -> None:
    here = pair.here
    for closed in (pair.younger, pair.older):
        before = here.tables.copy()
        here.copilot.resolve(actor=here.engineer, incident_id=closed)
        with pytest.raises(InvalidTransition) as refused:
            pair.merge()
        assert refused.value.data == {"state": "resolved", "action": "merge", "allowed": ["learn", "reopen"]}
        here.units.database.tables[here.tenant.id] = before


def test_of_two_who_merge_the_same_pair_one_wins_and_the_other_is_told(pair: Pair) -> None:
    pair.merge()
    with pytest.raises(InvalidTransition):
        pair.merge()
    assert len([one for one in pair.here.tables.audit.values() if one.event_type == "incident.merged"]) == 1


def test_the_version_is_that_of_the_incident_that_is_named_first(pair: Pair) -> None:
    with pytest.raises(ConcurrentTransition):
        pair.merge(expected_version=7)
    assert pair.merge(expected_version=pair.get(pair.younger).version).id == pair.older


def test_an_incident_is_not_merged_with_itself_nor_with_one_that_is_not_there(pair: Pair) -> None:
    with pytest.raises(InvalidInput):
        pair.merge(other_id=pair.younger)
    with pytest.raises(NotFound):
        pair.merge(other_id=uuid4())


def test_what_people_undid_is_kept_with_what_correlation_had_said_of_the_pair(pair: Pair) -> None:
    pair.merge(reason="one outage")
    signal = next(one for one in pair.here.tables.signals.values() if one.draft.name == "DiskFull")
    told = pair.here.copilot.signals.explain(actor=pair.here.engineer, signal_id=signal.id)
    (kept,) = told.corrections
    assert (kept.kind, kept.left_id, kept.joined_id) == (CorrectionKind.MERGED, pair.younger, pair.older)
    assert (kept.signal_id, kept.user_id, kept.reason) == (signal.id, pair.here.engineer.id, "one outage")
    assert told.correlation is not None
    assert kept.scores == tuple(s for s in told.correlation.decision.scores if s.incident_id == pair.older)
    assert told.people == {pair.here.engineer.id: "Engineer"}


def test_people_are_told_once_of_each_and_its_causes_are_ranked_anew(pair: Pair) -> None:
    here = pair.here
    here.copilot.add_route(actor=here.person(Role.ADMIN), name="all", integration_id=here.integration.id)
    pair.merge()
    told = [(row.incident_id, row.event) for row in here.tables.outbox.values()]
    assert sorted(told) == sorted([(pair.younger, "incident.state_changed"), (pair.older, "incident.merged")])
    wanted = [row.job.arguments for row in here.tables.jobs.values() if "as_of" in row.job.arguments]
    assert [one["incident_id"] for one in wanted] == [str(pair.older)]
