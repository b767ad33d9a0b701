"""Response times in memory."""

from collections.abc import Callable, Sequence
from datetime import date

import attrs

from sre_copilot.application.ports.response_times import ResponseTimesFilter
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.response_times import (
    WEEK,
    Times,
    WeekOfTimes,
    counts,
    seconds_to_acknowledge,
    seconds_to_resolve,
    week_of,
)
from sre_copilot.testing.tables import TenantTables


@attrs.frozen
class InMemoryResponseTimes:
    """The response times of the tenant's incidents, added up anew whenever somebody asks."""

    tables: TenantTables

    def weeks(self, narrowed: ResponseTimesFilter) -> Sequence[WeekOfTimes]:
        """Every week that is asked for, by time."""
        found = [row for row in self.tables.incidents.values() if counts(row) and _matches(row, narrowed)]
        mondays = [narrowed.first + place * WEEK for place in range((narrowed.end - narrowed.first) // WEEK)]
        return [_week(monday, [row for row in found if week_of(row.detected_at) == monday]) for monday in mondays]


def _matches(incident: Incident, narrowed: ResponseTimesFilter) -> bool:
    return narrowed.service in (None, incident.service) and narrowed.severity in (None, incident.severity)


def _week(monday: date, incidents: Sequence[Incident]) -> WeekOfTimes:
    return WeekOfTimes(
        week=monday,
        acknowledged=_times(incidents, seconds_to_acknowledge),
        resolved=_times(incidents, seconds_to_resolve),
    )


def _times(incidents: Sequence[Incident], seconds: Callable[[Incident], int | None]) -> Times:
    found = [seconds(incident) for incident in incidents]
    return Times.of([one for one in found if one is not None])
