"""Series as they are recorded: locked, loaded whole, saved as sets."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import attrs
from django.db.models import Q

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.documents import to_document
from sre_copilot.adapters.django_orm.repositories.signals import episode_from_row, signal_row
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.application.ports.series import DueSeries, KnownSignal, StoredDecision, VendorId
from sre_copilot.domain.episodes import Fact
from sre_copilot.domain.series import Episode, Membership, SeriesHistory, SeriesUpdate
from sre_copilot.domain.signals import Severity, Signal, SignalStatus

FACT_COLUMNS = (
    "id",
    "fingerprint",
    "ordinal",
    "status",
    "severity",
    "occurred_at",
    "created_at",
    "episode_started_at",
    "expires_at",
    "episode_id",
    "incident_id",
    "original_signal_id",
    "waiting",
)
EPISODE_COLUMNS = (
    "original_id",
    "incident_id",
    "started_at",
    "last_seen_at",
    "ended_at",
    "end",
    "end_seen_at",
    "due_at",
    "waiting",
)


@attrs.frozen
class DjangoSeriesStore:
    """The tenant's series."""

    tenant_id: UUID

    def load(self, fingerprints: Sequence[str]) -> Mapping[str, SeriesHistory]:
        """Lock and return the history of every fingerprint, in sorted order."""
        names = sorted(set(fingerprints))
        if not names:
            return {}
        mine = {"tenant_id": self.tenant_id, "fingerprint__in": names}
        with translated():
            rows = models.Series.objects.using(ALIAS)
            rows.bulk_create(
                [models.Series(tenant_id=self.tenant_id, fingerprint=name) for name in names], ignore_conflicts=True
            )
            list(rows.filter(**mine).order_by("fingerprint").select_for_update().values_list("id"))
            facts = list(models.Signal.objects.using(ALIAS).filter(**mine).order_by("ordinal").values(*FACT_COLUMNS))
            seen = self._sightings([row["id"] for row in facts])
            episodes = models.Episode.objects.using(ALIAS).filter(**mine).order_by("started_at", "id")
            episodes_of: dict[str, list[Episode]] = {}
            for row in episodes:
                episodes_of.setdefault(row.fingerprint, []).append(episode_from_row(row))
        facts_of: dict[str, list[dict[str, Any]]] = {}
        for fact in facts:
            facts_of.setdefault(fact["fingerprint"], []).append(fact)
        return {name: _history(name, facts_of.get(name, []), episodes_of.get(name, []), seen) for name in names}

    def _sightings(self, signal_ids: Sequence[UUID]) -> Mapping[UUID, models.Sighting]:
        rows = models.Sighting.objects.using(ALIAS).filter(tenant_id=self.tenant_id, signal_id__in=signal_ids)
        return {row.signal_id: row for row in rows}

    def known(self, integration_id: UUID, keys: Sequence[VendorId]) -> Mapping[VendorId, KnownSignal]:
        """The stored signals that these vendor ids lead to."""
        if not keys:
            return {}
        rows = models.Signal.objects.using(ALIAS).filter(
            tenant_id=self.tenant_id, integration_id=integration_id, vendor_id__in={name for name, _ in keys}
        )
        columns = ("vendor_id", "vendor_position", "id", "fingerprint", "content_hash")
        found = {
            (str(name), position): KnownSignal(signal_id=signal_id, fingerprint=fingerprint, content_hash=content)
            for name, position, signal_id, fingerprint, content in rows.values_list(*columns)
        }
        return {key: found[key] for key in keys if key in found}

    def save(self, updates: Sequence[SeriesUpdate], signals: Sequence[Signal]) -> None:
        """Store new signals, changed episodes and memberships, sightings."""
        homes = {m.signal_id: m for update in updates for m in update.history.memberships}
        fresh = {signal.id for signal in signals}
        rows = [signal_row(signal, homes[signal.id].episode_id if signal.id in homes else None) for signal in signals]
        with translated():
            # Originals first: duplicates refer to them.
            models.Signal.objects.using(ALIAS).bulk_create(sorted(rows, key=lambda row: row.is_duplicate))
            self._save_episodes(updates)
            for member in (m for update in updates for m in update.memberships if m.signal_id not in fresh):
                self._move(member)
            self._save_sightings(fact for update in updates for fact in update.sightings)

    def _save_episodes(self, updates: Sequence[SeriesUpdate]) -> None:
        rows = models.Episode.objects.using(ALIAS).filter(tenant_id=self.tenant_id)
        dropped = [one for update in updates for one in update.dropped]
        if dropped:
            rows.filter(id__in=dropped).delete()
        saved = sorted((e for update in updates for e in update.saved), key=lambda episode: episode.is_open)
        known = set(rows.filter(id__in=[episode.id for episode in saved]).values_list("id", flat=True))
        for episode in saved:
            if episode.id in known:
                rows.filter(id=episode.id).update(**_episode_columns(episode))
        rows.bulk_create(
            models.Episode(
                id=episode.id, tenant_id=self.tenant_id, fingerprint=episode.fingerprint, **_episode_columns(episode)
            )
            for episode in saved
            if episode.id not in known
        )

    def _move(self, member: Membership) -> None:
        models.Signal.objects.using(ALIAS).filter(tenant_id=self.tenant_id, id=member.signal_id).update(
            episode_id=member.episode_id,
            incident_id=member.incident_id,
            original_signal_id=member.original_id,
            is_duplicate=member.original_id is not None,
            waiting=member.waiting,
            processed=not member.waiting,
        )

    def _save_sightings(self, facts: Iterable[Fact]) -> None:
        models.Sighting.objects.using(ALIAS).bulk_create(
            [
                models.Sighting(
                    signal_id=fact.signal_id,
                    tenant_id=self.tenant_id,
                    first_seen_at=fact.received_at,
                    last_seen_at=fact.last_seen_at,
                    expires_at=fact.expires_at,
                )
                for fact in sorted(facts, key=lambda fact: fact.signal_id)
            ],
            update_conflicts=True,
            unique_fields=["signal_id"],
            update_fields=["first_seen_at", "last_seen_at", "expires_at"],
        )

    def due(self, now: datetime) -> Sequence[DueSeries]:
        """Series with an open episode whose `due_at` has come."""
        episodes = models.Episode.objects.using(ALIAS).filter(
            Q(tenant_id=self.tenant_id, ended_at__isnull=True, due_at__lte=now)
        )
        found = dict(episodes.order_by("fingerprint").values_list("fingerprint", "original_id"))
        windows = dict(
            models.Signal.objects.using(ALIAS)
            .filter(tenant_id=self.tenant_id, id__in=found.values())
            .values_list("id", "integration__dedup_window_seconds")
        )
        return [
            DueSeries(fingerprint=name, window=timedelta(seconds=windows[original])) for name, original in found.items()
        ]

    def decide(self, decisions: Sequence[StoredDecision]) -> None:
        """Store correlation decisions."""
        with translated():
            models.CorrelationDecision.objects.using(ALIAS).bulk_create(
                models.CorrelationDecision(
                    tenant_id=self.tenant_id,
                    episode_id=stored.episode_id,
                    signal_id=stored.signal_id,
                    incident_id=stored.decision.incident_id,
                    outcome=stored.decision.outcome.value,
                    threshold=stored.decision.threshold,
                    scores=to_document(stored.decision.scores),
                    at=stored.at,
                    silence_id=stored.decision.silence_id,
                    ruled_out=stored.decision.ruled_out,
                )
                for stored in decisions
            )


