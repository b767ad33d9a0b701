"""Where people put episodes, against what correlation decided, and what is kept of that."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sre_copilot.application.ports.series import StoredDecision
from sre_copilot.domain.corrections import Correction, Rehomed
from sre_copilot.domain.stored_episodes import Episode


class Corrections(Protocol):
    """The tenant's episodes as people move them. Whoever moves any holds their series, then the lock on correlation, then
    the incidents, in this order: that of the batches that take signals in."""

    @abstractmethod
    def hold(self, fingerprints: Collection[str], *, wait: bool = True) -> None:
        """Lock series until the unit of work ends, in sorted order.

        Raises WriteConflict where somebody else has one of them and `wait` is false.
        """

    @abstractmethod
    def episodes_with(self, signal_ids: Collection[UUID]) -> Mapping[UUID, Episode]:
        """The episode of each of these signals that has one."""

    @abstractmethod
    def rehome(self, episodes: Sequence[Episode], incident_id: UUID, *, at: datetime) -> Rehomed:
        """Put episodes of series that are held, at least one, into an incident, with all of their signals.

        The heads of their series follow, and a decision is stored for each, under the lock on correlation: so whoever
        remembers the tenant's open incidents hears of it.
        """

    @abstractmethod
    def inherit(self, from_id: UUID, into_id: UUID) -> None:
        """Put the notes, diagnoses, hypotheses and recommendations of an incident, with their outcomes, into another."""

    @abstractmethod
    def decided(self, signal_ids: Collection[UUID]) -> Mapping[UUID, StoredDecision]:
        """What correlation decided last about the episodes that these signals opened, whatever people did since."""

    @abstractmethod
    def add(self, corrections: Sequence[Correction]) -> None:
        """Store new corrections; they never change."""

    @abstractmethod
    def of_series(self, fingerprint: str, *, limit: int) -> Sequence[Correction]:
        """The latest corrections of a series, newest first, at most `limit`."""
