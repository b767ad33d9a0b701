"""Recording drafts as one delivery would, for the kits that read what was stored."""

from datetime import datetime, timedelta
from uuid import UUID

import attrs

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.decisions import Decision
from sre_copilot.domain.observations import Observation
from sre_copilot.domain.series import SeriesHistory, SeriesUpdate
from sre_copilot.domain.signals import Signal, SignalDraft
from sre_copilot.domain.stored_episodes import Episode
from sre_copilot.testing.builders import make_draft, make_signal
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import House

MINUTE = timedelta(minutes=1)
NAME = "a" * 64


@attrs.frozen(kw_only=True)
class Stored:
    """One step of a series as it went into the store."""

    update: SeriesUpdate
    signals: tuple[Signal, ...]

    @property
    def signal(self) -> Signal:
        """The only signal of the step."""
        (signal,) = self.signals
        return signal

    @property
    def episode(self) -> Episode:
        """The latest episode after the step."""
        return self.update.history.episodes[-1]


def stored_series(
    house: House,
    *drafts: SignalDraft,
    fingerprint: str = NAME,
    received_at: datetime = BEGINNING,
    incident_id: UUID | None = None,
    waiting: bool = False,
) -> Stored:
    """Record drafts (by default one firing) as one delivery would, and put new episodes into the incident."""
    with house.changing() as uow:
        history = uow.series.load([fingerprint])[fingerprint]
        seen = [(_observation(draft, received_at), draft) for draft in drafts or (make_draft(),)]
        now = max([received_at, *(fact.last_seen_at for fact in history.facts)])
        update = history.record([one for one, _ in seen], window=house.integration.dedup_window, now=now)
        for episode in update.opened:
            update = update.homed(episode.id, incident_id, waiting=waiting)
        kept = [
            (one, draft, decision)
            for (one, draft), decision in zip(seen, update.decisions, strict=True)
            if decision not in (Decision.REPEAT, Decision.REDELIVERY)
        ]
        signals = tuple(_signal(house, fingerprint, *row, update) for row in kept)
        uow.series.save([update], signals)
    return Stored(update=update, signals=signals)


def in_order(history: SeriesHistory) -> SeriesHistory:
    """Return the history in an order of its own, for comparing."""
    return attrs.evolve(
        history,
        facts=tuple(sorted(history.facts, key=lambda fact: fact.ordinal)),
        episodes=tuple(sorted(history.episodes, key=lambda episode: (episode.started_at, episode.id))),
        memberships=tuple(sorted(history.memberships, key=lambda member: member.signal_id)),
    )


def _observation(draft: SignalDraft, received_at: datetime) -> Observation:
    return Observation(
        signal_id=new_id(),
        episode_id=new_id(),
        status=draft.status,
        occurred_at=draft.occurred_at or received_at,
        received_at=received_at,
        severity=draft.severity,
        episode_started_at=draft.episode_started_at,
        expires_at=draft.expires_at,
    )


def _signal(
    house: House, name: str, seen: Observation, draft: SignalDraft, decision: Decision, update: SeriesUpdate
) -> Signal:
    ordinal = next(fact.ordinal for fact in update.history.facts if fact.signal_id == seen.signal_id)
    member = next((m for m in update.history.memberships if m.signal_id == seen.signal_id), None)
    original_id = member.original_id if member else None
    return make_signal(
        house.integration,
        id=seen.signal_id,
        draft=draft,
        fingerprint=name,
        ordinal=ordinal,
        occurred_at=seen.occurred_at,
        received_at=seen.received_at,
        decision=decision,
        incident_id=member.incident_id if member else None,
        original_id=original_id,
        is_duplicate=original_id is not None,
        waiting=member.waiting if member else False,
    )
