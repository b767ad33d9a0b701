"""Hypotheses: proposed causes, with evidence for and against and a computed confidence."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import attrs

from sre_copilot.domain.errors import UnfoundedEvidence


class Component(StrEnum):
    """The named factors of a confidence. All support but `CONTRADICTION`, which lowers."""

    SIGNAL_STRENGTH = "signal_strength"
    TEMPORAL_CORRELATION = "temporal_correlation"
    TOPOLOGY = "topology"
    CHANGE_CORRELATION = "change_correlation"
    LOG_EVIDENCE = "log_evidence"
    HISTORICAL_PRECEDENT = "historical_precedent"
    COVERAGE = "coverage"
    CONTRADICTION = "contradiction"


class Polarity(StrEnum):
    """Whether an evidence item speaks for or against a hypothesis."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"


class EvidenceKind(StrEnum):
    """What an evidence item points at."""

    SIGNAL = "signal"
    CHANGE = "change"
    METRIC = "metric"
    LOG_TEMPLATE = "log_template"
    TRACE = "trace"
    NOTICE = "notice"
    PRECEDENT = "precedent"
    TOPOLOGY = "topology"
    READING = "reading"
    """What an advisor read out of something stored."""


@attrs.frozen(kw_only=True)
class Evidence:
    """One reason for or against a hypothesis.

    `id` is stable for the same fact in the same snapshot. `strength` is in [0, 1]. `component` names
    the confidence component it feeds. `refers_to` is what is stored: the id of a signal or change, or
    "component/metric" of a series of the snapshot. `at` is when the fact was so, if it has a moment.
    `feature` is the finer factor of the component that it feeds; without one it is shown and counts nothing.
    """

    id: str
    kind: EvidenceKind
    polarity: Polarity
    component: Component
    strength: float = attrs.field(validator=[attrs.validators.ge(0.0), attrs.validators.le(1.0)])
    refers_to: str
    summary: str
    at: datetime | None = None
    feature: str = ""

    def __attrs_post_init__(self) -> None:
        if not self.refers_to:
            raise UnfoundedEvidence(evidence=self.id)


@attrs.frozen(kw_only=True)
class ComponentScore:
    """One component's part in a score: `value` in [0, 1], and `contribution` to the logit.

    `weight` is contribution / value, 0 where the value is 0. Contributions of a hypothesis add up to its score.
    """

    value: float
    weight: float
    contribution: float


@attrs.frozen(kw_only=True)
class Confidence:
    """How sure we are: 0 <= lower <= primary <= upper <= 1, and where it came from.

    `calibrated_on` is the number of labelled cases behind the interval; 0 means none, and a wide interval.
    """

    lower: float
    primary: float
    upper: float
    calibrated_on: int = 0

    def __attrs_post_init__(self) -> None:
        if not 0.0 <= self.lower <= self.primary <= self.upper <= 1.0:
            raise ValueError(f"a confidence needs 0 <= lower <= primary <= upper <= 1, not {self}")


class CandidateKind(StrEnum):
    """What kind of cause a hypothesis names."""

    SERVICE = "service"
    HOST = "host"
    CHANGE = "change"
    NONE_OF_THESE = "none_of_these"
    OTHERS = "others"


@attrs.frozen(kw_only=True)
class AddedEvidence:
    """Evidence that is added to one candidate, which kind, subject and change name."""

    kind: CandidateKind
    subject: str
    change_id: UUID | None
    evidence: Evidence

    @property
    def about(self) -> tuple[CandidateKind, str, UUID | None]:
        """What names the candidate."""
        return self.kind, self.subject, self.change_id


class Feedback(StrEnum):
    """What a person said of a hypothesis."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNCERTAIN = "uncertain"


@attrs.frozen(kw_only=True)
class RankedCause:
    """One row of a diagnosis, before it is stored: what the engine returns, best first.

    `subject` is the service or host (for a change: of the change), "" for none-of-these and others.
    `change_id` and `change_summary` are set where a change is part of the claim. `similar_incidents` are the past ones
    whose confirmed cause speaks for this one, the most similar first.
    """

    kind: CandidateKind
    subject: str
    claim: str
    description: str
    score: float
    confidence: Confidence
    components: Mapping[Component, ComponentScore]
    supporting: tuple[Evidence, ...] = ()
    contradicting: tuple[Evidence, ...] = ()
    change_id: UUID | None = None
    change_summary: str | None = None
    similar_incidents: tuple[UUID, ...] = ()


@attrs.frozen(kw_only=True)
class NextEvidence:
    """A check that would most change the ranking: what to look at, and why."""

    subject: str
    check: str
    why: str


@attrs.frozen(kw_only=True)
class SimilarIncident:
    """A past incident that looked like this one: how alike in [0, 1], and in words what people confirmed and rejected."""

    incident_id: UUID
    precedent_id: UUID
    title: str
    similarity: float
    cause: str
    rejected: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Verdict:
    """The engine's answer to one snapshot. Primaries of `causes` sum to 1.

    `calibration` says what the confidences are calibrated on, `slope` (above 0) by how much the tenant's own cases
    sharpened or flattened them; 1 is as shipped. `similar` are the past incidents that were looked at.
    """

    causes: tuple[RankedCause, ...]
    convincing: bool
    next_evidence: tuple[NextEvidence, ...] = ()
    engine_version: str = ""
    calibration: str = ""
    slope: float = 1.0
    similar: tuple[SimilarIncident, ...] = ()


@attrs.frozen(kw_only=True)
class Diagnosis:
    """One run of a diagnosis on an incident, from one context snapshot. For the last three see `Verdict`."""

    id: UUID
    incident_id: UUID
    snapshot_id: UUID
    engine_version: str
    at: datetime
    convincing: bool
    next_evidence: tuple[NextEvidence, ...] = ()
    calibration: str = ""
    slope: float = 1.0
    similar: tuple[SimilarIncident, ...] = ()


@attrs.frozen(kw_only=True)
class Hypothesis:
    """A stored row of a diagnosis. `rank` starts at 1.

    Tokens and cost (in millionths of a US dollar) are its share of what the model was asked, None where none was.
    """

    id: UUID
    incident_id: UUID
    diagnosis_id: UUID
    rank: int
    cause: RankedCause
    created_at: datetime
    llm_model: str = "none"
    llm_prompt_tokens: int | None = None
    llm_completion_tokens: int | None = None
    llm_cost_microdollars: int | None = None
    feedback: Feedback | None = None
    feedback_at: datetime | None = None
    feedback_user_id: UUID | None = None
    feedback_notes: str = ""

    def judged(self, feedback: Feedback, *, user_id: UUID, at: datetime, notes: str = "") -> "Hypothesis":
        """Return the hypothesis with this person's word as its latest feedback."""
        return attrs.evolve(self, feedback=feedback, feedback_at=at, feedback_user_id=user_id, feedback_notes=notes)
