"""Precedents."""

from datetime import timedelta
from uuid import UUID

import attrs
import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.diagnoses import FeedbackGiven
from sre_copilot.application.ports.precedents import PrecedentFilter
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.errors import AlreadyExists, ForeignReference, NotFound
from sre_copilot.domain.hypotheses import CandidateKind, Feedback
from sre_copilot.domain.learning import Said
from sre_copilot.domain.precedents import Cause, Place, Precedent
from sre_copilot.testing.builders import make_diagnosis, make_hypothesis, make_snapshot
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House
from sre_copilot.testing.precedents import make_answer, make_judged, make_precedent

MINUTE = timedelta(minutes=1)


def stored(house: House, **given: object) -> Precedent:
    """Store a precedent of the house's user and return it."""
    precedent = make_precedent(**{"confirmed": make_judged(user_id=house.user.id), **given})
    with house.changing() as uow:
        uow.precedents.save(precedent)
    return precedent


class PrecedentsConformance(Conformance):
    """What `Precedents` keeps, and what `Diagnoses` tells of all diagnoses of an incident."""

    def test_every_field_of_a_precedent_comes_back_as_it_was_and_changes_when_it_is_saved_again(
        self, house: House
    ) -> None:
        """Also where its incident is not there (any more)."""
        deploy = Cause(kind=CandidateKind.CHANGE, subject="web", change_kind="deploy", place=Place.ITSELF)
        full = stored(
            house,
            confirmed=make_judged(cause=deploy, user_id=house.user.id),
            rejected=(make_judged(user_id=house.user.id), make_judged(user_id=house.user.id)),
            answer=make_answer(0.6, right=False, slope=0.9),
            forgotten_at=BEGINNING + MINUTE,
            forgotten_by=house.user.id,
        )
        with house.reading() as uow:
            assert uow.precedents.get(full.id) == uow.precedents.of_incident(full.incident_id) == full
        taken_back = attrs.evolve(full.restored(), confirmed=None, rejected=(), answer=None, title="another")
        with house.changing() as uow:
            uow.precedents.save(taken_back)
        with house.reading() as uow:
            assert uow.precedents.get(full.id, lock=True) == taken_back
            assert uow.precedents.of_incident(full.id) is None
            with pytest.raises(NotFound):
                uow.precedents.get(full.incident_id)

    def test_an_incident_has_one_precedent(self, house: House) -> None:
        """Another one is refused."""
        precedent = stored(house)
        with pytest.raises(AlreadyExists):
            stored(house, incident_id=precedent.incident_id)

    def test_lists_hold_what_names_a_cause_newest_first(self, house: House) -> None:
        """By keyset, and by whether they are forgotten."""
        plain = stored(house)
        later = stored(house, learned_at=BEGINNING + MINUTE, confirmed=None, rejected=(make_judged(),))
        forgotten = stored(house, forgotten_at=BEGINNING, forgotten_by=house.user.id, learned_at=BEGINNING - MINUTE)
        stored(house, confirmed=None)
        with house.reading() as uow:
            found = list(uow.precedents.list(PrecedentFilter()))
            assert found == [later, plain, forgotten]
            before = (later.learned_at, later.id)
            assert list(uow.precedents.list(PrecedentFilter(before=before, limit=1))) == [plain]
            assert list(uow.precedents.list(PrecedentFilter(forgotten=True))) == [forgotten]
            assert list(uow.precedents.list(PrecedentFilter(forgotten=False))) == [later, plain]

    def test_usable_are_the_latest_ones_that_were_known_then_of_other_incidents(self, house: House) -> None:
        """None that is forgotten, or says nothing."""
        plain = stored(house)
        later = stored(house, learned_at=BEGINNING + MINUTE)
        stored(house, forgotten_at=BEGINNING)
        stored(house, confirmed=None)

        def usable(until: timedelta, other_than: UUID, limit: int = 5) -> list[Precedent]:
            with house.reading() as uow:
                return list(uow.precedents.usable(until=BEGINNING + until, other_than=other_than, limit=limit))

        assert usable(MINUTE, plain.id) == [later, plain]
        assert usable(MINUTE, plain.id, 1) == [later]
        assert usable(timedelta(0), plain.id) == [plain]
        assert usable(MINUTE, later.incident_id) == [plain]

    def test_answers_are_those_of_which_is_known_whether_they_were_right(self, house: House) -> None:
        """Newest first, in a span; of forgotten precedents too, and where nothing names a cause."""
        kept = [make_answer(0.5 + place / 10, at=BEGINNING + place * MINUTE, right=place != 1) for place in range(3)]
        for answer in kept:
            stored(house, answer=answer, forgotten_at=BEGINNING if answer.right else None)
        stored(house, answer=make_answer(right=None))
        end = BEGINNING + 10 * MINUTE
        with house.reading() as uow:
            assert list(uow.precedents.answers(since=None, until=end, limit=9)) == kept[::-1]
            assert list(uow.precedents.answers(since=BEGINNING + MINUTE, until=end, limit=1)) == kept[2:]
            assert list(uow.precedents.answers(since=kept[0].at, until=kept[1].at, limit=9)) == kept[:1]

    def test_no_tenant_has_to_do_with_anothers_precedents(self, house: House, units: UnitOfWorkFactory) -> None:
        """Neither sees them, nor has its people in them."""
        precedent, other = stored(house, answer=make_answer()), House.build(units)
        end = BEGINNING + MINUTE
        with other.reading() as uow:
            assert not list(uow.precedents.list(PrecedentFilter()))
            assert not list(uow.precedents.usable(until=end, other_than=other.tenant.id, limit=9))
            assert not list(uow.precedents.answers(since=None, until=end, limit=9))
            assert uow.precedents.of_incident(precedent.incident_id) is None
            with pytest.raises(NotFound):
                uow.precedents.get(precedent.id)
        with pytest.raises(ForeignReference):
            stored(other, confirmed=make_judged(user_id=house.user.id))

    def test_all_diagnoses_of_an_incident_tell_what_was_said_of_them(self, house: House) -> None:
        """The first one with its hypotheses, any by its id, and every word on any of them by time."""
        incident = house.with_incident()
        snapshot = make_snapshot(incident)
        first = make_diagnosis(snapshot, calibration="shipped", slope=0.9)
        second = make_diagnosis(snapshot, at=first.at + MINUTE)
        rows = [make_hypothesis(first), make_hypothesis(second)]
        with house.changing() as uow:
            assert uow.diagnoses.first(incident.id) is None
            uow.diagnoses.add_snapshot(snapshot)
            for diagnosis, row in zip((first, second), rows, strict=True):
                uow.diagnoses.add(diagnosis, [row])
        for place, row in enumerate(reversed(rows)):
            given = FeedbackGiven(
                id=new_id(),
                hypothesis_id=row.id,
                user_id=house.user.id,
                feedback=Feedback.ACCEPTED,
                notes="",
                at=BEGINNING + place * MINUTE,
            )
            judged = row.judged(Feedback.ACCEPTED, user_id=house.user.id, at=given.at)
            with house.changing() as uow:
                uow.diagnoses.judge(judged, given)
        with house.reading() as uow:
            assert uow.diagnoses.get(second.id) == second
            found = uow.diagnoses.first(incident.id)
            assert found is not None
            assert (found[0], [row.id for row in found[1]]) == (first, [rows[0].id])
            said = list(uow.diagnoses.said_of(incident.id))
            assert [word.hypothesis.id for word in said] == [rows[1].id, rows[0].id]
            word = Said(hypothesis=said[0].hypothesis, user_id=house.user.id, feedback=Feedback.ACCEPTED, at=BEGINNING)
            assert said[0] == word
            assert list(uow.diagnoses.said_of(house.tenant.id)) == []
            assert uow.diagnoses.diagnosed(first.at, second.at) == 1
            assert uow.diagnoses.diagnosed(first.at, second.at + MINUTE) == 1
            assert uow.diagnoses.diagnosed(second.at + MINUTE, second.at + 2 * MINUTE) == 0
            with pytest.raises(NotFound):
                uow.diagnoses.get(incident.id)
