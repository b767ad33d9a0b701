"""Ids: time-ordered and unique."""

from abc import abstractmethod
from typing import Protocol
from uuid import UUID


class Ids(Protocol):
    """Makes ids. Thread-safe."""

    @abstractmethod
    def new(self) -> UUID:
        """Return a new UUID that sorts after those made a millisecond or more before."""
