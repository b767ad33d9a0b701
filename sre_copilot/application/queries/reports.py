"""What is reported over many incidents."""

from datetime import date, datetime, timedelta

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.response_times import ResponseTimesFilter
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.consultations import DayOfConsultations
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.response_times import WEEK, Summary, Times, week_of
from sre_copilot.domain.signals import Severity

A_YEAR = 52
"""Weeks that are reported where nobody says which."""
MOST_WEEKS = 530
A_MONTH = 30
"""Days that are reported of a language model where nobody says how many."""
MOST_DAYS = 366


@attrs.frozen(kw_only=True)
class WeekReport:
    """The incidents detected in the week that begins on Monday `week`, in UTC, from detection on."""

    week: date
    acknowledged: Summary
    resolved: Summary


@attrs.frozen(kw_only=True)
class ResponseTimesReport:
    """Time to acknowledgement by a person, and to resolution, by week of detection and over all of these weeks.

    `first` is the first day that counts, `end` the first that no longer does. False alarms, duplicates and merged
    incidents stay out.
    """

    first: date
    end: date
    service: str | None
    severity: Severity | None
    acknowledged: Summary
    resolved: Summary
    weeks: tuple[WeekReport, ...]


@attrs.frozen(kw_only=True)
class ReportQueries:
    """Reads reports."""

    units: UnitOfWorkFactory
    clock: Clock

    def response_times(
        self,
        *,
        actor: Actor,
        since: datetime | None = None,
        until: datetime | None = None,
        weeks: int = A_YEAR,
        service: str | None = None,
        severity: Severity | None = None,
    ) -> ResponseTimesReport:
        """The whole weeks from the one of `since` to the one of `until`, in UTC.

        Without `until` to this one, without `since` so many as `weeks` says. Raises NotPermitted, and InvalidInput for
        no week, more than 530, or one that the calendar doesn't have whole.
        """
        actor.require(Permission.READ)
        try:
            end = week_of(until or self.clock.now()) + WEEK
            first = week_of(since) if since else end - weeks * WEEK
        except OverflowError:
            raise InvalidInput(
                "These times are at the edge of the calendar; give ones that incidents may have."
            ) from None
        if not timedelta() < end - first <= MOST_WEEKS * WEEK:
            raise InvalidInput(f"A report covers 1 to {MOST_WEEKS} weeks; these times name {(end - first) // WEEK}.")
        narrowed = ResponseTimesFilter(first=first, end=end, service=service, severity=severity)
        with self.units(actor.tenant_id) as uow:
            found = uow.response_times.weeks(narrowed)
            # What was added up is kept for whoever asks next.
            uow.commit()
        return ResponseTimesReport(
            first=first,
            end=end,
            service=service,
            severity=severity,
            acknowledged=Summary.of(Times.joined([week.acknowledged for week in found])),
            resolved=Summary.of(Times.joined([week.resolved for week in found])),
            weeks=tuple(
                WeekReport(
                    week=week.week, acknowledged=Summary.of(week.acknowledged), resolved=Summary.of(week.resolved)
                )
                for week in found
            ),
        )

    def model_usage(self, *, actor: Actor, days: int = A_MONTH) -> tuple[DayOfConsultations, ...]:
        """What a language model was asked and what that cost, by day (UTC), today and so many `days` in all; days without are left out.

        Raises NotPermitted, and InvalidInput for fewer than 1 and more than 366 days.
        """
        actor.require(Permission.READ)
        if not 1 <= days <= MOST_DAYS:
            raise InvalidInput(f"A report of the language model covers 1 to {MOST_DAYS} days, not {days}.")
        tomorrow = self.clock.now().date() + timedelta(days=1)
        with self.units(actor.tenant_id) as uow:
            return tuple(uow.consultations.days(tomorrow - timedelta(days=days), tomorrow))
