"""Where people put episodes: episodes, signals and heads of series in a few statements, however many there are."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.adapters.django_orm import heads, models, sets
from sre_copilot.adapters.django_orm.arrays import packed
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.documents import from_document
from sre_copilot.adapters.django_orm.repositories.series_statements import DECIDED
from sre_copilot.adapters.django_orm.repositories.signals import decision_from_row, episode_from_row, scores_text
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.series import StoredDecision
from sre_copilot.domain.corrections import Correction, CorrectionKind, Rehomed, moved_to
from sre_copilot.domain.correlation import CandidateScore
from sre_copilot.domain.decisions import CorrelationOutcome
from sre_copilot.domain.signals import Severity
from sre_copilot.domain.stored_episodes import Episode

HOLD = """
SELECT id FROM series WHERE tenant_id = %(tenant)b AND fingerprint = ANY (%(names)b::text[]) ORDER BY fingerprint FOR UPDATE
"""
HOLD_AT_ONCE = f"{HOLD} NOWAIT"
REHOME_EPISODES = """
UPDATE episodes SET incident_id = %(incident)b, waiting = false
WHERE tenant_id = %(tenant)b AND id = ANY (%(episodes)b::uuid[])
"""
REHOME_SIGNALS = """
WITH moved AS (
    UPDATE signals SET incident_id = %(incident)b, waiting = false, processed = true
    WHERE tenant_id = %(tenant)b AND {} AND episode_id = ANY (%(episodes)b::uuid[])
    RETURNING status, severity, timestamp, created_at
)
SELECT count(*), min(timestamp) FILTER (WHERE status = 'firing'), max(created_at) FILTER (WHERE status = 'firing'),
    coalesce(array_agg(DISTINCT severity) FILTER (WHERE status = 'firing'), '{{}}')
