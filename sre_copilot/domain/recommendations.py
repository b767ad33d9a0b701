"""Recommendations: proposed actions on an incident, ranked, decided by people."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import attrs

from sre_copilot.domain.actions import ACTIONS, ActionType, Reversibility, RiskLevel
from sre_copilot.domain.errors import RecommendationDecided
from sre_copilot.domain.hypotheses import CandidateKind, RankedCause
from sre_copilot.domain.outcomes import TrackRecord
from sre_copilot.domain.proposals import Draft, ProposalSubject, ProposedRecommendation, RunbookMatch, undoing
from sre_copilot.domain.safeguards import SAFEGUARDS, Safeguard


class RecommendationStatus(StrEnum):
    """What people decided. Rejected and executed are final."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXECUTED = "executed"


@attrs.frozen(kw_only=True)
class Recommendation:
    """A stored proposal and what people decided about it. Nothing is ever executed by the copilot itself."""

    id: UUID
    incident_id: UUID
    hypothesis_id: UUID | None = None
    runbook_id: UUID | None = None
    action_type: ActionType
    description: str
    rationale: str
    risk_level: RiskLevel
    estimated_impact: str
    reversibility: Reversibility
    relevance_score: float
    rank: int
    status: RecommendationStatus = RecommendationStatus.PENDING
    user_notes: str = ""
    created_at: datetime
    status_updated_at: datetime | None = None

    @property
    def title(self) -> str:
        """The first line of the description."""
        return self.description.split("\n", 1)[0]

    @property
    def safeguard(self) -> Safeguard:
        """What has to hold before it is done, and how it is taken back."""
        return SAFEGUARDS[self.action_type]

    def accept(self, *, at: datetime, notes: str = "") -> "Recommendation":
        """Return it accepted. Raises RecommendationDecided unless it is pending."""
        return self._decided(RecommendationStatus.ACCEPTED, at, notes)

    def reject(self, *, at: datetime, notes: str = "") -> "Recommendation":
        """Return it rejected. Raises RecommendationDecided unless it is pending or accepted."""
        return self._decided(RecommendationStatus.REJECTED, at, notes)

    def execute(self, *, at: datetime, notes: str = "") -> "Recommendation":
        """Return it marked as executed by a person. Raises RecommendationDecided unless it is accepted."""
        return self._decided(RecommendationStatus.EXECUTED, at, notes)

    def _decided(self, status: RecommendationStatus, at: datetime, notes: str) -> "Recommendation":
        allowed = NEXT_STATUS[self.status]
        if status not in allowed:
            raise RecommendationDecided(
                status=self.status.value, wanted=status.value, allowed=[one.value for one in allowed]
            )
        return attrs.evolve(self, status=status, status_updated_at=at, user_notes=notes or self.user_notes)


NEXT_STATUS: dict[RecommendationStatus, tuple[RecommendationStatus, ...]] = {
    RecommendationStatus.PENDING: (RecommendationStatus.ACCEPTED, RecommendationStatus.REJECTED),
    RecommendationStatus.ACCEPTED: (RecommendationStatus.EXECUTED, RecommendationStatus.REJECTED),
    RecommendationStatus.REJECTED: (),
    RecommendationStatus.EXECUTED: (),
}
"""Which status may follow which."""

TEXT_MATCH = 0.8
"""Relevance of a perfect text match: similar words say less than a change that the diagnosis names (1.0)."""

LATER_ACTION = 0.8
"""Each further action counts this much of the one before it: runbooks say what to try first."""

UNEXPLAINED: tuple[tuple[ActionType, str, float], ...] = (
    (
        ActionType.CONTACT_PROVIDER,
        (
            "Nothing that is known here explains the symptoms. Look at the status pages of the providers in the path "
            "(cloud, network, DNS, payment, identity) and open a ticket with times and request ids."
        ),
        1.0,
    ),
    (
        ActionType.OBSERVE,
        "Do the checks that the diagnosis lists as its next best evidence before anything is changed.",
        0.8,
    ),
)
"""What none-of-these leads to: action, detail, fit."""


