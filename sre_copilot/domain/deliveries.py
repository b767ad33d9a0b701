"""Deliveries: messages as received, and what became of them."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import attrs

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.signals import Environment, SignalDraft

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_SIGNALS = 5_000
CLOCK_SKEW = timedelta(minutes=5)
"""A start further ahead of the receive time than this is stored as of the receive time."""
EARLIEST_YEAR = 2000
LATEST_AHEAD = timedelta(hours=24)
KEPT_HEADERS = frozenset({"content-type", "user-agent", "content-length", "webhook-id", "webhook-timestamp"})
"""Headers (in lower case) that matter and hold no credentials; only these are stored."""


def in_utc(moment: datetime) -> datetime:
    """Return an aware time in UTC. Raises InvalidInput for one without a zone, and where UTC has no such year."""
    if moment.utcoffset() is not None:
        with suppress(OverflowError):
            return moment.astimezone(UTC)
    raise InvalidInput(
        "The receive time of a delivery needs a time zone and must exist in UTC; give datetime.now(UTC)."
    )


@attrs.frozen(kw_only=True)
class Delivery:
    """One message from a vendor, exactly as it came in.

    `received_at` may be given in any zone and is kept in UTC; without a zone it raises InvalidInput.
    `path` is the door or event kind it came by, for vendors with several. `assigned_key` is the key that the
    sender was told, where a recorded delivery is replayed whose vendor sent none.
    """

    body: bytes = attrs.field(repr=False)
    received_at: datetime = attrs.field(converter=in_utc)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    path: str = ""
    assigned_key: str | None = None

    @property
    def body_hash(self) -> str:
        """SHA-256 of the bytes, 64 hex characters."""
        return hashlib.sha256(self.body).hexdigest()

    def header(self, name: str) -> str:
        """Return a header's value whatever its case, "" where it is missing."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")


@attrs.frozen(kw_only=True)
class Acknowledgement:
    """A vendor's word that somebody is on it: no signal, only an action on the open episode's incident."""

    vendor_key: str
    by: str = ""


@attrs.frozen(kw_only=True)
class Parsed:
    """What a plugin read from a delivery. `vendor_id` names the delivery as a whole, where the vendor does.

    `assigned_key` is the key that the plugin made up for a sender that gave none, to be told back.
    """

    drafts: tuple[SignalDraft, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()
    vendor_id: str | None = None
    assigned_key: str | None = None


class DeliveryStatus(StrEnum):
    """What became of a stored delivery."""

    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"


class QuarantineReason(StrEnum):
    """Why a delivery is kept aside."""

    UNREADABLE = "unreadable"
    ID_REUSED = "id_reused"
    PLUGIN_FAILED = "plugin_failed"


@attrs.frozen(kw_only=True)
class Receipt:
    """The answer to a delivery; `accepted` counts the signal rows stored."""

    delivery_id: UUID
    accepted: int = 0
    duplicates: int = 0
    repeats: int = 0
    redelivered: bool = False
    resolved: int = 0
    incidents: tuple[UUID, ...] = ()
    opened: tuple[UUID, ...] = ()
    """Incidents that this delivery opened; a subset of `incidents`."""
    signals: tuple[UUID, ...] = ()
    """The signals that were stored, in the delivery's order."""
    waiting: int = 0
    """Signals that open no incident before the plan's limit allows it."""
    quarantined: bool = False
    problem: str = ""
    assigned_key: str | None = None


@attrs.frozen(kw_only=True)
class DeliveryRecord:
    """A delivery as stored: bytes, hash, verdict and the receipt that its sender got."""

    id: UUID
    tenant_id: UUID
    integration_id: UUID
    delivery: Delivery
    status: DeliveryStatus
    vendor_id: str | None = None
    quarantine_reason: QuarantineReason | None = None
    receipt: Receipt


@attrs.frozen(kw_only=True)
class Integration:
    """A configured source. `environments` maps vendor words to ours; `dedup_window` is the silence that ends an episode."""

    id: UUID
    tenant_id: UUID
    type: str
    name: str
    created_at: datetime
    dedup_window: timedelta = timedelta(hours=12)
    environments: Mapping[str, Environment] = attrs.field(factory=dict)
    is_active: bool = True

    def environment_of(self, word: str) -> Environment:
        """Return what a vendor's word means here, whatever its case: by the table, else by our own three words.

        Any other word is development: production is never guessed.
        """
        wanted = word.strip().lower()
        table = {theirs.lower(): ours for theirs, ours in self.environments.items()}
        own = {ours.value: ours for ours in Environment}
        return table.get(wanted) or own.get(wanted, Environment.DEVELOPMENT)
