"""Context snapshots, diagnoses and hypotheses, and the model that ranks."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import attrs

from sre_copilot.domain.hypotheses import AddedEvidence, Diagnosis, Feedback, Hypothesis, Verdict
from sre_copilot.domain.learning import Said
from sre_copilot.domain.snapshots import ContextSnapshot, MetricSeries
from sre_copilot.domain.telemetry import Telemetry


@attrs.frozen(kw_only=True)
class FeedbackGiven:
    """One person's word on one hypothesis, kept per person."""

    id: UUID
    hypothesis_id: UUID
    user_id: UUID
    feedback: Feedback
    notes: str
    at: datetime


class Diagnoses(Protocol):
    """What was known, and what was made of it."""

    @abstractmethod
    def add_snapshot(self, snapshot: ContextSnapshot) -> None:
        """Store an immutable snapshot."""

    @abstractmethod
    def snapshot(self, snapshot_id: UUID) -> ContextSnapshot:
        """One snapshot. Raises NotFound."""

    @abstractmethod
    def add(self, diagnosis: Diagnosis, hypotheses: Sequence[Hypothesis]) -> None:
        """Store a diagnosis with its hypotheses."""

    @abstractmethod
    def latest(self, incident_id: UUID) -> tuple[Diagnosis, Sequence[Hypothesis]] | None:
        """The latest diagnosis of an incident with its hypotheses by rank, or None."""

    @abstractmethod
    def get(self, diagnosis_id: UUID) -> Diagnosis:
        """One diagnosis. Raises NotFound."""

    @abstractmethod
    def first(self, incident_id: UUID) -> tuple[Diagnosis, Sequence[Hypothesis]] | None:
        """The first diagnosis of an incident with its hypotheses by rank, or None."""

    @abstractmethod
    def said_of(self, incident_id: UUID) -> Sequence[Said]:
        """What people said of the hypotheses of all diagnoses of an incident, by time."""

    @abstractmethod
    def diagnosed(self, since: datetime, until: datetime) -> int:
        """How many incidents were diagnosed in [since, until)."""

    @abstractmethod
    def hypothesis(self, hypothesis_id: UUID) -> Hypothesis:
        """One hypothesis. Raises NotFound."""

    @abstractmethod
    def judge(self, hypothesis: Hypothesis, given: FeedbackGiven) -> None:
        """Store feedback: the hypothesis' latest word, and the person's own row."""


class DiagnosisEngine(Protocol):
    """Ranks causes. Deterministic for one snapshot. Thread-safe."""

    @abstractmethod
    def diagnose(self, snapshot: ContextSnapshot, *, added: Sequence[AddedEvidence] = ()) -> Verdict:
        """Return the ranked causes, none-of-these among them; primaries sum to 1. `added` joins what the snapshot shows."""


class MetricContext(Protocol):
    """Answers a snapshot's questions, as a metrics, log or trace store would. May be slow; never called in a transaction."""

    @abstractmethod
    def series(self, *, tenant_id: UUID, start: datetime, end: datetime) -> Sequence[MetricSeries]:
        """The series with samples in [start, end]; nothing later than `end`. Empty where nothing is known.

        Raises ContextUnavailable where the store can't be asked; the snapshot then says that metrics are missing.
        """

    @abstractmethod
    def telemetry(self, *, tenant_id: UUID, start: datetime, end: datetime) -> Telemetry | None:
        """Counts of logs, traces and notices in [start, end]; nothing later than `end`. None where nobody could be asked.

        Raises ContextUnavailable where those who know them can't be asked; the snapshot then says that they are missing.
        """
