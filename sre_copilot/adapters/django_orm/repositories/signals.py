"""The read side of signals and episodes, and how their rows are understood."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
from django.db.models import Q, QuerySet

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.documents import from_document, to_document
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.application.ports.series import SignalFilter, StoredDecision
from sre_copilot.domain.correlation import CandidateScore, CorrelationDecision
from sre_copilot.domain.decisions import CorrelationOutcome, Decision, EpisodeEnd
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.series import Episode
from sre_copilot.domain.signals import Environment, Severity, Signal, SignalDraft
from sre_copilot.domain.snapshots import CHANGE_KINDS, ObservedChange
from sre_copilot.domain.subjects import Subject, signalled

SAME_NAMES = (
    "id",
    "tenant_id",
    "integration_id",
    "delivery_id",
    "source",
    "fingerprint",
    "ordinal",
    "occurred_at",
    "timestamp",
    "vendor_id",
    "vendor_position",
    "incident_id",
    "is_duplicate",
    "waiting",
)


@attrs.frozen
class DjangoSignals:
    """Signals and episodes as people read them."""

    tenant_id: UUID

    def get(self, signal_id: UUID) -> Signal:
        """One signal. Raises NotFound."""
        row = self._rows().filter(id=signal_id).first()
        if row is None:
            raise NotFound(signal=signal_id)
        return signal_from_row(row)

    def list(self, narrowed: SignalFilter) -> Sequence[Signal]:
        """Signals by timestamp, newest first, after the keyset where one is given."""
        rows = self._rows().filter(_condition(narrowed)).order_by("-timestamp", "-id")
        return [signal_from_row(row) for row in rows[: narrowed.limit]]

    def of_incident(self, incident_id: UUID) -> Sequence[Signal]:
        """Every signal of an incident, by timestamp, then ordinal."""
        rows = self._rows().filter(incident_id=incident_id).order_by("timestamp", "ordinal", "id")
        return [signal_from_row(row) for row in rows]

    def episodes_of(self, incident_id: UUID) -> Sequence[Episode]:
        """The episodes of an incident, by start."""
        rows = models.Episode.objects.using(ALIAS).filter(tenant_id=self.tenant_id, incident_id=incident_id)
        return [episode_from_row(row) for row in rows.order_by("started_at", "id")]

    def waiting(self) -> Sequence[Episode]:
        """Open episodes without an incident because of the plan's limit, oldest first."""
        rows = models.Episode.objects.using(ALIAS).filter(tenant_id=self.tenant_id, waiting=True, ended_at__isnull=True)
        return [episode_from_row(row) for row in rows.order_by("started_at", "id")]

    def waiting_originals(self, limit: int) -> Sequence[Signal]:
        """The signals that opened what waits, oldest first, at most `limit`: what is not processed yet."""
        rows = self._rows().filter(waiting=True, processed=False).order_by("timestamp", "id")[:limit]
        return [signal_from_row(row) for row in rows]

    def changes(self, start: datetime, end: datetime) -> Sequence[ObservedChange]:
        """The change signals with start <= timestamp <= end, by time."""
        rows = self._rows().filter(
            signal_type__in=[kind.value for kind in CHANGE_KINDS], timestamp__gte=start, timestamp__lte=end
        )
        return [ObservedChange.of(signal_from_row(row)) for row in rows.order_by("timestamp", "id")]

    def decision(self, signal_id: UUID) -> StoredDecision | None:
        """The correlation decision of the episode that this signal opened, or None."""
        rows = models.CorrelationDecision.objects.using(ALIAS).filter(tenant_id=self.tenant_id, signal_id=signal_id)
        row = rows.order_by("-at", "-id").first()
        if row is None:
            return None
        decision = CorrelationDecision(
            outcome=CorrelationOutcome(row.outcome),
            incident_id=row.incident_id,
            threshold=row.threshold,
            scores=tuple(from_document(item, CandidateScore) for item in row.scores),
            silence_id=row.silence_id,
            ruled_out=row.ruled_out,
        )
        return StoredDecision(episode_id=row.episode_id, signal_id=row.signal_id, decision=decision, at=row.at)

    def _rows(self) -> QuerySet[models.Signal]:
        return models.Signal.objects.using(ALIAS).filter(tenant_id=self.tenant_id)


def _condition(narrowed: SignalFilter) -> Q:
    equal = {
        "service_name": narrowed.service,
        "service_environment": narrowed.environment.value if narrowed.environment else None,
        "integration_id": narrowed.integration_id,
        "incident_id": narrowed.incident_id,
        "waiting": narrowed.waiting,
        # What waits is what is not processed; so few are that the index holds these only.
        "processed": False if narrowed.waiting else None,
        "timestamp__gte": narrowed.since,
        "timestamp__lt": narrowed.until,
    }
    condition = Q(**{name: value for name, value in equal.items() if value is not None})
    if narrowed.types:
        condition &= Q(signal_type__in=[kind.value for kind in narrowed.types])
    if narrowed.severities:
        condition &= Q(severity__in=[severity.value for severity in narrowed.severities])
    if narrowed.before is not None:
        at, signal_id = narrowed.before
        # The first condition says nothing new to us, but an index can start there; it can't at an alternative.
        condition &= Q(timestamp__lte=at) & (Q(timestamp__lt=at) | Q(id__lt=signal_id))
    return condition


def signal_row(signal: Signal, episode_id: UUID | None) -> models.Signal:
    """A signal as a row that is not stored yet."""
    draft = signal.draft
    normalized = to_document(draft)
    normalized.pop("raw")
    return models.Signal(
        **{name: getattr(signal, name) for name in SAME_NAMES},
        signal_type=draft.signal_type.value,
        severity=draft.severity.value,
        raw_data=draft.raw,
        normalized_data=normalized,
        service_name=draft.service,
        service_environment=draft.environment.value,
        original_signal_id=signal.original_id,
        processed=not signal.waiting,
        processed_at=None if signal.waiting else signal.received_at,
        created_at=signal.received_at,
        status=draft.status.value,
        episode_started_at=draft.episode_started_at,
        expires_at=draft.expires_at,
        content_hash=draft.content_hash,
        decision=signal.decision.value,
        episode_id=episode_id,
    )


def signal_from_row(row: models.Signal) -> Signal:
    """A stored signal in the domain's words."""
    return Signal(
        **{name: getattr(row, name) for name in SAME_NAMES},
        draft=from_document({**row.normalized_data, "raw": row.raw_data}, SignalDraft),
        received_at=row.created_at,
        decision=Decision(row.decision),
        original_id=row.original_signal_id,
    )


def episode_from_row(row: models.Episode) -> Episode:
    """A stored episode in the domain's words."""
    return Episode(
        id=row.id,
        fingerprint=row.fingerprint,
        original_id=row.original_id,
        started_at=row.started_at,
        last_seen_at=row.last_seen_at,
        incident_id=row.incident_id,
        ended_at=row.ended_at,
        end=EpisodeEnd(row.end) if row.end else None,
        end_seen_at=row.end_seen_at,
        due_at=row.due_at,
        waiting=row.waiting,
    )


def subject_from_row(row: Mapping[str, Any]) -> Subject:
    """An episode's original as correlation looks at it."""
    kept = row["normalized_data"]
    told: dict[str, Any] = json.loads(kept) if isinstance(kept, str) else kept
    draft = SignalDraft(
        name=told["name"],
        title=told["title"],
        service=row["service_name"],
        severity=Severity(row["severity"]),
        environment=Environment(told["environment"]),
        environment_word=told["environment_word"],
        labels=told["labels"],
    )
    return signalled(draft, row["started_at"])
