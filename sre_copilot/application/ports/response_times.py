"""How long incidents took, added up by week."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import date
from typing import Protocol

import attrs

from sre_copilot.domain.response_times import WeekOfTimes
from sre_copilot.domain.signals import Severity


@attrs.frozen(kw_only=True)
class ResponseTimesFilter:
    """Which weeks, by their Mondays: `first` <= week < `end`. None means no narrowing."""

    first: date
    end: date
    service: str | None = None
    severity: Severity | None = None


class ResponseTimes(Protocol):
    """The response times of the tenant's incidents."""

    @abstractmethod
    def weeks(self, narrowed: ResponseTimesFilter) -> Sequence[WeekOfTimes]:
        """Every week that is asked for, by time, as incidents are now.

        What was added up may be kept for the next time; for that the unit of work has to be committed.
        """
