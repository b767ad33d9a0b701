"""Consultations of an advisor: what was asked, and what it cost the tenant."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from sre_copilot.domain.consultations import Consultation, DayOfConsultations


class Consultations(Protocol):
    """The tenant's consultations."""

    @abstractmethod
    def hold(self) -> None:
        """Let nobody else of the tenant begin one until the unit ends, so that two never share what is left of a budget."""

    @abstractmethod
    def latest(self, incident_id: UUID) -> Consultation | None:
        """The latest one about an incident, by when it began."""

    @abstractmethod
    def tokens_of(self, day: date) -> int:
        """The tokens that those of a day (UTC) count, what is reserved for running ones among them."""

    @abstractmethod
    def add(self, consultation: Consultation) -> None:
        """Store one."""

    @abstractmethod
    def end(self, consultation: Consultation) -> None:
        """Store how one ended. Raises NotFound."""

    @abstractmethod
    def days(self, first: date, end: date) -> Sequence[DayOfConsultations]:
        """Every day with consultations in [first, end), by time."""
