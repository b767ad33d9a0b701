"""Consultations of an advisor."""

from datetime import timedelta

import attrs
import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.advice import SummaryLine, Usage
from sre_copilot.domain.consultations import Consultation, DayOfConsultations, Outcome
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.hypotheses import Diagnosis
from sre_copilot.testing.builders import make_diagnosis, make_snapshot
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def diagnosed(house: House) -> Diagnosis:
    """Store a diagnosis of an incident of its own."""
    snapshot = make_snapshot(house.with_incident())
    diagnosis = make_diagnosis(snapshot)
    with house.changing() as uow:
        uow.diagnoses.add_snapshot(snapshot)
        uow.diagnoses.add(diagnosis, [])
    return diagnosis


def begun(diagnosis: Diagnosis, **given: object) -> Consultation:
    """Return a consultation that runs and has 500 tokens reserved."""
    defaults: dict[str, object] = {
        "id": new_id(),
        "incident_id": diagnosis.incident_id,
        "diagnosis_id": diagnosis.id,
        "at": BEGINNING,
        "asked_by_person": False,
        "model": "claude-fake",
        "prompt": "diagnosis-1",
        "outcome": Outcome.RUNNING,
        "reserved": 500,
    }
    return Consultation(**{**defaults, **given})  # type: ignore[arg-type]


class ConsultationsConformance(Conformance):
    """What was asked, and what it cost."""

    def test_a_consultation_comes_back_as_it_began_and_as_it_ended(self, house: House) -> None:
        """With everything that is only known at its end."""
        diagnosis = diagnosed(house)
        one = begun(diagnosis)
        with house.changing() as uow:
            assert uow.consultations.latest(diagnosis.incident_id) is None
            uow.consultations.hold()
            uow.consultations.add(one)
        with house.reading() as uow:
            assert uow.consultations.latest(diagnosis.incident_id) == one
        ended = attrs.evolve(
            one,
            outcome=Outcome.ADVISED,
            ended_at=BEGINNING + MINUTE,
            advised_id=diagnosis.id,
            usage=Usage(prompt=90, completion=10, cache_read=40, cache_written=20),
            cost_microdollars=1234,
            cited=3,
            dropped={"uncited": 2},
            summary=(SummaryLine(text="Look there.", cites=("a", "b")),),
            detail="well",
            sent=("0" * 64,),
        )
        with house.changing() as uow:
            uow.consultations.end(ended)
        with house.reading() as uow:
            assert uow.consultations.latest(diagnosis.incident_id) == ended

    def test_what_never_began_does_not_end(self, house: House) -> None:
        """It is not found."""
        with pytest.raises(NotFound), house.changing() as uow:
            uow.consultations.end(begun(diagnosed(house)))

    def test_the_latest_is_of_the_incident_and_by_its_beginning(self, house: House) -> None:
        """However they were stored."""
        mine, other = diagnosed(house), diagnosed(house)
        late, early = begun(mine, at=BEGINNING + MINUTE), begun(mine)
        with house.changing() as uow:
            for one in (late, early, begun(other, at=BEGINNING + 2 * MINUTE)):
                uow.consultations.add(one)
        with house.reading() as uow:
            assert uow.consultations.latest(mine.incident_id) == late

    def test_a_day_counts_what_was_used_and_what_is_reserved(self, house: House) -> None:
        """From midnight to midnight, in UTC; what was not asked costs nothing."""
        diagnosis = diagnosed(house)
        midnight = BEGINNING.replace(hour=0, minute=0, second=0, microsecond=0)
        used = {"outcome": Outcome.REFUSED, "usage": Usage(prompt=70, completion=7), "cost_microdollars": 210}
        rows = (
            begun(diagnosis, at=midnight),
            begun(diagnosis, at=midnight + DAY - timedelta(microseconds=1), **used),
            begun(diagnosis, at=midnight + MINUTE, outcome=Outcome.OVER_BUDGET, reserved=0),
            begun(diagnosis, at=midnight + DAY, **used),
            begun(diagnosis, at=midnight - timedelta(microseconds=1), **used),
        )
        with house.changing() as uow:
            for row in rows:
                uow.consultations.add(row)
        today = midnight.date()
        with house.reading() as uow:
            assert uow.consultations.tokens_of(today) == 577
            assert uow.consultations.tokens_of(today + 5 * DAY) == 0
            days = uow.consultations.days(today, today + 2 * DAY)
        assert days == [
            DayOfConsultations(
                day=today.isoformat(),
                asked=2,
                over_budget=1,
                prompt_tokens=70,
                completion_tokens=7,
                cost_microdollars=210,
            ),
            DayOfConsultations(
                day=(today + DAY).isoformat(),
                asked=1,
                over_budget=0,
                prompt_tokens=70,
                completion_tokens=7,
                cost_microdollars=210,
            ),
        ]
