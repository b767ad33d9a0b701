"""Silences, and the episodes that they hold."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import attrs

from sre_copilot.domain.signals import Signal
from sre_copilot.domain.silences import Silence, SilenceState
from sre_copilot.domain.stored_episodes import Episode


@attrs.frozen(kw_only=True)
class SilenceFilter:
    """What a list of silences is narrowed by: where they stand at `now`, None for all.

    `before` is a keyset, the (created_at, id) of the last one of the page before.
    """

    state: SilenceState | None = None
    now: datetime
    before: tuple[datetime, UUID] | None = None
    limit: int = 50


class Silences(Protocol):
    """The tenant's silences. None is ever taken away, as decisions name them."""

    @abstractmethod
    def add(self, silence: Silence) -> None:
        """Store a new silence."""

    @abstractmethod
    def get(self, silence_id: UUID, *, lock: bool = False) -> Silence:
        """One silence; with `lock`, nobody else gets it so before the unit of work ends. Raises NotFound."""

    @abstractmethod
    def end(self, silence: Silence) -> None:
        """Store when and by whom a silence was ended early. Raises NotFound."""

    @abstractmethod
    def list(self, narrowed: SilenceFilter) -> Sequence[Silence]:
        """Silences by creation, newest first, at most `narrowed.limit`."""

    @abstractmethod
    def standing(self, now: datetime) -> int:
        """How many are in force or to come."""

    @abstractmethod
    def active(self, now: datetime) -> Sequence[Silence]:
        """Those that were in force at `now` and have not been lifted since, by creation.

        Whoever holds the tenant's correlation lock can rely on it that what such a silence holds will be looked at again.
        """

    @abstractmethod
    def over(self, now: datetime) -> Sequence[UUID]:
        """Ids of those that are over at `now`, or were ended early, and have yet to be lifted, sorted."""

    @abstractmethod
    def held_by(self, silence_ids: Collection[UUID]) -> Sequence[Episode]:
        """Open episodes that have to be looked at again when these silences are over, by start.

        Of each series of which they silenced an episode, the open one where it has no incident or is that episode.
        """

    @abstractmethod
    def lift(self, silence_ids: Collection[UUID], at: datetime) -> None:
        """Note that everything these silences held was looked at again, so that nobody needs to do it once more."""

    @abstractmethod
    def open_episodes(self, limit: int) -> Sequence[tuple[Episode, Signal]]:
        """Open episodes with their originals, the latest first, at most `limit`."""
