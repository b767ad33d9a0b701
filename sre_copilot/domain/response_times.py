"""How long it takes until somebody is on an incident, and until it is over: week by week, and over many weeks.

Times are counted in whole seconds, so that the same durations always give the same figures, however they are stored.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import attrs

from sre_copilot.domain.incidents import MERGED_INTO, Incident, Resolution

WEEK = timedelta(days=7)
UNCOUNTED = tuple(sorted(one.value for one in Resolution if not one.counts_in_response_times))
"""Resolutions of incidents that stay out, as words."""


def week_of(at: datetime) -> date:
    """The Monday, in UTC, of the week in which something happened."""
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


@attrs.frozen(kw_only=True)
class Times:
    """Durations in whole seconds as sorted runs, in any order among themselves, and the sum of all of them."""

    runs: tuple[Sequence[int], ...] = ()
    total: int = 0

    @classmethod
    def of(cls, seconds: Sequence[int]) -> "Times":
        """The times that these are, in any order."""
        return cls(runs=(sorted(seconds),) if seconds else (), total=sum(seconds))

    @classmethod
    def joined(cls, parts: Sequence["Times"]) -> "Times":
        """All of them together."""
        return cls(runs=tuple(run for part in parts for run in part.runs), total=sum(part.total for part in parts))


@attrs.frozen(kw_only=True)
class WeekOfTimes:
    """The incidents detected in one week that begins on the Monday `week`, in UTC.

    `acknowledged` are the times to acknowledgement of those that a person acknowledged, `resolved` the times to
    resolution of those that are resolved.
    """

    week: date
    acknowledged: Times = attrs.field(factory=Times)
    resolved: Times = attrs.field(factory=Times)


@attrs.frozen(kw_only=True)
class Summary:
    """Figures in seconds, None where nothing is counted.

    Half of the incidents took at most `median`, nine of ten at most `p90`, which is the time of one of them. The mean
    stands last: one forgotten incident moves it.
    """

    count: int = 0
    median: float | None = None
    p90: int | None = None
    mean: float | None = None

    @classmethod
    def of(cls, times: Times) -> "Summary":
        """Sum up. Nothing is sorted again: the figures are looked up in the sorted runs."""
        runs = [run for run in times.runs if run]
        count = sum(map(len, runs))
        if not count:
            return cls()
        upper = _ranked(runs, count // 2)
        lower = upper if count % 2 else _ranked(runs, count // 2 - 1)
        # In whole numbers: 0.9 * 10 is not exactly 9.
        p90 = _ranked(runs, (9 * count + 9) // 10 - 1)
        return cls(count=count, median=(lower + upper) / 2, p90=p90, mean=times.total / count)


def _ranked(runs: Sequence[Sequence[int]], rank: int) -> int:
    """The number at place `rank`, from 0 on, that all runs would have if they were one: by halving what it can be."""
    low, high = min(run[0] for run in runs), max(run[-1] for run in runs)
    while low < high:
        middle = (low + high) // 2
        if sum(bisect_right(run, middle) for run in runs) > rank:
            high = middle
        else:
            low = middle + 1
    return low


def counts(incident: Incident) -> bool:
    """Whether an incident counts: false alarms, duplicates and what was merged into another one stay out."""
    resolution = incident.resolution
    return (resolution is None or resolution.counts_in_response_times) and MERGED_INTO not in incident.metadata


def seconds_to_acknowledge(incident: Incident) -> int | None:
    """Whole seconds until a person acknowledged it, None where nobody has."""
    if not incident.acknowledged_by_person or incident.acknowledged_at is None:
        return None
    return _whole(incident.acknowledged_at - incident.detected_at)


def seconds_to_resolve(incident: Incident) -> int | None:
    """Whole seconds until it was resolved, None where it is not."""
    return None if incident.resolved_at is None else _whole(incident.resolved_at - incident.detected_at)


def _whole(span: timedelta) -> int:
    return max(0, span // timedelta(seconds=1))
