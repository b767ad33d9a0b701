"""Runbooks, recommendations and what came of them."""

from datetime import timedelta

import attrs
import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.actions import RiskLevel
from sre_copilot.domain.errors import AlreadyExists, NotFound
from sre_copilot.domain.outcomes import Outcome, OutcomeResult
from sre_copilot.domain.postmortem import Tried
from sre_copilot.testing.builders import make_recommendation, make_runbook
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House

MINUTE = timedelta(minutes=1)


class RunbooksConformance(Conformance):
    """Runbooks, and finding them."""

    def test_every_field_of_a_runbook_comes_back_as_it_was(self, house: House) -> None:
        """Also after it was changed."""
        runbook = make_runbook(
            content_url="https://example.com/r",
            service_names=("checkout",),
            risk_level=RiskLevel.HIGH,
            estimated_duration_minutes=15,
            owner_id=house.user.id,
            version=3,
        )
        with house.changing() as uow:
            uow.runbooks.save(runbook)
            assert uow.runbooks.get(runbook.id) == runbook
            runbook = runbook.used(OutcomeResult.WORKED, BEGINNING + MINUTE)
            uow.runbooks.save(runbook)
        with house.reading() as uow:
            assert uow.runbooks.get(runbook.id) == runbook
            with pytest.raises(NotFound):
                uow.runbooks.get(house.tenant.id)

    def test_a_slug_is_taken_once(self, house: House) -> None:
        """Within the tenant."""
        runbook = make_runbook()
        with pytest.raises(AlreadyExists), house.changing() as uow:
            uow.runbooks.save(runbook)
            uow.runbooks.save(make_runbook(slug=runbook.slug))

    def test_any_word_finds_a_runbook_and_the_best_match_comes_first(self, house: House) -> None:
        """A title says more than a text; relevance is in [0, 1]."""
        disk = make_runbook(slug="disk", title="Disk is full", description="Free space.", tags=())
        pool = make_runbook(slug="pool", title="Connections", description="Look at the disk too.", tags=())
        other = make_runbook(slug="other", title="Certificates", description="Renew them.", tags=())
        with house.changing() as uow:
            for runbook in (other, pool, disk):
                uow.runbooks.save(runbook)
        with house.reading() as uow:
            found = list(uow.runbooks.search("zebra disk", limit=10))
            assert [runbook for runbook, _ in found] == [disk, pool]
            assert 1 >= found[0][1] > found[1][1] > 0
            assert [runbook.slug for runbook, _ in uow.runbooks.search("disk", limit=1)] == ["disk"]
            assert not list(uow.runbooks.search("zebra", limit=10))

    def test_equal_matches_come_by_slug(self, house: House) -> None:
        """So that the order is the same every time."""
        with house.changing() as uow:
            for slug in ("b", "c", "a"):
                uow.runbooks.save(make_runbook(slug=slug))
        with house.reading() as uow:
            assert [runbook.slug for runbook, _ in uow.runbooks.search("slowly", limit=2)] == ["a", "b"]

    def test_words_are_found_in_their_other_forms(self, house: House) -> None:
        """Case, plural, and names written together."""
        with house.changing() as uow:
            uow.runbooks.save(make_runbook(slug="pods", title="Pods restart", tags=("crash-loop",)))
        with house.reading() as uow:
            for query in ("POD", "restarting", "KubePodRestarting", "crash", "pod/checkout-1", "what's-up-with:pods?"):
                assert [runbook.slug for runbook, _ in uow.runbooks.search(query, limit=5)] == ["pods"], query

    def test_an_inactive_runbook_is_not_found(self, house: House) -> None:
        """Though it can still be looked up."""
        runbook = make_runbook(is_active=False)
        with house.changing() as uow:
            uow.runbooks.save(runbook)
            assert not list(uow.runbooks.search(runbook.title, limit=5))
            assert uow.runbooks.get(runbook.id) == runbook

    @pytest.mark.parametrize("query", ["", " \n", "& | !", "'; --", "a:* & b", "(", "\x00", "\\", "<->", "the of"])
    def test_whatever_is_asked_is_words_and_never_syntax(self, house: House, query: str) -> None:
        """Nothing but words is searched for."""
        with house.changing() as uow:
            uow.runbooks.save(make_runbook())
            assert not list(uow.runbooks.search(query, limit=5))


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