FROM moved
"""
FROM_INCIDENTS = REHOME_SIGNALS.format("incident_id = ANY (%(left)b::uuid[])")
"""By the incidents that they were in: nothing leads from an episode to its signals."""
FROM_NOWHERE = REHOME_SIGNALS.format("fingerprint = ANY (%(names)b::text[])")
HEADS = """
SELECT s.fingerprint, s.head, (
    SELECT e.incident_id FROM episodes e
    WHERE e.tenant_id = s.tenant_id AND e.fingerprint = s.fingerprint AND e.incident_id IS NOT NULL
    ORDER BY e.started_at DESC, e.id LIMIT 1
)
FROM series s WHERE s.tenant_id = %(tenant)b AND s.fingerprint = ANY (%(names)b::text[]) AND s.head IS NOT NULL
"""
WITH_SIGNALS = """
SELECT id, episode_id FROM signals
WHERE tenant_id = %(tenant)b AND id = ANY (%(signals)b::uuid[]) AND episode_id IS NOT NULL
"""
INHERITED = (
    models.IncidentNote,
    models.Diagnosis,
    models.Hypothesis,
    models.Recommendation,
    models.RecommendationOutcome,
)
SAME_NAMES = (
    "id",
    "at",
    "user_id",
    "reason",
    "fingerprint",
    "episode_id",
    "signal_id",
    "left_id",
    "joined_id",
    "threshold",
)


@attrs.frozen
class DjangoCorrections:
    """The tenant's episodes as people move them."""

    tenant_id: UUID

    def hold(self, fingerprints: Collection[str], *, wait: bool = True) -> None:
        """Lock series in sorted order. Raises WriteConflict where somebody has one and there is no waiting."""
        if fingerprints:
            with translated():
                asked = {"tenant": self.tenant_id, "names": packed("text", sorted(set(fingerprints)))}
                sets.ask(HOLD if wait else HOLD_AT_ONCE, asked)

    def episodes_with(self, signal_ids: Collection[UUID]) -> Mapping[UUID, Episode]:
        """The episode of each of these signals that has one. Two queries."""
        if not signal_ids:
            return {}
        asked = {"tenant": self.tenant_id, "signals": packed("uuid", list(signal_ids))}
        with translated():
            homes = dict(sets.ask(WITH_SIGNALS, asked))
        rows = models.Episode.objects.using(ALIAS).filter(tenant_id=self.tenant_id, id__in=set(homes.values()))
        episodes = {row.id: episode_from_row(row) for row in rows}
        return {signal_id: episodes[episode_id] for signal_id, episode_id in homes.items()}

    def rehome(self, episodes: Sequence[Episode], incident_id: UUID, *, at: datetime) -> Rehomed:
        """Put episodes with all of their signals into an incident; heads follow, and decisions say so."""
        with translated():
            sets.ask(REHOME_EPISODES, self._asked(episodes, incident=incident_id))
            moved = self._rehome_signals(episodes, incident_id)
            self._rehome_heads(episodes, incident_id)
            self._decide(episodes, incident_id, at)
        return moved

    def _rehome_signals(self, episodes: Sequence[Episode], incident_id: UUID) -> Rehomed:
        placed = [episode for episode in episodes if episode.incident_id is not None]
        homeless = [episode for episode in episodes if episode.incident_id is None]
        left = packed("uuid", list({episode.incident_id for episode in placed}))
        names = packed("text", list({episode.fingerprint for episode in homeless}))
        counted = []
        if placed:
            counted += sets.ask(FROM_INCIDENTS, self._asked(placed, incident=incident_id, left=left))
        if homeless:
            counted += sets.ask(FROM_NOWHERE, self._asked(homeless, incident=incident_id, names=names))
        fired = [Severity(word) for row in counted for word in row[3]]
        return Rehomed(
            signals=sum(row[0] for row in counted),
            first_at=min([row[1] for row in counted if row[1] is not None]),
            last_received_at=max([row[2] for row in counted if row[2] is not None]),
            severity=max(fired, key=lambda severity: severity.weight),
        )

    def _rehome_heads(self, episodes: Sequence[Episode], incident_id: UUID) -> None:
        names = sorted({episode.fingerprint for episode in episodes})
        ids = {episode.id for episode in episodes}
        found = sets.ask(HEADS, {"tenant": self.tenant_id, "names": packed("text", names)})
        columns: dict[str, list[object]] = {
            "tenant_id": [self.tenant_id] * len(found),
            "fingerprint": [name for name, _, _ in found],
            "head": [
                heads.to_text(heads.from_text(text, name).rehomed(ids, incident_id, previous))
                for name, text, previous in found
            ],
        }
        sets.update(models.Series, ("tenant_id", "fingerprint"), columns)

    def _decide(self, episodes: Sequence[Episode], incident_id: UUID, at: datetime) -> None:
        # This process has yet to hear of them like any other one: they are none of its own decisions.
        count, decision = len(episodes), moved_to(incident_id)
        sets.ask(
            DECIDED,
            [
                self.tenant_id,
                self.tenant_id,
                packed("uuid", [new_id() for _ in episodes]),
                packed("uuid", [episode.id for episode in episodes]),
                packed("uuid", [episode.original_id for episode in episodes]),
                packed("uuid", [incident_id] * count),
                packed("text", [decision.outcome.value] * count),
                packed("double precision", [decision.threshold] * count),
                packed("text", [scores_text(decision.scores)] * count),
                packed("timestamptz", [at] * count),
                packed("uuid", [None] * count),
                packed("integer", [0] * count),
            ],
        )

    def inherit(self, from_id: UUID, into_id: UUID) -> None:
        """Put what people and engines said of an incident into another."""
        with translated():
            for model in INHERITED:
                rows = model._default_manager.using(ALIAS).filter(tenant_id=self.tenant_id, incident_id=from_id)
                rows.update(incident_id=into_id)

    def decided(self, signal_ids: Collection[UUID]) -> Mapping[UUID, StoredDecision]:
        """What correlation decided last about the episodes that these signals opened."""
        rows = models.CorrelationDecision.objects.using(ALIAS).filter(
            tenant_id=self.tenant_id, signal_id__in=list(signal_ids)
        )
        automatic = rows.exclude(outcome=CorrelationOutcome.MOVED_BY_PERSON.value)
        return {row.signal_id: decision_from_row(row) for row in automatic.order_by("number", "at", "id")}

    def add(self, corrections: Sequence[Correction]) -> None:
        """Store new corrections."""
        columns: dict[str, list[Any]] = {
            "tenant_id": [self.tenant_id] * len(corrections),
            "kind": [one.kind.value for one in corrections],
            "outcome": [one.outcome and one.outcome.value for one in corrections],
            "scores": [scores_text(one.scores) for one in corrections],
            **{name: [getattr(one, name) for one in corrections] for name in SAME_NAMES},
        }
        with translated():
            sets.insert(models.Correction, columns)

    def of_series(self, fingerprint: str, *, limit: int) -> Sequence[Correction]:
        """The latest corrections of a series, newest first."""
        rows = models.Correction.objects.using(ALIAS).filter(tenant_id=self.tenant_id, fingerprint=fingerprint)
        return [_correction(row) for row in rows.order_by("-at", "-id")[:limit]]

    def _asked(self, episodes: Sequence[Episode], **more: Any) -> dict[str, Any]:
        ids = [episode.id for episode in episodes]
        return {"tenant": self.tenant_id, "episodes": packed("uuid", ids), **more}


def _correction(row: models.Correction) -> Correction:
    return Correction(
        **{name: getattr(row, name) for name in SAME_NAMES},
        kind=CorrectionKind(row.kind),
        outcome=CorrelationOutcome(row.outcome) if row.outcome else None,
        scores=tuple(from_document(item, CandidateScore) for item in json.loads(row.scores)),
    )
