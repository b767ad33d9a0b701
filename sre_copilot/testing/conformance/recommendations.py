"""Recommendations and what came of them."""

from datetime import timedelta

import attrs
import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.outcomes import Outcome, OutcomeResult
from sre_copilot.domain.postmortem import Tried
from sre_copilot.testing.builders import make_recommendation, make_runbook
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House

MINUTE = timedelta(minutes=1)


class RecommendationsConformance(Conformance):
    """Recommendations and outcomes."""

    def test_those_proposed_last_come_by_rank(self, house: House) -> None:
        """Earlier ones can still be looked up."""
        incident, runbook = house.with_incident(), make_runbook()
        early = make_recommendation(incident)
        late = [
            make_recommendation(incident, created_at=BEGINNING + MINUTE, rank=rank, runbook_id=runbook.id)
            for rank in (2, 1)
        ]
        with house.changing() as uow:
            uow.runbooks.save(runbook)
            uow.recommendations.add([early])
            uow.recommendations.add(late)
            uow.recommendations.add([])
        with house.reading() as uow:
            assert list(uow.recommendations.latest(incident.id)) == [late[1], late[0]]
            assert uow.recommendations.get(early.id) == early
            assert not list(uow.recommendations.latest(runbook.id))

    def test_what_was_decided_is_kept(self, house: House) -> None:
        """Of one recommendation."""
        incident = house.with_incident()
        one, other = make_recommendation(incident), make_recommendation(incident, rank=2)
        with house.changing() as uow:
            uow.recommendations.add([one, other])
        with house.changing() as uow:
            decided = uow.recommendations.get(one.id, lock=True).accept(at=BEGINNING + MINUTE, notes="go")
            uow.recommendations.save(decided)
        with house.reading() as uow:
            assert list(uow.recommendations.latest(incident.id)) == [decided, other]
            with pytest.raises(NotFound):
                uow.recommendations.get(incident.id)

    def test_what_people_decided_is_found_with_its_outcomes_whenever_it_was_proposed(self, house: House) -> None:
        """Not what is still pending, and nothing of another incident."""
        incident, foreign = house.with_incident(), house.with_incident()
        early = make_recommendation(incident).accept(at=BEGINNING + 2 * MINUTE).execute(at=BEGINNING + 3 * MINUTE)
        late = make_recommendation(incident, created_at=BEGINNING + MINUTE).reject(at=BEGINNING + MINUTE)
        outcomes = [
            Outcome(
                id=new_id(),
                recommendation_id=early.id,
                incident_id=incident.id,
                result=result,
                at=BEGINNING + minutes * MINUTE,
            )
            for minutes, result in ((4, OutcomeResult.WORKED), (3, OutcomeResult.UNCLEAR))
        ]
        with house.changing() as uow:
            uow.recommendations.add([early, late, make_recommendation(incident, created_at=BEGINNING + MINUTE)])
            uow.recommendations.add([make_recommendation(foreign).reject(at=BEGINNING)])
            for outcome in outcomes:
                uow.recommendations.record_outcome(outcome)
        with house.reading() as uow:
            assert list(uow.recommendations.decided(incident.id)) == [
                Tried(recommendation=late),
                Tried(recommendation=early, outcomes=(outcomes[1], outcomes[0])),
            ]

    def test_outcomes_are_found_by_runbook_and_come_by_time(self, house: House) -> None:
        """Those without a runbook belong to none."""
        incident, runbook, other = house.with_incident(), make_runbook(), make_runbook()
        recommendation = make_recommendation(incident, runbook_id=runbook.id)
        first = Outcome(
            id=new_id(),
            recommendation_id=recommendation.id,
            incident_id=incident.id,
            runbook_id=runbook.id,
            result=OutcomeResult.FAILED,
            notes="no effect",
            recorded_by=house.user.id,
            at=BEGINNING,
        )
        second = attrs.evolve(first, id=new_id(), result=OutcomeResult.WORKED, at=BEGINNING + MINUTE)
        third = attrs.evolve(first, id=new_id(), runbook_id=other.id, recorded_by=None)
        with house.changing() as uow:
            uow.runbooks.save(runbook)
            uow.runbooks.save(other)
            uow.recommendations.add([recommendation])
            for outcome in (second, first, third, attrs.evolve(first, id=new_id(), runbook_id=None)):
                uow.recommendations.record_outcome(outcome)
        with house.reading() as uow:
            assert list(uow.recommendations.outcomes([runbook.id])) == [first, second]
            assert len(uow.recommendations.outcomes({runbook.id, other.id})) == 3
            assert not list(uow.recommendations.outcomes([]))
