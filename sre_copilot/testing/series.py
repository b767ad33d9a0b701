"""Series, signals and episodes in memory."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.ports.series import (
    DueSeries,
    Ends,
    Heard,
    KnownSignal,
    Locked,
    SignalFilter,
    StoredDecision,
    VendorId,
)
from sre_copilot.domain.episodes import Fact
from sre_copilot.domain.errors import AlreadyExists, ForeignReference, NotFound
from sre_copilot.domain.series import SeriesHistory, SeriesUpdate
from sre_copilot.domain.series_head import SeriesHead
from sre_copilot.domain.signals import Signal, SignalStatus
from sre_copilot.domain.snapshots import ObservedChange
from sre_copilot.domain.stored_episodes import Episode, Membership
from sre_copilot.testing.tables import TenantTables


@attrs.frozen
class InMemorySeriesStore:
    """The tenant's series. Units of work are serial, so that a load needs no lock of its own."""

    tables: TenantTables

    def lock(self, heard: Sequence[Heard]) -> Mapping[str, Locked]:
        """Note repeats of the newest signals of series, and say what is known of each."""
        return {row.fingerprint: self._locked(row) for row in heard}

    def _locked(self, row: Heard) -> Locked:
        head = self.tables.heads.get(row.fingerprint)
        if head is None:
            return Locked(is_new=not any(one.fingerprint == row.fingerprint for one in self.tables.signals.values()))
        if not head.is_repeated_by(row.status, row.occurred_at, row.episode_started_at, row.received_at):
            return Locked(head=head)
        assert row.seen_at is not None
        again = head.seen_again(row.seen_at, row.expires_at)
        self.tables.heads[row.fingerprint] = again
        self.tables.sightings[again.newest.signal_id] = again.newest
        return Locked(repeated=True)

    def load(self, fingerprints: Sequence[str]) -> Mapping[str, SeriesHistory]:
        """Return the history of every fingerprint given, an empty one where it is new."""
        return self.histories(fingerprints)

    def histories(self, fingerprints: Sequence[str]) -> Mapping[str, SeriesHistory]:
        """The whole history of series."""
        return {name: self._history(name) for name in sorted(set(fingerprints))}

    def known(self, integration_id: UUID, keys: Sequence[VendorId]) -> Mapping[VendorId, KnownSignal]:
        """The stored signals that these vendor ids lead to."""
        stored = {_vendor_key(signal): signal for signal in self.tables.signals.values()}
        found = {key: stored.get((integration_id, *key)) for key in keys}
        return {
            key: KnownSignal(
                signal_id=signal.id, fingerprint=signal.fingerprint, content_hash=signal.draft.content_hash
            )
            for key, signal in found.items()
            if signal is not None
        }

    def save(
        self, updates: Sequence[SeriesUpdate], signals: Sequence[Signal], decisions: Sequence[StoredDecision] = ()
    ) -> None:
        """Store new signals, changed episodes and memberships, sightings, correlation decisions.

        Raises AlreadyExists for a vendor id that is stored, and for a second open episode of a series, ForeignReference
        where a decision names a silence that is not there.
        """
        self._add_signals(signals)
        fresh = {signal.id for signal in signals}
        for update in updates:
            for dropped in update.dropped:
                del self.tables.episodes[dropped]
            self.tables.episodes.update({episode.id: episode for episode in update.saved})
            for member in update.history.memberships:
                if member.signal_id in fresh and member.episode_id is not None:
                    self.tables.episode_of[member.signal_id] = member.episode_id
            for member in update.memberships:
                if member.signal_id not in fresh:
                    self._move(member)
            for fact in update.sightings:
                self.tables.sightings[fact.signal_id] = fact
            self._keep_head(update)
        self._refuse_second_open_episode()
        for stored in decisions:
            if stored.decision.silence_id not in (None, *self.tables.silences):
                raise ForeignReference(silence=stored.decision.silence_id)
        self.tables.decisions.update({stored.signal_id: stored for stored in decisions})
        for stored in decisions:
            self.tables.moves.pop(stored.signal_id, None)

    def _keep_head(self, update: SeriesUpdate) -> None:
        name = update.history.fingerprint
        head = SeriesHead.after(update, self.tables.heads[name] if update.history.is_summary else None)
        if head is not None:
            self.tables.heads[name] = head

    def due(self, now: datetime) -> Sequence[DueSeries]:
        """Series with an open episode whose `due_at` has come, by fingerprint."""
        found = {
            episode.fingerprint: self.tables.signals[episode.original_id].integration_id
            for episode in self.tables.episodes.values()
            if episode.is_open and episode.due_at is not None and episode.due_at <= now
        }
        return [
            DueSeries(fingerprint=name, window=self.tables.integrations[integration_id].dedup_window)
            for name, integration_id in sorted(found.items())
        ]

    def _add_signals(self, signals: Sequence[Signal]) -> None:
        taken = {_vendor_key(signal) for signal in self.tables.signals.values()}
        for signal in signals:
            if signal.vendor_id is not None and _vendor_key(signal) in taken:
                raise AlreadyExists(vendor_id=signal.vendor_id)
            taken.add(_vendor_key(signal))
            self.tables.signals[signal.id] = signal

    def _move(self, member: Membership) -> None:
        self.tables.signals[member.signal_id] = attrs.evolve(
            self.tables.signals[member.signal_id],
            incident_id=member.incident_id,
            original_id=member.original_id,
            is_duplicate=member.original_id is not None,
            waiting=member.waiting,
        )
        if member.episode_id is None:
            self.tables.episode_of.pop(member.signal_id, None)
        else:
            self.tables.episode_of[member.signal_id] = member.episode_id

    def _refuse_second_open_episode(self) -> None:
        going_on = [episode.fingerprint for episode in self.tables.episodes.values() if episode.is_open]
        if len(going_on) != len(set(going_on)):
            raise AlreadyExists("The series has an open episode already.")

    def _history(self, name: str) -> SeriesHistory:
        signals = [signal for signal in self.tables.signals.values() if signal.fingerprint == name]
        signals.sort(key=lambda signal: signal.ordinal)
        episodes = [episode for episode in self.tables.episodes.values() if episode.fingerprint == name]
        return SeriesHistory(
            fingerprint=name,
            facts=tuple(self._fact(signal) for signal in signals),
            episodes=tuple(sorted(episodes, key=lambda episode: (episode.started_at, episode.id))),
            memberships=tuple(
                Membership(
                    signal_id=signal.id,
                    episode_id=self.tables.episode_of[signal.id],
                    incident_id=signal.incident_id,
                    original_id=signal.original_id,
                    waiting=signal.waiting,
                )
                for signal in signals
                if signal.id in self.tables.episode_of
            ),
        )

    def _fact(self, signal: Signal) -> Fact:
        fact = Fact(
            signal_id=signal.id,
            ordinal=signal.ordinal,
            status=signal.draft.status,
            occurred_at=signal.occurred_at,
            received_at=signal.received_at,
            last_seen_at=signal.received_at,
            severity=signal.draft.severity,
            episode_started_at=signal.draft.episode_started_at,
            expires_at=signal.draft.expires_at,
        )
        seen = self.tables.sightings.get(signal.id)
        if seen is None:
            return fact
        return fact.seen_again(seen.received_at, None).seen_again(seen.last_seen_at, seen.expires_at)


