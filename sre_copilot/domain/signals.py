"""Signals: what arrived, in our words, before and after it is recorded."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.domain.canonical import content_hash
from sre_copilot.domain.decisions import Decision
from sre_copilot.domain.values import quick_value


class SignalType(StrEnum):
    """The kinds of observation."""

    ALERT = "alert"
    METRIC_DEVIATION = "metric_deviation"
    LOG_PATTERN = "log_pattern"
    DEPLOY_EVENT = "deploy_event"
    CONFIG_CHANGE = "config_change"
    TRACE_ANOMALY = "trace_anomaly"

    @property
    def is_change(self) -> bool:
        """Whether this is something people did rather than something that went wrong."""
        return self in (SignalType.DEPLOY_EVENT, SignalType.CONFIG_CHANGE)


class Severity(StrEnum):
    """Our five words, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def weight(self) -> int:
        """5 for critical down to 1 for info."""
        return _WEIGHTS[self]


_WEIGHTS = {severity: 5 - place for place, severity in enumerate(Severity)}


class Environment(StrEnum):
    """Where a service runs."""

    PRODUCTION = "production"
    STAGING = "staging"
    DEVELOPMENT = "development"


class SignalStatus(StrEnum):
    """What a signal says of its series: it fires, it has ended, or (a change) it happened at a moment."""

    FIRING = "firing"
    RESOLVED = "resolved"
    MOMENT = "moment"


UNKNOWN_SERVICE = "unknown"


@attrs.frozen(kw_only=True)
class ChangeDetails:
    """What a vendor told of a change. Empty strings where it did not."""

    kind: str = "deploy"
    summary: str = ""
    version: str = ""
    previous_version: str = ""
    author: str = ""
    commit: str = ""
    text: str = ""
    paths: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class SignalDraft:
    """One signal as an integration plugin reads it from a delivery, nothing invented.

    Identity is `vendor_key` where the vendor has one, else `identity` (labels); with neither, the raw payload.
    `occurred_at` is the start of firing for a firing signal, the end for a resolve, the moment for a change;
    None where the vendor gives no time: the receive time is used then. `episode_started_at` is set where the
    vendor states when the run began, `expires_at` where silence until then means the end.
    `vendor_id` is the vendor's own id of this event; `vendor_fingerprint` its own name of the series, for people.
    `severity_word` and `environment_word` keep the vendor's words. A heartbeat only says that the pipeline works.
    """

    signal_type: SignalType = SignalType.ALERT
    status: SignalStatus = SignalStatus.FIRING
    severity: Severity = Severity.MEDIUM
    severity_word: str = ""
    service: str = UNKNOWN_SERVICE
    environment: Environment = Environment.DEVELOPMENT
    environment_word: str = ""
    name: str
    title: str = ""
    description: str = ""
    labels: Mapping[str, str] = attrs.field(factory=dict)
    identity: Mapping[str, str] | None = None
    vendor_key: str | None = None
    vendor_id: str | None = None
    vendor_fingerprint: str | None = None
    occurred_at: datetime | None = None
    episode_started_at: datetime | None = None
    expires_at: datetime | None = None
    is_heartbeat: bool = False
    change: ChangeDetails | None = None
    links: tuple[str, ...] = ()
    raw: Mapping[str, Any] = attrs.field(factory=dict)
    worked_out: dict[object, Any] = attrs.field(factory=dict, init=False, repr=False, eq=False)
    """What follows from it and was worked out already: plugins may give the same draft for each repeat of an alert."""

    @property
    def content_hash(self) -> str:
        """SHA-256 of the vendor's own words: tells a redelivery from a reused id."""
        return content_hash(self.raw)


@quick_value(kw_only=True)
class Signal:
    """A recorded signal: one row. Only `incident_id`, `is_duplicate`, `original_id` and `waiting` may change later.

    `ordinal` counts the series' rows in the order of recording. `timestamp` is `occurred_at`, clamped to the
    receive time where a start lies more than 5 minutes ahead; `occurred_at` stays the vendor's own value.
    `vendor_position` is 0 where `vendor_id` names the event, and counts from 1 where it names the whole delivery.
    """

    id: UUID
    tenant_id: UUID
    integration_id: UUID
    delivery_id: UUID
    source: str
    fingerprint: str
    ordinal: int
    draft: SignalDraft
    occurred_at: datetime
    timestamp: datetime
    received_at: datetime
    decision: Decision
    vendor_id: str | None = None
    vendor_position: int = 0
    incident_id: UUID | None = None
    is_duplicate: bool = False
    original_id: UUID | None = None
    waiting: bool = False
    """Stored, but not yet correlated because of the plan's incident limit."""

    @property
    def is_firing(self) -> bool:
        """Whether this signal opens or continues an episode."""
        return self.draft.status is SignalStatus.FIRING

    def placed(
        self, decision: Decision, incident_id: UUID | None, original_id: UUID | None, *, waiting: bool
    ) -> "Signal":
        """Return the signal in an incident or in none, as a duplicate where it has an original."""
        return Signal(
            id=self.id,
            tenant_id=self.tenant_id,
            integration_id=self.integration_id,
            delivery_id=self.delivery_id,
            source=self.source,
            fingerprint=self.fingerprint,
            ordinal=self.ordinal,
            draft=self.draft,
            occurred_at=self.occurred_at,
            timestamp=self.timestamp,
            received_at=self.received_at,
            decision=decision,
            vendor_id=self.vendor_id,
            vendor_position=self.vendor_position,
            incident_id=incident_id,
            is_duplicate=original_id is not None,
            original_id=original_id,
            waiting=waiting,
        )
