"""The clock: the only source of the present."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time. Thread-safe."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the present as an aware UTC time with microseconds."""
