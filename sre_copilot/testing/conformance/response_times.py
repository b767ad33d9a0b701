"""Response times by week."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs

from sre_copilot.application.ports.response_times import ResponseTimesFilter
from sre_copilot.domain.incidents import Incident, Resolution
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.response_times import WEEK, Times, WeekOfTimes
from sre_copilot.domain.signals import Severity
from sre_copilot.testing.conformance.house import Conformance, House

MONDAY = date(2026, 3, 2)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def timed(
    house: House, at: datetime = MIDNIGHT, *, minutes: float = 10, by_person: bool = True, **given: Any
) -> Incident:
    """Store an incident that was acknowledged half-way to its end."""
    resolution = given.pop("resolution", Resolution.FIXED)
    return house.with_incident(
        detected_at=at,
        acknowledged_at=at + minutes / 2 * MINUTE,
        acknowledged_by_person=by_person,
        resolved_at=at + minutes * MINUTE,
        resolution=resolution,
        state=State.RESOLVED,
        **given,
    )


def asked(house: House, **narrowed: Any) -> list[tuple[list[int], list[int]]]:
    """The seconds of two weeks, to acknowledgement and to resolution."""
    given = {"first": MONDAY, "end": MONDAY + 2 * WEEK, **narrowed}
    with house.changing() as uow:
        weeks = uow.response_times.weeks(ResponseTimesFilter(**given))
    assert [week.week for week in weeks] == [MONDAY, MONDAY + WEEK]
    assert all(_is_consistent(one) for week in weeks for one in (week.acknowledged, week.resolved))
    return [(_flat(week.acknowledged), _flat(week.resolved)) for week in weeks]


def _is_consistent(times: Times) -> bool:
    return times.total == sum(_flat(times)) and all(list(run) == sorted(run) for run in times.runs)


def _flat(times: Times) -> list[int]:
    return sorted(second for run in times.runs for second in run)


def changed(house: House, incident: Incident, **to: Any) -> None:
    """Store an incident with other fields."""
    with house.changing() as uow:
        uow.incidents.save(attrs.evolve(uow.incidents.get(incident.id), **to))


class ResponseTimesConformance(Conformance):
    """What counts, in which week, and that every change is seen by whoever asks next."""

    def test_without_incidents_every_week_is_there_and_empty(self, house: House) -> None:
        """A report has a row for each week."""
        assert asked(house) == [([], []), ([], [])]

    def test_an_incident_counts_in_the_week_of_its_detection_in_whole_seconds(self, house: House) -> None:
        """From Monday, 00:00 UTC, to before the next; parts of seconds are cut off."""
        timed(house, minutes=1.99)
        timed(house, MIDNIGHT + WEEK - timedelta(microseconds=1), minutes=60 * 24 * 30)
        timed(house, MIDNIGHT + WEEK, minutes=2)
        timed(house, MIDNIGHT - timedelta(microseconds=1))
        timed(house, MIDNIGHT + 2 * WEEK)
        assert asked(house) == [([59, 1_296_000], [119, 2_592_000]), ([60], [120])]

    def test_only_what_a_person_acknowledged_counts_as_acknowledged(self, house: House) -> None:
        """What automation acknowledged counts as resolved only, what is open as acknowledged only."""
        timed(house, by_person=False)
        house.with_incident(
            detected_at=MIDNIGHT,
            acknowledged_at=MIDNIGHT + MINUTE,
            acknowledged_by_person=True,
            state=State.ACKNOWLEDGED,
        )
        house.with_incident(detected_at=MIDNIGHT)
        assert asked(house)[0] == ([60], [600])

    def test_false_alarms_duplicates_and_merged_incidents_stay_out(self, house: House) -> None:
        """Fixed, recovered and expected ones count."""
        for resolution in Resolution:
            timed(house, resolution=resolution)
        timed(house, metadata={"merged_into": "another"})
        assert asked(house)[0] == ([300] * 3, [600] * 3)

    def test_a_report_is_narrowed_by_service_and_by_severity(self, house: House) -> None:
        """By each, and by both; a service by its whole name."""
        timed(house, minutes=2, service="api", severity=Severity.HIGH)
        timed(house, minutes=4, service="api", severity=Severity.LOW)
        timed(house, minutes=6, service="web", severity=Severity.LOW)
        assert asked(house)[0][1] == [120, 240, 360]
        assert asked(house, service="api")[0][1] == [120, 240]
        assert asked(house, severity=Severity.LOW)[0][1] == [240, 360]
        assert asked(house, service="api", severity=Severity.LOW)[0][1] == [240]
        assert asked(house, service="apis")[0][1] == []

    def test_whoever_asks_again_sees_what_has_changed(self, house: House) -> None:
        """Whichever of the things that count it is."""
        incident = timed(house)
        assert asked(house)[0] == ([300], [600])
        changes: Sequence[tuple[dict[str, Any], tuple[list[int], list[int]]]] = (
            ({"state": State.INVESTIGATING, "resolved_at": None, "resolution": None}, ([300], [])),
            ({"acknowledged_by_person": False}, ([], [])),
            ({"state": State.RESOLVED, "resolved_at": MIDNIGHT + MINUTE, "resolution": Resolution.FIXED}, ([], [60])),
            ({"detected_at": MIDNIGHT + MINUTE / 2}, ([], [30])),
            ({"resolution": Resolution.FALSE_ALARM}, ([], [])),
            ({"resolution": Resolution.EXPECTED}, ([], [30])),
            ({"metadata": {"merged_into": "another"}}, ([], [])),
        )
        for to, expected in changes:
            changed(house, incident, **to)
            assert (to, asked(house)[0]) == (to, expected)

    def test_an_incident_that_moves_is_found_where_it_is_now(self, house: House) -> None:
        """In its week, its service and its severity, and no longer where it was."""
        incident = timed(house, MIDNIGHT + WEEK, service="api")
        assert asked(house)[1] == ([300], [600])
        changed(house, incident, detected_at=MIDNIGHT + WEEK - MINUTE, service="web", severity=Severity.CRITICAL)
        assert asked(house) == [([360], [660]), ([], [])]
        assert asked(house, service="api")[0] == ([], [])
        assert asked(house, service="web", severity=Severity.CRITICAL)[0] == ([360], [660])

    def test_a_new_incident_is_seen_by_whoever_asks_again(self, house: House) -> None:
        """Also in a week that was empty."""
        assert asked(house)[0] == ([], [])
        timed(house)
        assert asked(house)[0] == ([300], [600])

    def test_what_was_added_up_and_not_committed_is_added_up_again(self, house: House) -> None:
        """Nothing is lost with a unit of work that is rolled back."""
        timed(house)
        narrowed = ResponseTimesFilter(first=MONDAY, end=MONDAY + WEEK)
        with house.reading() as uow:
            (week,) = uow.response_times.weeks(narrowed)
        assert week == WeekOfTimes(week=MONDAY, acknowledged=week.acknowledged, resolved=week.resolved)
        timed(house)
        assert asked(house)[0] == ([300, 300], [600, 600])