@attrs.frozen
class InMemorySignals:
    """Signals and episodes as people read them."""

    tables: TenantTables

    def get(self, signal_id: UUID) -> Signal:
        """One signal. Raises NotFound."""
        if signal_id not in self.tables.signals:
            raise NotFound(signal=signal_id)
        return self.tables.signals[signal_id]

    def list(self, narrowed: SignalFilter) -> Sequence[Signal]:
        """Signals by timestamp, newest first, after the keyset where one is given."""
        found = [signal for signal in self.tables.signals.values() if _matches(signal, narrowed)]
        return sorted(found, key=lambda signal: (signal.timestamp, signal.id), reverse=True)[: narrowed.limit]

    def of_incident(self, incident_id: UUID) -> Sequence[Signal]:
        """Every signal of an incident, by timestamp, then ordinal."""
        found = [signal for signal in self.tables.signals.values() if signal.incident_id == incident_id]
        return sorted(found, key=lambda signal: (signal.timestamp, signal.ordinal, signal.id))

    def episodes_of(self, incident_id: UUID) -> Sequence[Episode]:
        """The episodes of an incident, by start."""
        return _by_start(self._seen(one) for one in self.tables.episodes.values() if one.incident_id == incident_id)

    def _seen(self, episode: Episode) -> Episode:
        head = self.tables.heads.get(episode.fingerprint)
        if not episode.is_open or head is None or not head.goes_on:
            return episode
        if head.newest.status is not SignalStatus.FIRING:
            return episode
        return attrs.evolve(episode, last_seen_at=max(episode.last_seen_at, head.newest.last_seen_at))

    def ends_of(self, incident_ids: Collection[UUID]) -> Mapping[UUID, Ends]:
        """How the episodes of incidents have ended."""
        found: dict[UUID, Ends] = {}
        for incident_id in incident_ids:
            episodes = self.episodes_of(incident_id)
            ends = [episode.end_seen_at or episode.started_at for episode in episodes if not episode.is_open]
            if episodes:
                found[incident_id] = Ends(last_seen_at=max(ends) if len(ends) == len(episodes) else None)
        return found

    def waiting(self) -> Sequence[Episode]:
        """Open episodes without an incident because of the plan's limit, oldest first."""
        return _by_start(one for one in self.tables.episodes.values() if one.waiting and one.is_open)

    def waiting_originals(self, limit: int) -> Sequence[Signal]:
        """The signals that opened what waits, oldest first, at most `limit`."""
        found = [signal for signal in self.tables.signals.values() if signal.waiting]
        return sorted(found, key=lambda signal: (signal.timestamp, signal.id))[:limit]

    def changes(self, start: datetime, end: datetime) -> Sequence[ObservedChange]:
        """The change signals with start <= timestamp <= end, by time."""
        found = [
            signal
            for signal in self.tables.signals.values()
            if signal.draft.signal_type.is_change and start <= signal.timestamp <= end
        ]
        return [ObservedChange.of(signal) for signal in sorted(found, key=lambda signal: (signal.timestamp, signal.id))]

    def decision(self, signal_id: UUID) -> StoredDecision | None:
        """The correlation decision of the episode that this signal opened, or None."""
        return self.tables.moves.get(signal_id) or self.tables.decisions.get(signal_id)


def _matches(signal: Signal, narrowed: SignalFilter) -> bool:
    draft = signal.draft
    return (
        (not narrowed.types or draft.signal_type in narrowed.types)
        and (not narrowed.severities or draft.severity in narrowed.severities)
        and narrowed.service in (None, draft.service)
        and narrowed.environment in (None, draft.environment)
        and narrowed.integration_id in (None, signal.integration_id)
        and narrowed.incident_id in (None, signal.incident_id)
        and narrowed.waiting in (None, signal.waiting)
        and (narrowed.since is None or signal.timestamp >= narrowed.since)
        and (narrowed.until is None or signal.timestamp < narrowed.until)
        and (narrowed.before is None or (signal.timestamp, signal.id) < narrowed.before)
    )


def _vendor_key(signal: Signal) -> tuple[UUID, str | None, int]:
    return (signal.integration_id, signal.vendor_id, signal.vendor_position)


def _by_start(episodes: Iterable[Episode]) -> list[Episode]:
    return sorted(episodes, key=lambda episode: (episode.started_at, episode.id))
