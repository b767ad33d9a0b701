"""The read side of signals and episodes, and how their rows are understood."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
from django.db.models import Q, QuerySet

from sre_copilot.adapters.django_orm import models, sets
from sre_copilot.adapters.django_orm.arrays import packed
from sre_copilot.adapters.django_orm.documents import from_document, text_of, to_document
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.application.ports.series import Ends, SignalFilter, StoredDecision
from sre_copilot.domain.correlation import CandidateScore, CorrelationDecision
from sre_copilot.domain.decisions import CorrelationOutcome, Decision, EpisodeEnd
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.signals import Environment, Severity, Signal, SignalDraft, SignalStatus
from sre_copilot.domain.snapshots import CHANGE_KINDS, ObservedChange
from sre_copilot.domain.stored_episodes import Episode
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

ENDS = """
SELECT i.id, o.id IS NOT NULL, e.last FROM unnest(%(incidents)b::uuid[]) AS i (id)
LEFT JOIN LATERAL (
    SELECT id FROM episodes WHERE tenant_id = %(tenant)b AND incident_id = i.id AND ended_at IS NULL LIMIT 1
) o ON true
LEFT JOIN LATERAL (
    SELECT max(coalesce(end_seen_at, started_at)) AS last FROM episodes
    WHERE o.id IS NULL AND tenant_id = %(tenant)b AND incident_id = i.id
) e ON true
WHERE o.id IS NOT NULL OR e.last IS NOT NULL
"""
CHANGED = """
SELECT EXISTS (SELECT FROM signals WHERE tenant_id = %(tenant)b AND signal_type IN ('deploy_event', 'config_change')
    AND timestamp BETWEEN %(start)b AND %(end)b)
"""
ALWAYS = ("signal_type", "status", "severity", "service", "environment", "environment_word", "name", "title", "labels")
SELDOM = (
    "severity_word",
    "description",
    "vendor_key",
    "vendor_id",
    "vendor_fingerprint",
    "occurred_at",
    "episode_started_at",
    "expires_at",
    "is_heartbeat",
    "links",
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
        """The episodes of an incident, by start. Two queries."""
        rows = models.Episode.objects.using(ALIAS).filter(tenant_id=self.tenant_id, incident_id=incident_id)
        episodes = [episode_from_row(row) for row in rows.order_by("started_at", "id")]
        going_on = [episode.fingerprint for episode in episodes if episode.is_open]
        series = models.Series.objects.using(ALIAS).filter(
            tenant_id=self.tenant_id, fingerprint__in=going_on, goes_on=True, newest_status=SignalStatus.FIRING.value
        )
        # Repeats of its newest signal are noted with the series alone.
        seen = dict(series.values_list("fingerprint", "newest_seen_at"))
        return [_seen(episode, seen.get(episode.fingerprint)) if episode.is_open else episode for episode in episodes]

    def ends_of(self, incident_ids: Collection[UUID]) -> Mapping[UUID, Ends]:
        """How the episodes of incidents have ended, in one query; of those that go on the first one found suffices."""
        if not incident_ids:
            return {}
        rows = sets.ask(ENDS, {"tenant": self.tenant_id, "incidents": packed("uuid", list(incident_ids))})
        return {incident_id: Ends(last_seen_at=None if is_open else last) for incident_id, is_open, last in rows}

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
        # Asked with every batch, and often there is none.
        ((any_changed,),) = sets.ask(CHANGED, {"tenant": self.tenant_id, "start": start, "end": end})
        if not any_changed:
            return []
        rows = self._rows().filter(
            signal_type__in=[kind.value for kind in CHANGE_KINDS], timestamp__gte=start, timestamp__lte=end
        )
        return [ObservedChange.of(signal_from_row(row)) for row in rows.order_by("timestamp", "id")]

    def decision(self, signal_id: UUID) -> StoredDecision | None:
        """The correlation decision of the episode that this signal opened, or None."""
        rows = models.CorrelationDecision.objects.using(ALIAS).filter(tenant_id=self.tenant_id, signal_id=signal_id)
        row = rows.order_by("-number", "-at", "-id").first()
        return None if row is None else decision_from_row(row)

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


def signal_columns(signals: Sequence[Signal], episodes: Mapping[UUID, UUID | None]) -> dict[str, list[Any]]:
    """Signals that are not stored yet as columns, each with the episode that it is in."""
    drafts = [signal.draft for signal in signals]
    received = [signal.received_at for signal in signals]
    return {
        **{name: [getattr(signal, name) for signal in signals] for name in SAME_NAMES},
        "signal_type": [draft.signal_type.value for draft in drafts],
        "severity": [draft.severity.value for draft in drafts],
        "raw_data": [text_of(draft.raw) for draft in drafts],
        "normalized_data": [text_of(_normalized(draft)) for draft in drafts],
        "service_name": [draft.service for draft in drafts],
        "service_environment": [draft.environment.value for draft in drafts],
        "original_signal_id": [signal.original_id for signal in signals],
        "processed": [not signal.waiting for signal in signals],
        "processed_at": [None if signal.waiting else signal.received_at for signal in signals],
        "created_at": received,
        "status": [draft.status.value for draft in drafts],
        "episode_started_at": [draft.episode_started_at for draft in drafts],
        "expires_at": [draft.expires_at for draft in drafts],
        "content_hash": [draft.content_hash for draft in drafts],
        "decision": [signal.decision.value for signal in signals],
        "episode_id": [episodes.get(signal.id) for signal in signals],
    }


def _normalized(draft: SignalDraft) -> dict[str, Any]:
    """The draft but for the vendor's own words, without what says nothing."""
    written: dict[str, Any] = {name: getattr(draft, name) for name in ALWAYS}
    for name in SELDOM:
        value = getattr(draft, name)
        if value:
            written[name] = value
    if draft.identity is not None:
        written["identity"] = dict(draft.identity)
    if draft.change is not None:
        written["change"] = to_document(draft.change)
    return written


def scores_text(scores: Iterable[CandidateScore]) -> str:
    """The scores of a decision as the text of a document, which `DjangoSignals.decision` reads."""
    written = [
        {
            "incident_id": one.incident_id,
            "score": one.score,
            "factors": [{"name": f.name, "value": f.value, "weight": f.weight} for f in one.factors],
        }
        for one in scores
    ]
    return text_of(written)


def signal_from_row(row: models.Signal) -> Signal:
    """A stored signal in the domain's words."""
    return Signal(
        **{name: getattr(row, name) for name in SAME_NAMES},
        draft=from_document({**row.normalized_data, "raw": row.raw_data}, SignalDraft),
        received_at=row.created_at,
        decision=Decision(row.decision),
        original_id=row.original_signal_id,
    )


def decision_from_row(row: models.CorrelationDecision) -> StoredDecision:
    """A stored decision in the domain's words."""
    decision = CorrelationDecision(
        outcome=CorrelationOutcome(row.outcome),
        incident_id=row.incident_id,
        threshold=row.threshold,
        scores=tuple(from_document(item, CandidateScore) for item in json.loads(row.scores)),
        silence_id=row.silence_id,
        ruled_out=row.ruled_out,
    )
    return StoredDecision(episode_id=row.episode_id, signal_id=row.signal_id, decision=decision, at=row.at)


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


def _seen(episode: Episode, at: datetime | None) -> Episode:
    return episode if at is None else attrs.evolve(episode, last_seen_at=max(episode.last_seen_at, at))


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
