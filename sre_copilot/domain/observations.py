"""Observations: signals on their way into their series."""

from datetime import datetime
from uuid import UUID

from sre_copilot.domain.signals import Severity, SignalStatus
from sre_copilot.domain.values import quick_value


@quick_value(kw_only=True)
class Observation:
    """A signal that asks to be recorded. `signal_id` is the id its row will have if it gets one.

    `known_as` is the id of the stored signal with the same vendor id, where there is one. `has_vendor_id` says
    that the vendor names its events, so that only the id tells a redelivery.
    """

    signal_id: UUID
    episode_id: UUID
    """The id of the episode, should this signal open one."""
    status: SignalStatus
    occurred_at: datetime
    received_at: datetime
    severity: Severity
    episode_started_at: datetime | None = None
    expires_at: datetime | None = None
    known_as: UUID | None = None
    has_vendor_id: bool = False

    @property
    def begins_alone(self) -> bool:
        """Whether it begins an episode where nothing else is known of its series."""
        return self.status is SignalStatus.FIRING and self.known_as is None
