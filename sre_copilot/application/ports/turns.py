"""Turns: what only one process does at a time, for as long as it lives."""

from abc import abstractmethod
from typing import Protocol


class Turn(Protocol):
    """A turn that was taken. For one thread."""

    @abstractmethod
    def is_ours(self) -> bool:
        """Whether it still is: it is lost with the connection to the database."""

    @abstractmethod
    def end(self) -> None:
        """Let others have it."""


class Turns(Protocol):
    """Gives turns, one at a time by name over all processes. Whoever dies loses his at once. Thread-safe."""

    @abstractmethod
    def take(self, name: str) -> Turn | None:
        """Return the turn, or None while somebody else has it. Raises DatabaseUnavailable."""
