"""Corrections: where people put an episode it is found by everybody, and what they undid is kept."""

from datetime import timedelta

import attrs
import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.diagnoses import FeedbackGiven
from sre_copilot.application.ports.series import Heard, StoredDecision
from sre_copilot.domain.corrections import Correction, CorrectionKind
from sre_copilot.domain.correlation import CandidateScore, CorrelationDecision, Factor
from sre_copilot.domain.decisions import CorrelationOutcome
from sre_copilot.domain.errors import ForeignReference
from sre_copilot.domain.hypotheses import Feedback
from sre_copilot.domain.outcomes import Outcome, OutcomeResult
from sre_copilot.domain.signals import Severity, SignalStatus
from sre_copilot.domain.timeline import Note
from sre_copilot.testing.builders import (
    make_diagnosis,
    make_draft,
    make_hypothesis,
    make_recommendation,
    make_snapshot,
)
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House
from sre_copilot.testing.conformance.recording import NAME, stored_series

MINUTE = timedelta(minutes=1)


def correction(house: House, **given: object) -> Correction:
    """Return a correction by the house's user, of an episode that was nowhere, with every score known."""
    defaults = {
        "id": new_id(),
        "kind": CorrectionKind.MOVED,
        "at": BEGINNING,
        "user_id": house.user.id,
        "reason": "another team's",
        "fingerprint": NAME,
        "episode_id": new_id(),
        "signal_id": new_id(),
        "left_id": None,
    }
    return Correction(**{**defaults, **given})  # type: ignore[arg-type]