def _history(
    name: str, rows: Sequence[dict[str, Any]], episodes: Sequence[Episode], seen: Mapping[UUID, models.Sighting]
) -> SeriesHistory:
    return SeriesHistory(
        fingerprint=name,
        facts=tuple(_fact(row, seen.get(row["id"])) for row in rows),
        episodes=tuple(episodes),
        memberships=tuple(
            Membership(
                signal_id=row["id"],
                episode_id=row["episode_id"],
                incident_id=row["incident_id"],
                original_id=row["original_signal_id"],
                waiting=row["waiting"],
            )
            for row in rows
            if row["episode_id"] is not None
        ),
    )


def _fact(row: dict[str, Any], sighting: models.Sighting | None) -> Fact:
    fact = Fact(
        signal_id=row["id"],
        ordinal=row["ordinal"],
        status=SignalStatus(row["status"]),
        occurred_at=row["occurred_at"],
        received_at=row["created_at"],
        last_seen_at=row["created_at"],
        severity=Severity(row["severity"]),
        episode_started_at=row["episode_started_at"],
        expires_at=row["expires_at"],
    )
    if sighting is None:
        return fact
    return fact.seen_again(sighting.first_seen_at, None).seen_again(sighting.last_seen_at, sighting.expires_at)


def _episode_columns(episode: Episode) -> dict[str, Any]:
    columns = {name: getattr(episode, name) for name in EPISODE_COLUMNS}
    return {**columns, "end": episode.end.value if episode.end else None}
