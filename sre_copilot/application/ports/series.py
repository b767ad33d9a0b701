"""Series, their signals and episodes, as recorded."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import attrs

from sre_copilot.domain.correlation import CorrelationDecision
from sre_copilot.domain.series import Episode, SeriesHistory, SeriesUpdate
from sre_copilot.domain.signals import Environment, Severity, Signal, SignalType
from sre_copilot.domain.snapshots import ObservedChange

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


class SeriesStore(Protocol):
    """The tenant's series. `load` locks, so that one series is changed by one unit of work at a time."""

    @abstractmethod
    def load(self, fingerprints: Sequence[str]) -> Mapping[str, SeriesHistory]:
        """Lock and return the history of every fingerprint given, an empty one where it is new.

        Locks are taken in sorted order, so that two units of work never wait for each other.
        """

    @abstractmethod
    def known(self, integration_id: UUID, keys: Sequence[VendorId]) -> Mapping[VendorId, KnownSignal]:
        """The stored signals that these vendor ids lead to."""

    @abstractmethod
    def save(self, updates: Sequence[SeriesUpdate], signals: Sequence[Signal]) -> None:
        """Store new signals, changed episodes and memberships, sightings."""

    @abstractmethod
    def due(self, now: datetime) -> Sequence[DueSeries]:
        """Series with an open episode whose `due_at` has come."""

    @abstractmethod
    def decide(self, decisions: Sequence[StoredDecision]) -> None:
        """Store correlation decisions."""


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
        """The episodes of an incident, by start."""

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
