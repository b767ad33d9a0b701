"""Clocks that show what they are told."""

from datetime import UTC, datetime, timedelta

import attrs

BEGINNING = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""A Monday morning: the present of tests that don't care."""


@attrs.define
class ManualClock:
    """A clock that is moved by hand. Not for use by several threads at once."""

    at: datetime = BEGINNING

    def now(self) -> datetime:
        """Return the time it was last moved to."""
        return self.at

    def set(self, at: datetime) -> None:
        """Show `at` (aware, UTC) from now on; going back is allowed."""
        self.at = at

    def advance(self, by: timedelta) -> datetime:
        """Go on by a span and return the new time. Raises ValueError for a negative span."""
        if by < timedelta(0):
            raise ValueError("advance goes forward; use set to go back")
        self.at += by
        return self.at
