"""Corrections: what people undid of what correlation decided, kept as examples. Nothing learns from them by itself."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import attrs

from sre_copilot.domain.correlation import THRESHOLD, CandidateScore, CorrelationDecision
from sre_copilot.domain.decisions import CorrelationOutcome
from sre_copilot.domain.signals import Severity


class CorrectionKind(StrEnum):
    """What the person did."""

    MERGED = "merged"
    """Its whole incident was put into another one."""
    SPLIT = "split"
    """It was taken out of its incident, perhaps with others."""
    MOVED = "moved"
    """It alone was put elsewhere."""


@attrs.frozen(kw_only=True)
class Correction:
    """One episode that people put into another incident than the one it was in.

    `signal_id` is its original. `left_id` is where it was, None where it was nowhere, `joined_id` where it is since.
    `outcome` and `threshold` are those of the decision that correlation had made about it, None where it had made none;
    `scores` are what that decision says of the two incidents, as far as they were candidates then.
    """

    id: UUID
    kind: CorrectionKind
    at: datetime
    user_id: UUID | None
    reason: str
    fingerprint: str
    episode_id: UUID
    signal_id: UUID
    left_id: UUID | None
    joined_id: UUID
    outcome: CorrelationOutcome | None = None
    threshold: float | None = None
    scores: tuple[CandidateScore, ...] = ()


@attrs.frozen(kw_only=True)
class Rehomed:
    """What is known of the signals that went along with episodes: how many there were, and of those that fired the
    earliest time, the latest receipt and the worst severity. At least one of them fired.
    """

    signals: int
    first_at: datetime
    last_received_at: datetime
    severity: Severity


def pair_of(decision: CorrelationDecision, *incident_ids: UUID | None) -> tuple[CandidateScore, ...]:
    """What a decision says of these incidents, best first."""
    return tuple(one for one in decision.scores if one.incident_id in incident_ids)


def moved_to(incident_id: UUID) -> CorrelationDecision:
    """The record that people put an episode into this incident; nothing was weighed for it."""
    return CorrelationDecision(
        outcome=CorrelationOutcome.MOVED_BY_PERSON, incident_id=incident_id, threshold=THRESHOLD, scores=()
    )
