"""Observations of one made-up series, counted in hours from its start."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sre_copilot.domain.observations import Observation
from sre_copilot.domain.series import SeriesHistory
from sre_copilot.domain.signals import Severity, SignalStatus

START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = timedelta(hours=12)
NAME = "f" * 64
INCIDENT = UUID(int=9000)
EMPTY = SeriesHistory(fingerprint=NAME)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def seen(
    number: int,
    hours: float,
    *,
    resolved: bool = False,
    moment: bool = False,
    received: float | None = None,
    known: int | None = None,
    named: bool = False,
    started: float | None = None,
    expires: float | None = None,
    severity: Severity = Severity.HIGH,
) -> Observation:
    """The signal with this number; an episode that it opens gets the number 1000 higher."""
    status = SignalStatus.RESOLVED if resolved else SignalStatus.MOMENT if moment else SignalStatus.FIRING
    return Observation(
        signal_id=UUID(int=number),
        episode_id=UUID(int=1000 + number),
        status=status,
        occurred_at=at(hours),
        received_at=at(hours if received is None else received),
        severity=severity,
        episode_started_at=None if started is None else at(started),
        expires_at=None if expires is None else at(expires),
        known_as=UUID(int=known) if known else None,
        has_vendor_id=named,
    )
