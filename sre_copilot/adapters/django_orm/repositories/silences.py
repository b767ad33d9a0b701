"""Silences, and the episodes that they hold."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import attrs
from django.db.models import Exists, OuterRef, Q, QuerySet

from sre_copilot.adapters.django_orm import models, sets
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.repositories.signals import episode_from_row, signal_from_row
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.application.ports.silences import SilenceFilter
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.signals import Signal
from sre_copilot.domain.silences import Matcher, Operator, Silence, SilenceState
from sre_copilot.domain.stored_episodes import Episode

UNLIFTED = "SELECT EXISTS (SELECT FROM silences WHERE tenant_id = %b AND lifted_at IS NULL)"


@attrs.frozen
class DjangoSilences:
    """The tenant's silences."""

    tenant_id: UUID

    def add(self, silence: Silence) -> None:
        """Store a new silence."""
        with translated():
            self._rows().create(
                id=silence.id,
                tenant_id=self.tenant_id,
                matchers=[[matcher.name, matcher.operator.value, matcher.value] for matcher in silence.matchers],
                starts_at=silence.starts_at,
                ends_at=silence.ends_at,
                comment=silence.comment,
                created_by_id=silence.created_by,
                created_at=silence.created_at,
                ended_at=silence.ended_at,
                ended_by_id=silence.ended_by,
            )

    def get(self, silence_id: UUID, *, lock: bool = False) -> Silence:
        """One silence; with `lock`, nobody else gets it so before the unit of work ends. Raises NotFound."""
        rows = self._rows().select_for_update() if lock else self._rows()
        row = rows.filter(id=silence_id).first()
        if row is None:
            raise NotFound(silence=silence_id)
        return _silence(row)

    def end(self, silence: Silence) -> None:
        """Store when and by whom a silence was ended early. Raises NotFound."""
        with translated():
            changed = self._rows().filter(id=silence.id).update(ended_at=silence.ended_at, ended_by_id=silence.ended_by)
        if not changed:
            raise NotFound(silence=silence.id)

    def list(self, narrowed: SilenceFilter) -> Sequence[Silence]:
        """Silences by creation, newest first, after the keyset where one is given."""
        rows = self._rows()
        if narrowed.state is not None:
            rows = rows.filter(_stands(narrowed.state, narrowed.now))
        if narrowed.before is not None:
            at, silence_id = narrowed.before
            # The first condition says nothing new to us, but an index can start there; it can't at an alternative.
            rows = rows.filter(Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(id__lt=silence_id)))
        return [_silence(row) for row in rows.order_by("-created_at", "-id")[: narrowed.limit]]

    def standing(self, now: datetime) -> int:
        """How many are in force or to come. One that was lifted is neither."""
        return self._unlifted().filter(ended_at=None, ends_at__gt=now).count()

    def active(self, now: datetime) -> Sequence[Silence]:
        """Those that were in force at `now` and have not been lifted since, by creation."""
        # Asked with every batch, and nearly always there is none.
        with translated():
            ((any_stands,),) = sets.ask(UNLIFTED, [self.tenant_id], prepared=True)
        if not any_stands:
            return []
        rows = self._unlifted().filter(_stands(SilenceState.ACTIVE, now))
        return [_silence(row) for row in rows.order_by("created_at", "id")]

    def over(self, now: datetime) -> Sequence[UUID]:
        """Ids of those that are over and have yet to be lifted, sorted."""
        rows = self._unlifted().filter(_stands(SilenceState.EXPIRED, now))
        return list(rows.order_by("id").values_list("id", flat=True))

    def held_by(self, silence_ids: Collection[UUID]) -> Sequence[Episode]:
        """Open episodes that have to be looked at again when these silences are over, by start."""
        if not silence_ids:
            return []
        decisions = models.CorrelationDecision.objects.using(ALIAS).filter(tenant_id=self.tenant_id)
        later = decisions.filter(signal_id=OuterRef("signal_id")).filter(
            Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), id__gt=OuterRef("id"))
        )
        last = decisions.filter(~Exists(later), silence_id__in=silence_ids).values("signal_id")
        signals = models.Signal.objects.using(ALIAS).filter(tenant_id=self.tenant_id, id__in=last)
        episodes = models.Episode.objects.using(ALIAS).filter(
            Q(incident_id=None) | Q(original_id__in=last),
            tenant_id=self.tenant_id,
            ended_at=None,
            fingerprint__in=signals.values("fingerprint"),
        )
        return [episode_from_row(row) for row in episodes.order_by("started_at", "id")]

    def lift(self, silence_ids: Collection[UUID], at: datetime) -> None:
        """Note that everything these silences held was looked at again."""
        if silence_ids:
            with translated():
                self._unlifted().filter(id__in=silence_ids).update(lifted_at=at)

    def open_episodes(self, limit: int) -> Sequence[tuple[Episode, Signal]]:
        """Open episodes with their originals, the latest first, at most `limit`."""
        rows = models.Episode.objects.using(ALIAS).filter(tenant_id=self.tenant_id, ended_at=None)
        episodes = [episode_from_row(row) for row in rows.order_by("-started_at", "-id")[:limit]]
        signals = models.Signal.objects.using(ALIAS).filter(
            tenant_id=self.tenant_id, id__in=[episode.original_id for episode in episodes]
        )
        originals = {row.id: signal_from_row(row) for row in signals}
        return [(episode, originals[episode.original_id]) for episode in episodes]

    def _rows(self) -> QuerySet[models.Silence]:
        return models.Silence.objects.using(ALIAS).filter(tenant_id=self.tenant_id)

    def _unlifted(self) -> QuerySet[models.Silence]:
        return self._rows().filter(lifted_at=None)


def _stands(state: SilenceState, now: datetime) -> Q:
    expired = Q(ends_at__lte=now) | Q(ended_at__isnull=False)
    if state is SilenceState.EXPIRED:
        return expired
    going_on = Q(ends_at__gt=now, ended_at=None)
    return going_on & (Q(starts_at__lte=now) if state is SilenceState.ACTIVE else Q(starts_at__gt=now))


def _silence(row: models.Silence) -> Silence:
    return Silence(
        id=row.id,
        tenant_id=row.tenant_id,
        matchers=tuple(Matcher(name, Operator(operator), value) for name, operator, value in row.matchers),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        comment=row.comment,
        created_by=row.created_by_id,
        created_at=row.created_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by_id,
    )
