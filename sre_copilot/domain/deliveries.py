"""Deliveries: messages as received, and what became of them."""

import hashlib
from base64 import b64decode
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.domain.commands import Command, Response
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.signals import SignalDraft

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_SIGNALS = 5_000
CLOCK_SKEW = timedelta(minutes=5)
"""A start further ahead of the receive time than this is stored as of the receive time."""
EARLIEST_YEAR = 2000
LATEST_AHEAD = timedelta(hours=24)
KEPT_HEADERS = frozenset({"content-type", "user-agent", "content-length", "webhook-id", "webhook-timestamp"})
"""Headers (in lower case) that matter to every vendor and hold no credentials; a plugin may name further ones."""


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
    token: str = attrs.field(default="", repr=False)
    """The credential that came in the address (`?token=`), where a vendor can't set headers. Never stored."""

    @property
    def body_hash(self) -> str:
        """SHA-256 of the bytes, 64 hex characters."""
        return hashlib.sha256(self.body).hexdigest()

    def header(self, name: str) -> str:
        """Return a header's value whatever its case, "" where it is missing."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), "")

    @property
    def presented_keys(self) -> tuple[str, ...]:
        """What the sender shows as its key: a bearer token, the password of basic authentication, `?token=`."""
        scheme, _, value = self.header("authorization").strip().partition(" ")
        found = [self.token]
        if scheme.lower() == "bearer":
            found.append(value.strip())
        elif scheme.lower() == "basic":
            with suppress(ValueError):
                found.append(b64decode(value.strip(), validate=True).decode().partition(":")[2])
        return tuple(key for key in found if key)

    def without_credentials(self, kept_headers: Collection[str]) -> "Delivery":
        """Return the delivery with the headers that matter and no key.

        `kept_headers` (lower case) are the plugin's own besides `KEPT_HEADERS`; one that ends with `*` means every
        header that begins so.
        """
        beginnings = tuple(name[:-1] for name in kept_headers if name.endswith("*"))
        kept = {
            name: text
            for name, text in self.headers.items()
            if (low := name.lower()) in KEPT_HEADERS or low in kept_headers or low.startswith(beginnings)
        }
        return attrs.evolve(self, headers=kept, token="")


@attrs.frozen(kw_only=True)
class Acknowledgement:
    """A vendor's word that somebody is on it: no signal, only an action on the open episode's incident."""

    vendor_key: str
    by: str = ""


@attrs.frozen(kw_only=True)
class Reply:
    """What a vendor's door answers at once, where the vendor expects a certain answer."""

    body: str
    content_type: str = "application/json"
    status: int = 200


@attrs.frozen(kw_only=True)
class Parsed:
    """What a plugin read from a delivery. `vendor_id` names the delivery as a whole, where the vendor does.

    `assigned_key` is the key that the plugin made up for a sender that gave none, to be told back. `reply` is what the
    vendor must be answered instead of a receipt, and `visits` are addresses to be visited once, as a vendor asks for to
    confirm a subscription.
    """

    drafts: tuple[SignalDraft, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()
    vendor_id: str | None = None
    assigned_key: str | None = None
    reply: Reply | None = None
    visits: tuple[str, ...] = ()
    command: Command | None = None
    """What a person asks for, where people talk through the vendor; done after the delivery is durable."""


class DeliveryStatus(StrEnum):
    """What became of a stored delivery."""

    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"


class Verdict(StrEnum):
    """How it is known that a delivery comes from its integration."""

    SIGNATURE = "signature"
    """The vendor's signature fits the bytes."""
    KEY = "key"
    """The sender showed the integration's key."""
    HANDED_IN = "handed_in"
    """A person of the tenant, or the copilot itself, handed it in."""
    PULLED = "pulled"
    """The copilot fetched it."""
    OWN = "own"
    """The copilot noticed it itself."""


class QuarantineReason(StrEnum):
    """Why a delivery is kept aside."""

    UNREADABLE = "unreadable"
    ID_REUSED = "id_reused"
    PLUGIN_FAILED = "plugin_failed"
    MALFORMED = "malformed"
    """No readable JSON, from a vendor whose text is the user's own template."""


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
    silenced: int = 0
    """Signals that opened an episode which a silence keeps from any incident."""
    quarantined: bool = False
    problem: str = ""
    assigned_key: str | None = None
    reply: Reply | None = None
    command: Command | None = None
    """What is still to be done; never stored."""
    response: Response | None = None
    """What came of the delivery's command; None before anything has."""


@attrs.frozen(kw_only=True)
class StoredDelivery:
    """A delivery of the ledger: how it came, how it is known whose it is, and what became of it."""

    id: UUID
    integration_id: UUID
    received_at: datetime
    path: str
    headers: Mapping[str, str]
    body_bytes: int
    body_hash: str
    status: DeliveryStatus
    verdict: Verdict
    vendor_id: str | None
    quarantine_reason: QuarantineReason | None
    replayed_at: datetime | None
    receipt: Receipt


@attrs.frozen(kw_only=True)
class DeliveryRecord:
    """A delivery as stored: bytes, hash, verdict and the receipt that its sender got."""

    id: UUID
    tenant_id: UUID
    integration_id: UUID
    delivery: Delivery
    status: DeliveryStatus
    verdict: Verdict = Verdict.HANDED_IN
    vendor_id: str | None = None
    quarantine_reason: QuarantineReason | None = None
    receipt: Receipt
    replayed_at: datetime | None = None
    """When it was parsed again; None where it never was."""

    @property
    def without_body(self) -> StoredDelivery:
        """What lists hold of it: a page of bodies could take a gigabyte."""
        return StoredDelivery(
            id=self.id,
            integration_id=self.integration_id,
            received_at=self.delivery.received_at,
            path=self.delivery.path,
            headers=self.delivery.headers,
            body_bytes=len(self.delivery.body),
            body_hash=self.delivery.body_hash,
            status=self.status,
            verdict=self.verdict,
            vendor_id=self.vendor_id,
            quarantine_reason=self.quarantine_reason,
            replayed_at=self.replayed_at,
            receipt=self.receipt,
        )


@attrs.frozen(kw_only=True)
class Sample:
    """A delivery as a vendor would send it: for trying an integration, and for the conformance kit.

    `name` says what it shows: "firing", "resolved", "change" or another word. `resolves` is the name of the sample whose
    episode it ends.
    """

    name: str
    body: bytes = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict)
    path: str = ""
    resolves: str = ""

    def delivery(self, received_at: datetime) -> Delivery:
        """Return it as it comes in at that time."""
        return Delivery(body=self.body, headers=self.headers, path=self.path, received_at=received_at)


@attrs.frozen(kw_only=True)
class Pulled:
    """What a poll brought: deliveries as their plugin parses them, and how far it came.

    `cursor` is plain JSON in the plugin's own words, handed to the next poll. `is_more` asks for that at once.
    """

    deliveries: tuple[Delivery, ...] = ()
    cursor: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    is_more: bool = False
