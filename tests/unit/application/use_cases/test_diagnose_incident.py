"""Diagnosing: a fresh snapshot, the engine's ranking, both stored."""

from datetime import timedelta

import pytest

from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.hypotheses import Verdict
from sre_copilot.domain.snapshots import ContextSnapshot
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import VERDICT, alert, stage


class WatchfulEngine:
    """Keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[ContextSnapshot] = []

    def diagnose(self, snapshot: ContextSnapshot) -> Verdict:
        self.asked.append(snapshot)
        return VERDICT


def test_the_ranking_is_stored_with_the_snapshot_it_came_from() -> None:
    engine = WatchfulEngine()
    here = stage(engine=engine)
    (incident_id,) = here.send(alert()).opened
    here.clock.advance(timedelta(minutes=3))
    diagnosis, hypotheses = here.copilot.diagnose(actor=here.engineer, incident_id=incident_id)
    (asked,) = engine.asked
    assert (asked.as_of, asked.incident_id) == (BEGINNING + timedelta(minutes=3), incident_id)
    assert here.tables.snapshots[diagnosis.snapshot_id] == asked
    assert [hypothesis.rank for hypothesis in hypotheses] == [1, 2]
    assert [hypothesis.cause for hypothesis in hypotheses] == list(VERDICT.causes)
    assert (diagnosis.engine_version, diagnosis.convincing) == ("fixed-1", True)
    with here.units(here.tenant.id) as uow:
        assert uow.diagnoses.latest(incident_id) == (diagnosis, list(hypotheses))


def test_the_incident_keeps_its_own_snapshot_from_detection() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    before = here.tables.incidents[incident_id].snapshot_id
    here.copilot.diagnose(actor=here.engineer, incident_id=incident_id)
    assert here.tables.incidents[incident_id].snapshot_id == before


def test_the_engine_runs_outside_of_any_unit_of_work() -> None:
    here = stage()

    class OutsideEngine(WatchfulEngine):
        def diagnose(self, snapshot: ContextSnapshot) -> Verdict:
            assert here.units.open is None
            return super().diagnose(snapshot)

    engine = OutsideEngine()
    there = stage(units=here.units, engine=engine)
    (incident_id,) = there.send(alert()).opened
    there.copilot.diagnose(actor=there.engineer, incident_id=incident_id)
    assert engine.asked


def test_an_unknown_incident_is_not_found() -> None:
    here = stage()
    with pytest.raises(NotFound):
        here.copilot.diagnose(actor=here.engineer, incident_id=here.tenant.id)
