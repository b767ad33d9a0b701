"""What came of an executed recommendation, and how far a procedure's record can be trusted."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import attrs

from sre_copilot.domain.diagnosis.confidence import wilson

HALF_LIFE = timedelta(days=180)
"""After this time an outcome counts half: systems change, and so does what helps them."""

PRIOR_WORKED = 3.0
PRIOR_FAILED = 1.0
"""The weak prior: a procedure that somebody took the trouble to write works three times out of four.

Four imagined outcomes keep a never-tried procedure away from 0 (it gets about 0.36) and are outweighed
by a handful of real ones."""


class OutcomeResult(StrEnum):
    """What a person saw after the action."""

    WORKED = "worked"
    FAILED = "failed"
    UNCLEAR = "unclear"


@attrs.frozen(kw_only=True)
class Outcome:
    """One person's word on what an executed recommendation did. `runbook_id` is None where it had no runbook."""

    id: UUID
    recommendation_id: UUID
    incident_id: UUID
    runbook_id: UUID | None = None
    result: OutcomeResult
    notes: str = ""
    recorded_by: UUID | None = None
    at: datetime


@attrs.frozen(kw_only=True)
class TrackRecord:
    """How often something worked and failed, each occasion weighted by its age: both >= 0, not whole numbers."""

    worked: float = attrs.field(default=0.0, validator=attrs.validators.ge(0.0))
    failed: float = attrs.field(default=0.0, validator=attrs.validators.ge(0.0))

    @classmethod
    def of(cls, outcomes: Iterable[Outcome], *, now: datetime) -> "TrackRecord":
        """Return the record that these outcomes make today; unclear ones count for neither side."""
        worked = failed = 0.0
        for outcome in outcomes:
            if outcome.result is OutcomeResult.WORKED:
                worked += weight_at_age(now - outcome.at)
            elif outcome.result is OutcomeResult.FAILED:
                failed += weight_at_age(now - outcome.at)
        return cls(worked=worked, failed=failed)

    def plus(self, *, worked: float, failed: float) -> "TrackRecord":
        """Return the record with these weighted occasions added."""
        return TrackRecord(worked=self.worked + worked, failed=self.failed + failed)

    @property
    def effectiveness(self) -> float:
        """How often it works, at least: in (0, 1), about 0.36 for what was never tried.

        The lower end of Wilson's 90 % score interval (see `wilson`) of worked / (worked + failed), the prior included.
        More successes never lower it and more failures never raise it.
        """
        worked, failed = self.worked + PRIOR_WORKED, self.failed + PRIOR_FAILED
        return wilson(worked, worked + failed)[0]


def weight_at_age(age: timedelta) -> float:
    """Return 0.5 ** (age / HALF_LIFE), in (0, 1]; what lies in the future counts as now."""
    return float(0.5 ** (max(age, timedelta(0)) / HALF_LIFE))