class CorrectionsConformance(Conformance):
    """What `Corrections` does."""

    def test_an_episode_is_rehomed_with_its_signals_and_the_head_of_its_series(self, house: House) -> None:
        """So that everybody, also who knows nothing but the head, puts what comes next where people put it."""
        left, joined = house.with_incident(), house.with_incident()
        worse = make_draft(occurred_at=BEGINNING + MINUTE, severity=Severity.CRITICAL)
        stored_series(house, make_draft(severity=Severity.LOW), incident_id=left.id)
        stored = stored_series(house, worse, received_at=BEGINNING + 2 * MINUTE)
        with house.changing() as uow:
            uow.corrections.hold([NAME])
            moved = uow.corrections.rehome([stored.episode], joined.id, at=BEGINNING)
        assert (moved.signals, moved.severity) == (2, Severity.CRITICAL)
        assert (moved.first_at, moved.last_received_at) == (BEGINNING, BEGINNING + 2 * MINUTE)
        with house.reading() as uow:
            history = uow.series.load([NAME])[NAME]
            assert {episode.incident_id for episode in history.episodes} == {joined.id}
            assert {member.incident_id for member in history.memberships} == {joined.id}
            assert list(uow.signals.of_incident(left.id)) == []
            assert len(list(uow.signals.of_incident(joined.id))) == 2
        with house.reading() as uow:
            head = uow.series.lock([Heard(fingerprint=NAME)])[NAME].head
            assert head is not None
            assert head.episode is not None
            assert (head.episode.incident_id, head.previous_incident_id) == (joined.id, joined.id)
            assert head.history(NAME).episodes[0].incident_id == joined.id

    def test_of_several_episodes_only_those_named_are_rehomed(self, house: House) -> None:
        """The head goes on to name the incident of the latest one."""
        first, second, other = (house.with_incident() for _ in range(3))
        ended = make_draft(status=SignalStatus.RESOLVED, occurred_at=BEGINNING + MINUTE)
        one = stored_series(house, make_draft(), ended, incident_id=first.id)
        again = make_draft(occurred_at=BEGINNING + 2 * MINUTE)
        stored_series(house, again, incident_id=second.id, received_at=BEGINNING + 2 * MINUTE)
        with house.changing() as uow:
            uow.corrections.hold([NAME])
            moved = uow.corrections.rehome([one.episode], other.id, at=BEGINNING)
        assert moved.signals == 2
        with house.reading() as uow:
            homes = [episode.incident_id for episode in uow.series.load([NAME])[NAME].episodes]
            assert homes == [other.id, second.id]
        with house.reading() as uow:
            head = uow.series.lock([Heard(fingerprint=NAME)])[NAME].head
            assert head is not None
            assert head.previous_incident_id == second.id

    def test_an_episode_that_was_nowhere_is_no_longer_waited_for(self, house: House) -> None:
        """People put it into an incident, whatever the plan's limit."""
        joined = house.with_incident()
        stored = stored_series(house, waiting=True)
        with house.changing() as uow:
            uow.corrections.hold([NAME])
            uow.corrections.rehome([stored.episode], joined.id, at=BEGINNING)
        with house.reading() as uow:
            assert list(uow.signals.waiting()) == []
            assert list(uow.signals.waiting_originals(9)) == []
            assert [signal.id for signal in uow.signals.of_incident(joined.id)] == [stored.signal.id]

    def test_the_decision_stays_on_record_beside_what_people_did(self, house: House) -> None:
        """The latest of both, and the latest that correlation made."""
        left, joined = house.with_incident(), house.with_incident()
        stored = stored_series(house, incident_id=left.id)
        score = CandidateScore(left.id, 0.75, (Factor("time", 1.0, 0.1),))
        decision = CorrelationDecision(
            outcome=CorrelationOutcome.JOINED, incident_id=left.id, threshold=0.5, scores=(score,)
        )
        made = StoredDecision(episode_id=stored.episode.id, signal_id=stored.signal.id, decision=decision, at=BEGINNING)
        with house.changing() as uow:
            uow.incidents.lock_correlation()
            uow.incidents.open_incidents(BEGINNING - MINUTE, BEGINNING + MINUTE)
            uow.series.save([], [], [made])
        with house.changing() as uow:
            uow.corrections.hold([NAME])
            uow.incidents.lock_correlation()
            uow.corrections.rehome([stored.episode], joined.id, at=BEGINNING + MINUTE)
        with house.reading() as uow:
            latest = uow.signals.decision(stored.signal.id)
            assert latest is not None
            assert latest.decision.outcome is CorrelationOutcome.MOVED_BY_PERSON
            assert (latest.decision.incident_id, latest.at) == (joined.id, BEGINNING + MINUTE)
            assert dict(uow.corrections.decided([stored.signal.id, joined.id])) == {stored.signal.id: made}

    def test_a_signal_leads_to_its_episode_as_long_as_it_is_in_one(self, house: House) -> None:
        """Duplicates and resolves too; a resolve that matched nothing is in none."""
        ended = make_draft(status=SignalStatus.RESOLVED, occurred_at=BEGINNING + 2 * MINUTE)
        stored = stored_series(house, make_draft(), make_draft(occurred_at=BEGINNING + MINUTE), ended)
        orphan = stored_series(house, make_draft(status=SignalStatus.RESOLVED), fingerprint="b" * 64)
        ids = [signal.id for signal in (*stored.signals, orphan.signal)]
        with house.reading() as uow:
            found = uow.corrections.episodes_with(ids)
            assert {one: episode.id for one, episode in found.items()} == dict.fromkeys(ids[:3], stored.episode.id)
            assert uow.corrections.episodes_with([]) == {}

    def test_what_was_said_of_an_incident_goes_along(self, house: House) -> None:
        """Notes, diagnoses with their hypotheses, recommendations and what came of them; snapshots never change."""
        away, into = house.with_incident(), house.with_incident()
        snapshot = make_snapshot(away)
        diagnosis = make_diagnosis(snapshot)
        hypothesis, proposed = make_hypothesis(diagnosis), make_recommendation(away)
        note = Note(id=new_id(), incident_id=away.id, user_id=house.user.id, text="seen", at=BEGINNING)
        outcome = Outcome(
            id=new_id(),
            recommendation_id=proposed.id,
            incident_id=away.id,
            runbook_id=None,
            result=OutcomeResult.WORKED,
            notes="",
            recorded_by=house.user.id,
            at=BEGINNING,
        )
        given = FeedbackGiven(
            id=new_id(),
            hypothesis_id=hypothesis.id,
            user_id=house.user.id,
            feedback=Feedback.ACCEPTED,
            notes="",
            at=BEGINNING,
        )
        with house.changing() as uow:
            uow.incidents.add_note(note)
            uow.diagnoses.add_snapshot(snapshot)
            uow.diagnoses.add(diagnosis, [hypothesis])
            uow.diagnoses.judge(hypothesis, given)
            uow.recommendations.add([proposed])
            uow.recommendations.record_outcome(outcome)
            uow.corrections.inherit(away.id, into.id)
        with house.reading() as uow:
            assert list(uow.incidents.notes(into.id)) == [attrs.evolve(note, incident_id=into.id)]
            latest = uow.diagnoses.latest(into.id)
            assert latest is not None
            assert latest[0] == attrs.evolve(diagnosis, incident_id=into.id)
            assert [(row.id, row.incident_id) for row in latest[1]] == [(hypothesis.id, into.id)]
            assert [row.id for row in uow.recommendations.latest(into.id)] == [proposed.id]
            assert list(uow.incidents.notes(away.id)) == []
            assert uow.diagnoses.latest(away.id) is None
            assert list(uow.recommendations.latest(away.id)) == []
            assert uow.diagnoses.snapshot(snapshot.id).incident_id == away.id

    def test_corrections_of_a_series_come_back_newest_first(self, house: House) -> None:
        """Every field of them, and at most so many."""
        left, joined = house.with_incident(), house.with_incident()
        scores = tuple(
            CandidateScore(row.id, 0.5, (Factor("time", 0.25, 0.1), Factor("topology", None, 0.35)))
            for row in (left, joined)
        )
        plain = correction(house, joined_id=joined.id, user_id=None, reason="")
        full = correction(
            house,
            kind=CorrectionKind.MERGED,
            at=BEGINNING + MINUTE,
            left_id=left.id,
            joined_id=joined.id,
            outcome=CorrelationOutcome.JOINED,
            threshold=0.5,
            scores=scores,
        )
        other = correction(house, joined_id=joined.id, fingerprint="b" * 64)
        with house.changing() as uow:
            uow.corrections.add([plain, full, other])
            uow.corrections.add([])
        with house.reading() as uow:
            assert list(uow.corrections.of_series(NAME, limit=5)) == [full, plain]
            assert list(uow.corrections.of_series(NAME, limit=1)) == [full]

    def test_a_correction_names_incidents_of_its_tenant(self, house: House) -> None:
        """Nothing else is kept."""
        with pytest.raises(ForeignReference), house.changing() as uow:
            uow.corrections.add([correction(house, joined_id=new_id())])
