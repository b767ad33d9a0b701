"""Faults strike the call that they are meant for, and the unit of work ends all the same."""

import pytest

from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.testing.builders import make_incident
from sre_copilot.testing.faults import Fault, TappedUnits
from sre_copilot.testing.stage import Stage, stage

CALLS = ["enter", "incidents.save", "incidents.list", "commit", "exit"]


def store(here: Stage, fault: Fault) -> int:
    """Store an incident, and return how many the unit listed before its commit."""
    with TappedUnits(here.units, fault)(here.tenant.id) as uow:
        uow.incidents.save(make_incident(here.tenant.id))
        listed = len(uow.incidents.list(IncidentFilter()))
        uow.commit()
    return listed


def test_without_a_number_the_calls_are_only_taken_down_in_their_order() -> None:
    here, fault = stage(), Fault()
    assert store(here, fault) == 1
    assert fault.calls == CALLS
    assert len(here.tables.incidents) == 1


@pytest.mark.parametrize("number", range(1, len(CALLS) + 1))
def test_the_call_of_that_number_fails_and_no_later_one_is_made(number: int) -> None:
    here, fault = stage(), Fault(at=number)
    with pytest.raises(OSError) as struck:
        store(here, fault)
    assert struck.value is fault.error
    assert fault.calls[:number] == CALLS[:number]
    assert set(fault.calls[number:]) <= {"exit"}
    assert not here.tables.incidents
    assert here.units.open is None


@pytest.mark.parametrize("number", [2, 3, 4])
def test_a_late_fault_strikes_after_the_call_had_its_effect(number: int) -> None:
    here, seen = stage(), []

    class Late(Fault):
        def after(self, call: str) -> None:
            seen.append((call, len(here.tables.incidents)))
            super().after(call)

    with pytest.raises(OSError):
        store(here, Late(at=number, late=True))
    assert seen == [(call, 1) for call in CALLS[1:number]]
    assert not here.tables.incidents
