"""Diagnoses in memory, an engine with one answer, and a store of fixed series, logs and traces."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

import attrs

from sre_copilot.application.ports.diagnoses import FeedbackGiven
from sre_copilot.domain.errors import AlreadyExists, NotFound
from sre_copilot.domain.hypotheses import AddedEvidence, Diagnosis, Hypothesis, Verdict
from sre_copilot.domain.learning import Said
from sre_copilot.domain.snapshots import ContextSnapshot, MetricSeries
from sre_copilot.domain.telemetry import Telemetry
from sre_copilot.testing.tables import TenantTables


@attrs.frozen
class InMemoryDiagnoses:
    """What was known, and what was made of it."""

    tables: TenantTables

    def add_snapshot(self, snapshot: ContextSnapshot) -> None:
        """Store a snapshot. Raises AlreadyExists for an id that is stored."""
        if snapshot.id in self.tables.snapshots:
            raise AlreadyExists(snapshot=snapshot.id)
        self.tables.snapshots[snapshot.id] = snapshot

    def snapshot(self, snapshot_id: UUID) -> ContextSnapshot:
        """One snapshot. Raises NotFound."""
        if snapshot_id not in self.tables.snapshots:
            raise NotFound(snapshot=snapshot_id)
        return self.tables.snapshots[snapshot_id]

    def add(self, diagnosis: Diagnosis, hypotheses: Sequence[Hypothesis]) -> None:
        """Store a diagnosis with its hypotheses. Raises AlreadyExists where two have one rank."""
        if len({hypothesis.rank for hypothesis in hypotheses}) != len(hypotheses):
            raise AlreadyExists("Two hypotheses of one diagnosis can't have the same rank.")
        self.tables.diagnoses[diagnosis.id] = diagnosis
        self.tables.hypotheses.update({hypothesis.id: hypothesis for hypothesis in hypotheses})

    def latest(self, incident_id: UUID) -> tuple[Diagnosis, Sequence[Hypothesis]] | None:
        """The latest diagnosis of an incident with its hypotheses by rank, or None."""
        found = self._of(incident_id)
        return self._whole(found[-1]) if found else None

    def first(self, incident_id: UUID) -> tuple[Diagnosis, Sequence[Hypothesis]] | None:
        """The first diagnosis of an incident with its hypotheses by rank, or None."""
        found = self._of(incident_id)
        return self._whole(found[0]) if found else None

    def get(self, diagnosis_id: UUID) -> Diagnosis:
        """One diagnosis. Raises NotFound."""
        if diagnosis_id not in self.tables.diagnoses:
            raise NotFound(diagnosis=diagnosis_id)
        return self.tables.diagnoses[diagnosis_id]

    def said_of(self, incident_id: UUID) -> Sequence[Said]:
        """What people said of the hypotheses of all diagnoses of an incident, by time."""
        return [
            Said(hypothesis=row, user_id=given.user_id, feedback=given.feedback, at=given.at)
            for given in sorted(self.tables.feedback.values(), key=lambda given: (given.at, given.id))
            if (row := self.tables.hypotheses[given.hypothesis_id]).incident_id == incident_id
        ]

    def diagnosed(self, since: datetime, until: datetime) -> int:
        """How many incidents were diagnosed in [since, until)."""
        return len({row.incident_id for row in self.tables.diagnoses.values() if since <= row.at < until})

    def _of(self, incident_id: UUID) -> Sequence[Diagnosis]:
        found = [row for row in self.tables.diagnoses.values() if row.incident_id == incident_id]
        return sorted(found, key=lambda row: (row.at, row.id))

    def _whole(self, diagnosis: Diagnosis) -> tuple[Diagnosis, Sequence[Hypothesis]]:
        hypotheses = [row for row in self.tables.hypotheses.values() if row.diagnosis_id == diagnosis.id]
        return diagnosis, sorted(hypotheses, key=lambda row: row.rank)

    def hypothesis(self, hypothesis_id: UUID) -> Hypothesis:
        """One hypothesis. Raises NotFound."""
        if hypothesis_id not in self.tables.hypotheses:
            raise NotFound(hypothesis=hypothesis_id)
        return self.tables.hypotheses[hypothesis_id]

    def judge(self, hypothesis: Hypothesis, given: FeedbackGiven) -> None:
        """Store feedback: the hypothesis' latest word, and the person's own row."""
        stored = self.hypothesis(hypothesis.id)
        self.tables.hypotheses[hypothesis.id] = stored.judged(
            given.feedback, user_id=given.user_id, at=given.at, notes=given.notes
        )
        self.tables.feedback[given.id] = given


@attrs.frozen
class FixedEngine:
    """Gives the same verdict on every snapshot."""

    verdict: Verdict

    def diagnose(self, snapshot: ContextSnapshot, *, added: Sequence[AddedEvidence] = ()) -> Verdict:
        """Return the one verdict."""
        return self.verdict


@attrs.frozen
class FixedMetrics:
    """Knows these series, logs and traces, for every tenant."""

    known: tuple[MetricSeries, ...] = ()
    told: Telemetry | None = None

    def series(self, *, tenant_id: UUID, start: datetime, end: datetime) -> Sequence[MetricSeries]:
        """The series with samples in [start, end], cut to that span."""
        return [cut for series in self.known if (cut := _cut(series, start, end)).values]

    def telemetry(self, *, tenant_id: UUID, start: datetime, end: datetime) -> Telemetry | None:
        """What was told of [start, end), or None where nothing was given."""
        return self.told.within(start, end) if self.told is not None else None


def _cut(series: MetricSeries, start: datetime, end: datetime) -> MetricSeries:
    step = timedelta(seconds=series.step_seconds)
    first = max(0, ceil((start - series.start) / step))
    after = max(first, (end - series.start) // step + 1)
    return attrs.evolve(series, start=series.start + first * step, values=series.values[first:after])
