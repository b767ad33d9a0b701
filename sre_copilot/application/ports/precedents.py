"""Precedents: what was learned from past incidents."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import attrs

from sre_copilot.domain.precedents import FirstAnswer, Precedent


@attrs.frozen(kw_only=True)
class PrecedentFilter:
    """What a list of precedents is narrowed by.

    `forgotten` True means only those, False only the others, None both. `before` is a keyset, the (learned_at, id) of the
    last one of the page before.
    """

    forgotten: bool | None = None
    before: tuple[datetime, UUID] | None = None
    limit: int = 50


class Precedents(Protocol):
    """The tenant's precedents, at most one of each incident. They stay when their incident is archived."""

    @abstractmethod
    def save(self, precedent: Precedent) -> None:
        """Store a precedent, new or changed. Raises AlreadyExists for another one of the same incident."""

    @abstractmethod
    def get(self, precedent_id: UUID, *, lock: bool = False) -> Precedent:
        """One precedent; with `lock`, nobody else can change it until the unit of work ends. Raises NotFound."""

    @abstractmethod
    def of_incident(self, incident_id: UUID) -> Precedent | None:
        """The one of an incident, locked until the unit of work ends, or None."""

    @abstractmethod
    def list(self, narrowed: PrecedentFilter) -> Sequence[Precedent]:
        """Precedents in which there is a cause, by when they were learned, newest first."""

    @abstractmethod
    def usable(self, *, until: datetime, other_than: UUID, limit: int) -> Sequence[Precedent]:
        """Those learned by `until` that are not forgotten and hold a cause, newest first, without the incident's own."""

    @abstractmethod
    def answers(self, *, since: datetime | None, until: datetime, limit: int) -> Sequence[FirstAnswer]:
        """First answers given in [since, until) of which is known whether they were right, newest first."""
