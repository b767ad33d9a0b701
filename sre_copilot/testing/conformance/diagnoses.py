"""Snapshots, diagnoses, hypotheses and feedback."""

from datetime import timedelta

import attrs
import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.diagnoses import FeedbackGiven
from sre_copilot.domain.errors import AlreadyExists, NotFound
from sre_copilot.domain.hypotheses import Feedback
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.telemetry import Notice, Telemetry
from sre_copilot.testing.builders import make_cause, make_diagnosis, make_hypothesis, make_snapshot
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House
from sre_copilot.testing.conformance.isolation import GRAPH
from sre_copilot.testing.snapshots import make_log, make_operation, make_traced_call

MINUTE = timedelta(minutes=1)


class DiagnosesConformance(Conformance):
    """What was known, and what was made of it."""

    @pytest.fixture
    def incident(self, house: House) -> Incident:
        """What is diagnosed."""
        return house.with_incident()

    def test_a_snapshot_comes_back_with_the_same_hash(self, house: House, incident: Incident) -> None:
        """Graph, metrics with gaps, and all."""
        at = incident.detected_at
        told = Telemetry(
            logs=(make_log("shop", None, 4),),
            operations=(make_operation("shop", 0.1, 1.0, failed=(0, None)),),
            calls=(make_traced_call("shop", "pay", 0.001, 0.2),),
            notices=(Notice(source="Payments Ltd", at=at, text="Degraded.", ended_at=at + MINUTE),),
            left_out=("3 of 503 log templates",),
        )
        snapshot = make_snapshot(incident, graph=GRAPH, missing=("logs",), telemetry=told)
        with house.changing() as uow:
            uow.diagnoses.add_snapshot(snapshot)
        with house.reading() as uow:
            found = uow.diagnoses.snapshot(snapshot.id)
            with pytest.raises(NotFound):
                uow.diagnoses.snapshot(incident.id)
        assert found == snapshot
        assert found.content_hash == snapshot.content_hash

    def test_a_snapshot_is_written_once(self, house: House, incident: Incident) -> None:
        """What was known then doesn't change later."""
        snapshot = make_snapshot(incident)
        with house.changing() as uow:
            uow.diagnoses.add_snapshot(snapshot)
        with pytest.raises(AlreadyExists), house.changing() as uow:
            uow.diagnoses.add_snapshot(attrs.evolve(snapshot, alarm="another"))
        with house.reading() as uow:
            assert uow.diagnoses.snapshot(snapshot.id) == snapshot

    def test_the_latest_diagnosis_comes_with_its_hypotheses_by_rank(self, house: House, incident: Incident) -> None:
        """Those of an earlier one stay with it."""
        snapshot = make_snapshot(incident)
        early = make_diagnosis(snapshot)
        late = make_diagnosis(snapshot, at=early.at + MINUTE, convincing=False, next_evidence=())
        cause = make_cause(
            change_id=new_id(), change_summary="deploy of 08:55", supporting=(), similar_incidents=(new_id(), new_id())
        )
        hypotheses = [make_hypothesis(late, rank=2), make_hypothesis(late, rank=1, cause=cause)]
        with house.changing() as uow:
            assert uow.diagnoses.latest(incident.id) is None
            uow.diagnoses.add_snapshot(snapshot)
            uow.diagnoses.add(late, hypotheses)
            uow.diagnoses.add(early, [make_hypothesis(early)])
        with house.reading() as uow:
            found = uow.diagnoses.latest(incident.id)
            assert found is not None
            assert found[0] == late
            assert list(found[1]) == [hypotheses[1], hypotheses[0]]
            assert uow.diagnoses.hypothesis(hypotheses[0].id) == hypotheses[0]
            with pytest.raises(NotFound):
                uow.diagnoses.hypothesis(incident.id)

    def test_two_hypotheses_never_have_one_rank(self, house: House, incident: Incident) -> None:
        """Within one diagnosis."""
        snapshot = make_snapshot(incident)
        diagnosis = make_diagnosis(snapshot)
        with pytest.raises(AlreadyExists), house.changing() as uow:
            uow.diagnoses.add_snapshot(snapshot)
            uow.diagnoses.add(diagnosis, [make_hypothesis(diagnosis), make_hypothesis(diagnosis)])

    def test_feedback_changes_the_latest_word_and_nothing_else(self, house: House, incident: Incident) -> None:
        """Of one hypothesis."""
        snapshot = make_snapshot(incident)
        diagnosis = make_diagnosis(snapshot)
        judged, other = make_hypothesis(diagnosis), make_hypothesis(diagnosis, rank=2)
        with house.changing() as uow:
            uow.diagnoses.add_snapshot(snapshot)
            uow.diagnoses.add(diagnosis, [judged, other])
        for place, feedback in enumerate((Feedback.REJECTED, Feedback.ACCEPTED)):
            at = BEGINNING + place * MINUTE
            judged = judged.judged(feedback, user_id=house.user.id, at=at, notes=f"word {place}")
            given = FeedbackGiven(
                id=new_id(),
                hypothesis_id=judged.id,
                user_id=house.user.id,
                feedback=feedback,
                notes=f"word {place}",
                at=at,
            )
            with house.changing() as uow:
                uow.diagnoses.judge(judged, given)
        with house.reading() as uow:
            found = uow.diagnoses.latest(incident.id)
        assert found is not None
        assert list(found[1]) == [judged, other]
