"""Weeks are added up while incidents change: whatever the order, whoever asks last is right."""

from collections.abc import Callable
from datetime import timedelta

import attrs
import pytest

from sre_copilot.adapters.django_orm import setup
from sre_copilot.application.ports.response_times import ResponseTimesFilter
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.response_times import WEEK
from sre_copilot.testing.conformance.house import House
from sre_copilot.testing.conformance.response_times import MIDNIGHT, MONDAY, timed
from tests.integration.database import Database
from tests.integration.threads import at_once, in_rounds

NARROWED = ResponseTimesFilter(first=MONDAY, end=MONDAY + WEEK)


@pytest.fixture
def house(database: Database) -> House:
    return House.build(setup.adapters()[0])


def report(house: House) -> list[int]:
    with house.changing() as uow:
        (week,) = uow.response_times.weeks(NARROWED)
    return sorted(second for run in week.resolved.runs for second in run)


def apart(work: Callable[[], object]) -> None:
    """Let something happen on another connection, to its end."""
    at_once(work)


@pytest.mark.parametrize("noted_before", [False, True])
def test_a_change_that_is_not_committed_when_weeks_are_added_up_is_in_the_next_report(
    house: House, noted_before: bool
) -> None:
    incident = timed(house)
    report(house)
    if noted_before:
        timed(house, minutes=20)
    expected = [600, 1200] if noted_before else [600]
    with house.changing() as uow:
        uow.incidents.save(attrs.evolve(incident, resolved_at=MIDNIGHT + timedelta(seconds=1)))
        seen: list[list[int]] = []
        apart(lambda: seen.append(report(house)))
        assert seen == [expected]
    assert report(house) == [1, *expected[1:]]


def test_a_change_that_is_committed_while_weeks_are_added_up_is_in_the_next_report(house: House) -> None:
    incident = timed(house)
    with house.changing() as uow:
        assert len(uow.response_times.weeks(NARROWED)) == 1
        apart(lambda: timed(house, minutes=20))
    assert report(house) == [600, 1200]
    with house.changing() as uow:
        uow.response_times.weeks(NARROWED)
        uow.incidents.save(attrs.evolve(incident, state=State.INVESTIGATING, resolved_at=None, resolution=None))
    assert report(house) == [1200]


def test_many_who_ask_and_many_who_change_at_once_end_with_the_right_figures(house: House) -> None:
    rounds = 8

    def change(number: int) -> None:
        timed(house, MIDNIGHT + number * timedelta(hours=1))

    outcomes = in_rounds(rounds, [change, change, lambda _: report(house), lambda _: report(house)])
    assert not [one for row in outcomes for one in row if isinstance(one, Exception)]
    assert report(house) == [600] * (2 * rounds)


def test_what_nobody_reads_leaves_one_note_a_week(house: House, database: Database) -> None:
    for number in range(5):
        timed(house, MIDNIGHT + number * timedelta(days=1))
    with database.connect("owner") as db:
        query = "SELECT week FROM response_time_changes WHERE tenant_id = %s"
        assert db.execute(query, [house.tenant.id]).fetchall() == [(MONDAY,)]
