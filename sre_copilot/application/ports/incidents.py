"""Incidents, their log and notes."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import attrs

from sre_copilot.domain.correlation import Candidate
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.open_incidents import OpenIncidents
from sre_copilot.domain.signals import Environment, Severity
from sre_copilot.domain.snapshots import ContextSnapshot
from sre_copilot.domain.timeline import Note, Transition


@attrs.frozen(kw_only=True)
class IncidentFilter:
    """What a list of incidents is narrowed by; empty and None mean no narrowing.

    `since` <= detected_at < `until`. `before` is a keyset, the (detected_at, id) of the last one of the page before.
    """

    states: frozenset[State] = frozenset()
    severities: frozenset[Severity] = frozenset()
    service: str | None = None
    environment: Environment | None = None
    assigned_to: UUID | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, UUID] | None = None
    limit: int = 50


class Incidents(Protocol):
    """The tenant's incidents."""

    @abstractmethod
    def get(self, incident_id: UUID, *, lock: bool = False) -> Incident:
        """One incident; with `lock`, nobody else can change it until the unit of work ends. Raises NotFound."""

    @abstractmethod
    def locked(self, incident_ids: Collection[UUID]) -> Sequence[Incident]:
        """Incidents, by id, that nobody else can change until the unit of work ends. Raises NotFound.

        Locks are taken in that order, so that two units of work never wait for each other.
        """

    @abstractmethod
    def change(self, incidents: Sequence[Incident]) -> None:
        """Store what `Incident.absorb`, `rearranged` and `settle` changed of incidents that are stored and locked."""

    @abstractmethod
    def save(self, incident: Incident) -> None:
        """Store an incident, new or changed, all but its snapshot."""

    @abstractmethod
    def keep_snapshot(self, snapshot: ContextSnapshot) -> None:
        """Make a stored snapshot the one of its incident's detection, for good.

        Raises ImmutableRecord where the incident has one.
        """

    @abstractmethod
    def log(self, transition: Transition) -> None:
        """Append a row to the transition log."""

    @abstractmethod
    def transitions(self, incident_id: UUID) -> Sequence[Transition]:
        """The log of an incident, by sequence."""

    @abstractmethod
    def add_note(self, note: Note) -> None:
        """Store a note."""

    @abstractmethod
    def notes(self, incident_id: UUID) -> Sequence[Note]:
        """The notes of an incident, by time."""

    @abstractmethod
    def keep_thread(self, incident_id: UUID, channel: str, thread: str) -> None:
        """Note where people talk about an incident. The first place stays; one that another incident has is not noted."""

    @abstractmethod
    def list(self, narrowed: IncidentFilter) -> Sequence[Incident]:
        """Incidents by detection, newest first, at most `narrowed.limit`."""

    @abstractmethod
    def lock_correlation(self) -> None:
        """Let only one unit of work of this tenant correlate at a time, until it ends."""

    @abstractmethod
    def open_incidents(self, since: datetime, until: datetime) -> OpenIncidents:
        """The incidents that are open and were opened in between, with their members, for whoever holds the lock.

        Where they are told of new members, `SeriesStore.save` has to store why, in the same unit of work.
        """

    @abstractmethod
    def candidates(self, incident_ids: Collection[UUID]) -> Sequence[Candidate]:
        """Those of these incidents that are open, each with the originals of its episodes, and its own words where
        people declared it."""

    @abstractmethod
    def opened_since(self, start: datetime) -> int:
        """How many incidents were created at or after `start`."""

    @abstractmethod
    def without_snapshot(self, since: datetime) -> Sequence[UUID]:
        """Ids of the incidents that signals opened at or after `since` and that have no snapshot yet, sorted."""

    @abstractmethod
    def settling(self, now: datetime) -> Sequence[UUID]:
        """Ids of the open incidents whose `settle_at` has come, by that time."""
