"""Series, their signals and episodes, as recorded."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import attrs

from sre_copilot.domain.correlation import CorrelationDecision
from sre_copilot.domain.series import SeriesHistory, SeriesUpdate
from sre_copilot.domain.series_head import SeriesHead
from sre_copilot.domain.signals import Environment, Severity, Signal, SignalStatus, SignalType
from sre_copilot.domain.snapshots import ObservedChange
from sre_copilot.domain.stored_episodes import Episode

VendorId = tuple[str, int]
"""A vendor's id and a position under it: 0 for the event that the id names, from 1 on for the events of the delivery
that it names. Vendors may use one id for both."""


@attrs.frozen(kw_only=True)
class KnownSignal:
    """A stored signal that a vendor id leads to."""

    signal_id: UUID
    fingerprint: str
    content_hash: str


@attrs.frozen(kw_only=True)
class Heard:
    """That something came for a series. The times say what, where all that came says the same and names no event.

    `received_at` is when the first of it was received, `seen_at` the last.
    """

    fingerprint: str
    status: SignalStatus | None = None
    occurred_at: datetime | None = None
    episode_started_at: datetime | None = None
    received_at: datetime | None = None
    seen_at: datetime | None = None
    expires_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Locked:
    """A series that is locked until the unit of work ends.

    `repeated` says that all that was heard are repeats of its newest signal, and that their times are noted: nothing
    else follows. Otherwise `head` suffices to record what it covers; a series `is_new` where it has no past at all.
    """

    is_new: bool = False
    repeated: bool = False
    head: SeriesHead | None = None


@attrs.frozen(kw_only=True)
class DueSeries:
    """A series with an episode that time may have ended, and the dedup window of its integration."""

    fingerprint: str
    window: timedelta


@attrs.frozen(kw_only=True)
class SignalFilter:
    """What a list of signals is narrowed by; empty and None mean no narrowing.

    `since` <= timestamp < `until`. `before` is a keyset, the (timestamp, id) of the last one of the page before.
    """

    types: frozenset[SignalType] = frozenset()
    severities: frozenset[Severity] = frozenset()
    service: str | None = None
    environment: Environment | None = None
    integration_id: UUID | None = None
    incident_id: UUID | None = None
    waiting: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, UUID] | None = None
    limit: int = 50


@attrs.frozen(kw_only=True)
class StoredDecision:
    """The correlation decision of one episode, as stored."""

    episode_id: UUID
    signal_id: UUID
    decision: CorrelationDecision
    at: datetime


@attrs.frozen(kw_only=True)
class Ends:
    """How the episodes of an incident have ended: when the last of these ends was learnt of, None while one is open."""

    last_seen_at: datetime | None


class SeriesStore(Protocol):
    """The tenant's series. One that is locked is changed by one unit of work at a time."""

    @abstractmethod
    def lock(self, heard: Sequence[Heard]) -> Mapping[str, Locked]:
        """Lock the series that something came for, and note repeats of their newest signals.

        Locks are taken in sorted order, so that two units of work never wait for each other. One call per unit.
        """

    @abstractmethod
    def histories(self, fingerprints: Sequence[str]) -> Mapping[str, SeriesHistory]:
        """The whole history of series that are locked already."""

    @abstractmethod
    def load(self, fingerprints: Sequence[str]) -> Mapping[str, SeriesHistory]:
        """Lock and return the history of every fingerprint given, an empty one where it is new."""

    @abstractmethod
    def known(self, integration_id: UUID, keys: Sequence[VendorId]) -> Mapping[VendorId, KnownSignal]:
        """The stored signals that these vendor ids lead to."""

    @abstractmethod
    def save(
        self, updates: Sequence[SeriesUpdate], signals: Sequence[Signal], decisions: Sequence[StoredDecision] = ()
    ) -> None:
        """Store new signals, changed episodes and memberships, sightings, the heads of the series, which are locked, and
        correlation decisions.
        """

    @abstractmethod
    def due(self, now: datetime) -> Sequence[DueSeries]:
        """Series with an open episode whose stored `due_at` has come; repeats may have moved it since."""


class Signals(Protocol):
    """The read side of signals and episodes."""

    @abstractmethod
    def get(self, signal_id: UUID) -> Signal:
        """One signal. Raises NotFound."""

    @abstractmethod
    def list(self, narrowed: SignalFilter) -> Sequence[Signal]:
        """Signals by timestamp, newest first, at most `narrowed.limit`."""

    @abstractmethod
    def of_incident(self, incident_id: UUID) -> Sequence[Signal]:
        """Every signal of an incident, by timestamp, then ordinal."""

    @abstractmethod
    def episodes_of(self, incident_id: UUID) -> Sequence[Episode]:
        """The episodes of an incident, by start; what repeats have moved since is in them."""

    @abstractmethod
    def ends_of(self, incident_ids: Collection[UUID]) -> Mapping[UUID, Ends]:
        """How the episodes of these incidents have ended; nothing of an incident without any."""

    @abstractmethod
    def waiting(self) -> Sequence[Episode]:
        """Open episodes without an incident because of the plan's limit, oldest first."""

    @abstractmethod
    def waiting_originals(self, limit: int) -> Sequence[Signal]:
        """The signals that opened what waits, oldest first, at most `limit`."""

    @abstractmethod
    def changes(self, start: datetime, end: datetime) -> Sequence[ObservedChange]:
        """The change signals with start <= timestamp <= end, by time."""

    @abstractmethod
    def decision(self, signal_id: UUID) -> StoredDecision | None:
        """The correlation decision of the episode that this signal opened, or None."""
