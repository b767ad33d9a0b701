"""Causes, runbooks and matches from which recommendations are made."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sre_copilot.domain.actions import ActionType, RiskLevel
from sre_copilot.domain.hypotheses import CandidateKind, Confidence, RankedCause
from sre_copilot.domain.proposals import RunbookMatch
from sre_copilot.domain.runbooks import Runbook, RunbookAction

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
CHANGE = UUID(int=77)


def cause(
    subject: str = "payments",
    *,
    primary: float = 0.6,
    kind: CandidateKind = CandidateKind.SERVICE,
    change: UUID | None = None,
    summary: str | None = None,
) -> RankedCause:
    return RankedCause(
        kind=kind,
        subject=subject,
        claim=f"{subject} is at fault.",
        description="",
        score=0.0,
        confidence=Confidence(lower=0.0, primary=primary, upper=1.0),
        components={},
        change_id=change,
        change_summary=summary,
    )


def runbook(
    slug: str = "slow",
    *actions: ActionType,
    risk: RiskLevel = RiskLevel.LOW,
    worked: int = 0,
    failed: int = 0,
    age: timedelta = timedelta(0),
    active: bool = True,
) -> Runbook:
    return Runbook(
        id=UUID(int=int.from_bytes(slug.encode(), "big") % 2**128),
        slug=slug,
        title=slug.title(),
        description="What to do.",
        risk_level=risk,
        usage_count=worked + failed,
        success_count=worked,
        failure_count=failed,
        is_active=active,
        created_at=NOW - age,
        updated_at=NOW,
        actions=tuple(RunbookAction(action_type=one, description=f"Do {one.value}.") for one in actions),
    )


def match(book: Runbook, relevance: float = 1.0, *, on: int | None = 0) -> RunbookMatch:
    return RunbookMatch(runbook=book, relevance=relevance, hypothesis_index=on)
