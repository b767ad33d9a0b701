"""How far confidences could be relied on: the calibration of the tenant's first answers."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.precedents import FirstAnswer
from sre_copilot.domain.recalibration import ENOUGH, MOST_USED, recalibrated
from sre_copilot.domain.reliability import (
    Forecast,
    ReliabilityBin,
    brier,
    calibration_error,
    perfect_error,
    reliability,
)

MONTHS = 12
"""Months that are reported where nobody says which."""
MOST_MONTHS = 120
MOST_ANSWERS = 5_000


@attrs.frozen(kw_only=True)
class Calibration:
    """The first answers of some time of which is known whether they were right.

    `count` of them, `right` of which were; `said` is their mean confidence. Brier score, expected calibration error and
    the range of a perfectly calibrated forecaster's are None while there are fewer than `needed`: not enough yet.
    """

    count: int
    right: int
    needed: int
    said: float | None
    brier: float | None
    ece: float | None
    ece_if_perfect: tuple[float, float] | None
    bins: tuple[ReliabilityBin, ...]

    @property
    def is_enough(self) -> bool:
        """Whether there are enough answers to say something of them."""
        return self.count >= self.needed

    @classmethod
    def of(cls, answers: Iterable[FirstAnswer]) -> "Calibration":
        """Work it out."""
        known = [Forecast(said=one.primary, right=bool(one.right)) for one in answers if one.right is not None]
        enough = len(known) >= ENOUGH
        return cls(
            count=len(known),
            right=sum(one.right for one in known),
            needed=ENOUGH,
            said=sum(one.said for one in known) / len(known) if known else None,
            brier=brier(known) if enough else None,
            ece=calibration_error(known) if enough else None,
            ece_if_perfect=perfect_error(known) if enough else None,
            bins=reliability(known) if enough else (),
        )


@attrs.frozen(kw_only=True)
class MonthOfAnswers:
    """The first answers given in the month that begins on `month`, in UTC."""

    month: date
    calibration: Calibration


@attrs.frozen(kw_only=True)
class CalibrationReport:
    """How far first answers could be relied on, over all of these months and month by month.

    `first` is the first day that counts, `end` the first that no longer does. `diagnosed` incidents got an answer in that
    time; of those that are not in the calibration's count nobody has said what their cause was. `slope` is the tenant's
    own recalibration as it would be used now, fitted on its latest `slope_cases` answers; None while they are not enough.
    """

    first: date
    end: date
    diagnosed: int
    overall: Calibration
    slope: float | None
    slope_cases: int
    months: tuple[MonthOfAnswers, ...]


@attrs.frozen(kw_only=True)
class CalibrationQueries:
    """Reads how well calibrated the tenant's diagnoses are."""

    units: UnitOfWorkFactory
    clock: Clock

    def report(
        self,
        *,
        actor: Actor,
        since: datetime | None = None,
        until: datetime | None = None,
        months: int = MONTHS,
    ) -> CalibrationReport:
        """The whole months from the one of `since` to the one of `until`, in UTC; at most the latest 5,000 answers of them.

        Without `until` to this one, without `since` so many as `months` says. Raises NotPermitted, and InvalidInput for no
        month, more than 120, or one at the edge of the calendar.
        """
        actor.require(Permission.READ)
        now = self.clock.now()
        try:
            last = _number(until or now)
            begins = _number(since) if since else last - months + 1
            starts = (
                [_start(number) for number in range(begins, last + 2)] if 0 < last - begins + 1 <= MOST_MONTHS else []
            )
        except (OverflowError, ValueError):
            raise InvalidInput(
                "These times are at the edge of the calendar; give ones that incidents may have."
            ) from None
        if not starts:
            raise InvalidInput(f"A report covers 1 to {MOST_MONTHS} months; these times name {last - begins + 1}.")
        with self.units(actor.tenant_id) as uow:
            answers = uow.precedents.answers(since=starts[0], until=starts[-1], limit=MOST_ANSWERS)
            latest = uow.precedents.answers(since=None, until=now + timedelta(microseconds=1), limit=MOST_USED)
            diagnosed = uow.diagnoses.diagnosed(starts[0], starts[-1])
        own = recalibrated(latest)
        return CalibrationReport(
            first=starts[0].date(),
            end=starts[-1].date(),
            diagnosed=diagnosed,
            overall=Calibration.of(answers),
            slope=own.slope if own else None,
            slope_cases=own.cases if own else len(latest),
            months=tuple(_month(start, answers) for start in starts[:-1]),
        )


def _month(start: datetime, answers: Sequence[FirstAnswer]) -> MonthOfAnswers:
    mine = [one for one in answers if _number(one.at) == _number(start)]
    return MonthOfAnswers(month=start.date(), calibration=Calibration.of(mine))


def _number(at: datetime) -> int:
    """The number of a moment's month since the year 0, in UTC."""
    day = at.astimezone(UTC)
    return day.year * 12 + day.month - 1


def _start(number: int) -> datetime:
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
