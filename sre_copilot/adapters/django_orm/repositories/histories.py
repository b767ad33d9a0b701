"""The whole history of a series, for what its head does not cover."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.repositories.signals import episode_from_row
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.domain.episodes import Fact
from sre_copilot.domain.series import SeriesHistory
from sre_copilot.domain.signals import Severity, SignalStatus
from sre_copilot.domain.stored_episodes import Episode, Membership

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


def histories(tenant_id: UUID, names: Sequence[str]) -> Mapping[str, SeriesHistory]:
    """The history of every series named, an empty one where nothing is recorded. Four queries."""
    if not names:
        return {}
    mine = {"tenant_id": tenant_id, "fingerprint__in": names}
    facts_of: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    episodes_of: dict[str, list[Episode]] = {name: [] for name in names}
    with translated():
        for fact in models.Signal.objects.using(ALIAS).filter(**mine).order_by("ordinal").values(*FACT_COLUMNS):
            facts_of[fact["fingerprint"]].append(fact)
        for row in models.Episode.objects.using(ALIAS).filter(**mine).order_by("started_at", "id"):
            episodes_of[row.fingerprint].append(episode_from_row(row))
        ids = [fact["id"] for facts in facts_of.values() for fact in facts]
        seen = models.Sighting.objects.using(ALIAS).filter(tenant_id=tenant_id, signal_id__in=ids)
        sightings = {row.signal_id: row for row in seen}
        newest = {row.fingerprint: row for row in models.Series.objects.using(ALIAS).filter(**mine, goes_on=True)}
    return {
        name: SeriesHistory(
            fingerprint=name,
            facts=tuple(_facts(facts, sightings, newest.get(name))),
            episodes=tuple(episodes_of[name]),
            memberships=tuple(_member(row) for row in facts if row["episode_id"] is not None),
        )
        for name, facts in facts_of.items()
    }


def _facts(
    rows: Sequence[dict[str, Any]], sightings: Mapping[UUID, models.Sighting], newest: models.Series | None
) -> list[Fact]:
    facts = [_fact(row, sightings.get(row["id"])) for row in rows]
    if facts and newest is not None and newest.newest_seen_at is not None:
        facts[-1] = facts[-1].seen_again(newest.newest_seen_at, newest.newest_expires_at)
    return facts


def _fact(row: Mapping[str, Any], sighting: models.Sighting | None) -> Fact:
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


def _member(row: Mapping[str, Any]) -> Membership:
    return Membership(
        signal_id=row["id"],
        episode_id=row["episode_id"],
        incident_id=row["incident_id"],
        original_id=row["original_signal_id"],
        waiting=row["waiting"],
    )
