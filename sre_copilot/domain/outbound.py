"""What people outside are told: what happened to an incident, in facts that stay as they were at that moment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.domain.hypotheses import Diagnosis, Hypothesis
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.recommendations import Recommendation
from sre_copilot.domain.signals import Environment, Severity

TOP_CAUSES = 3
"""Hypotheses that are told of one diagnosis."""
TOP_CHECKS = 2
LONGEST_TEXT = 2_000
"""Characters that are told of a description, a note, a rationale."""


class Event(StrEnum):
    """What can be told of an incident. The words are those of the outgoing webhook's `type`."""

    OPENED = "incident.opened"
    STATE_CHANGED = "incident.state_changed"
    SEVERITY_CHANGED = "incident.severity_changed"
    ASSIGNED = "incident.assigned"
    NOTED = "incident.noted"
    SETTLE_SUGGESTED = "incident.settle_suggested"
    HYPOTHESES_READY = "incident.hypotheses_ready"
    RECOMMENDATIONS_READY = "incident.recommendations_ready"
    RECOMMENDATION_DECIDED = "incident.recommendation_decided"
    MERGED = "incident.merged"
    """Another incident was merged into it. The other one's last word is that it is resolved."""
    SIGNALS_MOVED = "incident.signals_moved"
    """People took signals out of it, or put some into it."""


@attrs.frozen(kw_only=True)
class IncidentFacts:
    """An incident as it was when something happened. `assignee` is a person's name, "" for nobody."""

    id: UUID
    title: str
    description: str
    service: str
    environment: Environment
    severity: Severity
    state: State
    declared: bool = False
    detected_at: datetime
    acknowledged_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: str = ""
    root_cause: str = ""
    resolution_summary: str = ""
    assignee: str = ""
    recurrence_of: UUID | None = None
    version: int = 1


def facts_of(incident: Incident, *, assignee: str = "") -> IncidentFacts:
    """Return what can be told of an incident as it is."""
    return IncidentFacts(
        id=incident.id,
        title=incident.title,
        description=incident.description[:LONGEST_TEXT],
        service=incident.service,
        environment=incident.environment,
        severity=incident.severity,
        state=incident.state,
        declared=incident.declared,
        detected_at=incident.detected_at,
        acknowledged_at=incident.acknowledged_at,
        mitigated_at=incident.mitigated_at,
        resolved_at=incident.resolved_at,
        resolution=incident.resolution.value if incident.resolution else "",
        root_cause=incident.root_cause[:LONGEST_TEXT],
        resolution_summary=incident.resolution_summary[:LONGEST_TEXT],
        assignee=assignee,
        recurrence_of=incident.recurrence_of,
        version=incident.version,
    )


@attrs.frozen(kw_only=True)
class CauseFacts:
    """One hypothesis: what it claims, how sure we are (0 <= lower <= primary <= upper <= 1), and what speaks for it."""

    hypothesis_id: UUID
    rank: int
    kind: str
    claim: str
    lower: float
    primary: float
    upper: float
    evidence: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class AdviceFacts:
    """One recommendation: what to do, why, how dangerous it is and how it is taken back."""

    recommendation_id: UUID
    rank: int
    title: str
    rationale: str
    risk: str
    reversibility: str


@attrs.frozen(kw_only=True)
class Happening:
    """What happened to an incident, when, and who did it. Which fields say something depends on the event.

    `before` is the state or severity that it left, `text` the reason of a step or the words of a note.
    """

    event: Event
    at: datetime
    by: str = ""
    automated: bool = False
    before: str = ""
    text: str = ""
    causes: tuple[CauseFacts, ...] = ()
    convincing: bool | None = None
    checks: tuple[str, ...] = ()
    """What would most change a ranking that convinces nobody."""
    advice: tuple[AdviceFacts, ...] = ()
    decision: str = ""


@attrs.frozen(kw_only=True)
class Answer:
    """An answer to one person who asked something where the target's people talk; nobody else is to see it.

    `to`, `channel` and `thread` are the target's own names, `text` is plain text.
    """

    to: str
    channel: str
    text: str
    thread: str = ""


@attrs.frozen(kw_only=True)
class Content:
    """All that is needed to write a message: what happened to which incident, or an answer."""

    incident: IncidentFacts | None = None
    happening: Happening | None = None
    answer: Answer | None = None


@attrs.frozen(kw_only=True)
class Message:
    """A message on its way to a target.

    `key` is the same however often it is tried, so that whoever gets it twice can tell. `attempt` counts from 1.
    `address` is what the routing rule says of where in the target it goes, "" for the target's own default. `thread` is
    the receipt of the first message that this target and address got about the incident, empty before there is one.
    """

    key: str
    sequence: int
    attempt: int
    address: str
    content: Content
    created_at: datetime
    thread: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Sent:
    """That a message arrived. `receipt` (small, plain JSON, no secrets) is kept, and given back with later messages as `thread`.

    `channel` and `thread` are the target's own names of where people talk about the incident from now on, where it is
    a place to talk: what is said there becomes a note.
    """

    receipt: Mapping[str, Any] = attrs.field(factory=dict)
    channel: str = ""
    thread: str = ""


def diagnosed(diagnosis: Diagnosis, hypotheses: Sequence[Hypothesis], *, by: str, automated: bool) -> Happening:
    """Return that causes were ranked: the best few, and where none convinces, what to look at."""
    causes = tuple(
        CauseFacts(
            hypothesis_id=row.id,
            rank=row.rank,
            kind=row.cause.kind.value,
            claim=row.cause.claim,
            lower=row.cause.confidence.lower,
            primary=row.cause.confidence.primary,
            upper=row.cause.confidence.upper,
            evidence=tuple(item.summary[:LONGEST_TEXT] for item in row.cause.supporting[:TOP_CHECKS]),
        )
        for row in hypotheses[:TOP_CAUSES]
    )
    checks = tuple(f"{one.check} ({one.subject})" for one in diagnosis.next_evidence[:TOP_CHECKS])
    return Happening(
        event=Event.HYPOTHESES_READY,
        at=diagnosis.at,
        by=by,
        automated=automated,
        causes=causes,
        convincing=diagnosis.convincing,
        checks=() if diagnosis.convincing else checks,
    )


def advice_of(recommendation: Recommendation) -> AdviceFacts:
    """Return what can be told of a recommendation."""
    return AdviceFacts(
        recommendation_id=recommendation.id,
        rank=recommendation.rank,
        title=recommendation.title,
        rationale=recommendation.rationale[:LONGEST_TEXT],
        risk=recommendation.risk_level.value,
        reversibility=recommendation.reversibility.value,
    )
