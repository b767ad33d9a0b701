"""Proposals in the making: what a recommendation is about, what backs it, and what it scores."""

import sys
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.domain.actions import ACTIONS, ActionType, Reversibility, RiskLevel
from sre_copilot.domain.hypotheses import CandidateKind, RankedCause
from sre_copilot.domain.outcomes import Outcome, OutcomeResult, TrackRecord, weight_at_age
from sre_copilot.domain.runbooks import Runbook

RISK_FACTOR: dict[RiskLevel, float] = {
    RiskLevel.LOW: 1.0,
    RiskLevel.MEDIUM: 0.9,
    RiskLevel.HIGH: 0.7,
    RiskLevel.CRITICAL: 0.4,
}
"""What is left of a score for its risk. Set by hand: the best evidence may still put a risky action first."""

REVERSIBILITY_FACTOR: dict[Reversibility, float] = {
    Reversibility.INSTANT: 1.0,
    Reversibility.MANUAL: 0.95,
    Reversibility.DIFFICULT: 0.8,
    Reversibility.IRREVERSIBLE: 0.6,
}
"""What is left of a score for how hard the action is to take back. Set by hand."""

CHANGE_ACTIONS: dict[str, ActionType] = {
    "flag": ActionType.DISABLE_FLAG,
    "config": ActionType.REVERT_CONFIG,
    "deploy": ActionType.ROLLBACK,
}
"""A word in a change's kind -> how such a change is undone."""

UNDOES_A_CHANGE = frozenset(CHANGE_ACTIONS.values())

LEAST_PLAUSIBLE = 0.2
"""A hypothesis with less than this share of the best one's confidence is not acted upon."""


def undoing(kind: str) -> ActionType:
    """Return how a change of this kind is undone. Vendors say "feature_flag" or "config change"; a stranger is a deploy."""
    return next((action for word, action in CHANGE_ACTIONS.items() if word in kind.lower()), ActionType.ROLLBACK)


@attrs.frozen(kw_only=True)
class ProposedRecommendation:
    """One ranked proposal, before it is stored.

    `hypothesis_index` points into the hypotheses that were given, None where the proposal answers the symptoms as
    a whole. `relevance_score` in [0, 1]; `score` = relevance x effectiveness x penalty, in [0, 1); `rank` starts at 1.
    """

    hypothesis_index: int | None
    runbook_id: UUID | None
    action_type: ActionType
    description: str
    rationale: str
    risk_level: RiskLevel
    reversibility: Reversibility
    estimated_impact: str
    relevance_score: float
    score: float
    rank: int = 0


@attrs.frozen(kw_only=True)
class RunbookMatch:
    """A runbook that the search found for one hypothesis, or for the symptoms as a whole.

    `relevance` in [0, 1]: how well its words fit, 1 for the best there can be. `outcomes` are the runbook's own
    dated outcomes, as far as they are still kept.
    """

    runbook: Runbook
    relevance: float = attrs.field(validator=[attrs.validators.ge(0.0), attrs.validators.le(1.0)])
    hypothesis_index: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(0))
    )
    outcomes: tuple[Outcome, ...] = ()

    def track_record(self, now: datetime) -> TrackRecord:
        """Return how often the runbook worked, old occasions weighing less.

        What its counts hold beyond the dated outcomes is taken to be as old as the runbook itself, so that a
        record never looks fresher than it is.
        """
        results = [outcome.result for outcome in self.outcomes]
        undated = weight_at_age(now - self.runbook.created_at)
        return TrackRecord.of(self.outcomes, now=now).plus(
            worked=undated * max(0, self.runbook.success_count - results.count(OutcomeResult.WORKED)),
            failed=undated * max(0, self.runbook.failure_count - results.count(OutcomeResult.FAILED)),
        )


@attrs.frozen(kw_only=True)
class ProposalSubject:
    """What a proposal is about: one hypothesis, or with index None the symptoms as a whole."""

    index: int | None = None
    cause: RankedCause | None = None
    plausibility: float = 1.0

    @property
    def name(self) -> str:
        """The service or host, empty for the symptoms as a whole and for none-of-these."""
        return self.cause.subject if self.cause else ""

    @property
    def is_actionable(self) -> bool:
        """Whether anything should be proposed for it at all."""
        others = self.cause is not None and self.cause.kind is CandidateKind.OTHERS
        return self.plausibility >= LEAST_PLAUSIBLE and not others

    def allows(self, action_type: ActionType) -> bool:
        """Whether a runbook's action makes sense for this subject."""
        if action_type in UNDOES_A_CHANGE:
            return False
        profile = ACTIONS[action_type]
        on_host = self.cause is not None and self.cause.kind is CandidateKind.HOST
        return profile.for_hosts if on_host else profile.for_services

    @property
    def reason(self) -> str:
        """Why to act on it, as a sentence for people."""
        if self.cause is None:
            return "It answers the symptoms of this incident."
        sure = self.cause.confidence
        return f"{self.cause.claim.rstrip('.')} ({sure.primary:.0%}, between {sure.lower:.0%} and {sure.upper:.0%})."


@attrs.frozen(kw_only=True)
class Draft:
    """A proposal before it has its rank."""

    subject: ProposalSubject
    action_type: ActionType
    detail: str
    fit: float
    risk: RiskLevel
    match: RunbookMatch | None = None
    record: TrackRecord = attrs.field(factory=TrackRecord)

    @property
    def relevance(self) -> float:
        """Fit x plausibility, in [0, 1]."""
        return self.fit * self.subject.plausibility

    @property
    def score(self) -> float:
        """Relevance x effectiveness x penalty, in [0, 1)."""
        penalty = RISK_FACTOR[self.risk] * REVERSIBILITY_FACTOR[ACTIONS[self.action_type].reversibility]
        return self.relevance * self.record.effectiveness * penalty

    def order(self) -> tuple[float, int, int, int, str, str, str]:
        """The sort key: best score first, ties to the smaller risk, the easier way back, the earlier hypothesis."""
        way_back = ACTIONS[self.action_type].reversibility.severity
        # Advice on a named subject goes before the same advice on the symptoms as a whole.
        index = sys.maxsize if self.subject.index is None else self.subject.index
        slug = self.match.runbook.slug if self.match else ""
        return (-self.score, self.risk.severity, way_back, index, self.action_type.value, slug, self.detail)

    def proposal(self, rank: int) -> ProposedRecommendation:
        """Return it worded for people and at its rank."""
        profile = ACTIONS[self.action_type]
        headline = profile.headline_for(self.subject.name)
        return ProposedRecommendation(
            hypothesis_index=self.subject.index,
            runbook_id=self.match.runbook.id if self.match else None,
            action_type=self.action_type,
            description=f"{headline}\n\n{self.detail}" if self.detail else headline,
            rationale=" ".join(filter(None, (self.subject.reason, _experience(self.match)))),
            risk_level=self.risk,
            reversibility=profile.reversibility,
            estimated_impact=profile.estimated_impact,
            relevance_score=self.relevance,
            score=self.score,
            rank=rank,
        )


def _experience(match: RunbookMatch | None) -> str:
    if match is None:
        return ""
    book = match.runbook
    tried = book.success_count + book.failure_count
    record = f"it worked {book.success_count} of {tried} times" if tried else "it has not been tried yet"
    return f'Runbook "{book.title}": {record}.'