def recommend(
    hypotheses: Sequence[RankedCause],
    matches: Sequence[RunbookMatch],
    *,
    now: datetime,
    limit: int = 5,
    change_kinds: Mapping[UUID, str] | None = None,
) -> tuple[ProposedRecommendation, ...]:
    """Return at most `limit` proposals, best first, with ranks 1, 2, ...

    score = relevance x effectiveness x penalty, where

    * relevance = fit x plausibility. Fit is 1 for undoing a change that the hypothesis names, and TEXT_MATCH x the
      match's own relevance x LATER_ACTION ** position for an action of a runbook. Plausibility is the hypothesis'
      primary confidence over the greatest one; 1 where a runbook answers the symptoms as a whole;
    * effectiveness is that of the runbook's track record, see `TrackRecord`; where no runbook is behind a proposal,
      that of the never-tried;
    * penalty = RISK_FACTOR x REVERSIBILITY_FACTOR.

    Undoing a change is proposed for a change that a hypothesis names, never because a runbook mentions it.
    None-of-these leads to asking the provider and to watching. The same action is proposed once per subject, and
    "no subject in particular" counts as any. Ties go to the smaller risk, the easier way back, the earlier hypothesis;
    the order of `matches` is irrelevant. `change_kinds` says of changes whether they are "deploy", "config" or "flag".
    Raises ValueError for a negative limit, IndexError for a match whose hypothesis index points nowhere.
    """
    if limit < 0:
        raise ValueError("a limit can't be negative")
    subjects = _subjects(hypotheses)
    drafts = [draft for subject in subjects for draft in _from_cause(subject, matches, change_kinds or {}, now)]
    for match in matches:
        subject = ProposalSubject() if match.hypothesis_index is None else subjects[match.hypothesis_index]
        drafts.extend(_from_runbook(match, subject, now))
    drafts = sorted((draft for draft in drafts if draft.score > 0), key=Draft.order)
    return tuple(draft.proposal(rank) for rank, draft in enumerate(_without_repetition(drafts)[:limit], start=1))


def _subjects(hypotheses: Sequence[RankedCause]) -> list[ProposalSubject]:
    best = max((cause.confidence.primary for cause in hypotheses), default=0.0)
    return [
        ProposalSubject(index=index, cause=cause, plausibility=cause.confidence.primary / best if best else 0.0)
        for index, cause in enumerate(hypotheses)
    ]


def _from_cause(
    subject: ProposalSubject, matches: Sequence[RunbookMatch], change_kinds: Mapping[UUID, str], now: datetime
) -> Iterator[Draft]:
    cause = subject.cause
    if cause is None or not subject.is_actionable:
        return
    if cause.change_id is not None:
        action_type = undoing(change_kinds.get(cause.change_id, ""))
        match = _describing(action_type, subject, matches)
        yield Draft(
            subject=subject,
            action_type=action_type,
            detail=f"Undo this change: {cause.change_summary or cause.change_id}",
            fit=1.0,
            risk=match.runbook.risk_of(action_type) if match else ACTIONS[action_type].risk_level,
            match=match,
            record=match.track_record(now) if match else TrackRecord(),
        )
    if cause.kind is CandidateKind.NONE_OF_THESE:
        for action_type, detail, fit in UNEXPLAINED:
            risk = ACTIONS[action_type].risk_level
            yield Draft(subject=subject, action_type=action_type, detail=detail, fit=fit, risk=risk)


def _describing(
    action_type: ActionType, subject: ProposalSubject, matches: Sequence[RunbookMatch]
) -> RunbookMatch | None:
    """The best matching active runbook that says how to do this, if any."""
    found = [
        match
        for match in matches
        if match.hypothesis_index in (subject.index, None)
        and match.runbook.is_active
        and any(action.action_type is action_type for action in match.runbook.actions)
    ]
    return min(found, key=lambda match: (-match.relevance, match.runbook.slug), default=None)


def _from_runbook(match: RunbookMatch, subject: ProposalSubject, now: datetime) -> Iterator[Draft]:
    if not (match.runbook.is_active and subject.is_actionable):
        return
    record = match.track_record(now)
    allowed = [action for action in match.runbook.applicable_actions() if subject.allows(action.action_type)]
    # Positions count what is left: a first step that makes no sense here costs the next one nothing.
    for position, action in enumerate(allowed):
        yield Draft(
            subject=subject,
            action_type=action.action_type,
            detail=action.description,
            fit=TEXT_MATCH * match.relevance * LATER_ACTION**position,
            risk=match.runbook.risk_of(action.action_type),
            match=match,
            record=record,
        )


def _without_repetition(drafts: Sequence[Draft]) -> list[Draft]:
    kept: list[Draft] = []
    for draft in drafts:
        rivals = [other.subject.name for other in kept if other.action_type is draft.action_type]
        if not any(not name or not draft.subject.name or name == draft.subject.name for name in rivals):
            kept.append(draft)
    return kept
