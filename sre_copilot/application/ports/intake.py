"""Deliveries on their way into the ledger: read, and told apart, before anything is locked for them; and the way in."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol
from uuid import UUID

import attrs

from sre_copilot.application.ports.deliveries import DeliveryGateway
from sre_copilot.application.ports.series import VendorId
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.deliveries import Delivery, DeliveryRecord, Parsed, QuarantineReason, Receipt, Verdict
from sre_copilot.domain.errors import PluginFailed, UnreadableDelivery
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.signals import SignalDraft
from sre_copilot.domain.values import quick_value

SUSPENDED = "The plugin failed 5 times in a row, so it isn't asked any more; enable the integration again, then replay."


@quick_value(kw_only=True)
class Entry:
    """One draft of a delivery: which series it belongs to, and which id its vendor gave it."""

    draft: SignalDraft
    fingerprint: str
    vendor_id: VendorId | None
    occurred_at: datetime
    received_at: datetime


@attrs.frozen(kw_only=True)
class Replay:
    """That a delivery takes the place of a quarantined one, because somebody had it parsed again."""

    known: DeliveryRecord
    by: Actor
    at: datetime


@quick_value(kw_only=True)
class Arrived:
    """A delivery with what its plugin read in it, or with the reason for keeping it aside.

    `mark` is what the integration's row was marked with when it was read (`Integrations.marks`); None where nothing is
    to be compared.
    """

    actor: Actor
    integration: Integration
    delivery: Delivery
    verdict: Verdict
    mark: str | None = None
    replay: Replay | None = None
    parsed: Parsed = attrs.field(factory=Parsed)
    vendor_id: str | None = None
    aside: QuarantineReason | None = None
    problem: str = ""
    entries: tuple[Entry, ...] = ()

    def read_by(self, gateway: DeliveryGateway) -> "Arrived":
        """Return it as its plugin reads it; what can't be read is to be kept aside.

        The plugin of a suspended integration isn't asked, unless it is a person who replays. Raises MalformedDelivery
        where the bytes themselves can't be read.
        """
        if self.integration.health.is_suspended and self.replay is None:
            return self.kept_aside(QuarantineReason.PLUGIN_FAILED, SUSPENDED, None)
        try:
            return self.saying(gateway.parse(self.integration, self.delivery))
        except UnreadableDelivery as error:
            return self.kept_aside(QuarantineReason.UNREADABLE, str(error), self._vendor_id(error))
        except PluginFailed as error:
            return self.kept_aside(QuarantineReason.PLUGIN_FAILED, str(error), self._vendor_id(error))

    def saying(self, parsed: Parsed) -> "Arrived":
        """Return it with what it says."""
        received_at = self.delivery.received_at
        entries = tuple(
            Entry(
                draft=draft,
                fingerprint=fingerprint(self.integration.id, draft),
                vendor_id=_vendor_id(parsed, draft, place),
                occurred_at=draft.occurred_at or received_at,
                received_at=received_at,
            )
            for place, draft in enumerate(parsed.drafts, 1)
        )
        return attrs.evolve(self, parsed=parsed, vendor_id=parsed.vendor_id, entries=entries)

    def kept_aside(self, reason: QuarantineReason, problem: str, vendor_id: str | None) -> "Arrived":
        """Return it as one that goes to quarantine, under its vendor's id where that is known."""
        return attrs.evolve(self, parsed=Parsed(), entries=(), aside=reason, problem=problem, vendor_id=vendor_id)

    @property
    def ids(self) -> frozenset[tuple[UUID, str, int]]:
        """Everything that its vendor has a name for: the delivery and its events."""
        mine = self.integration.id
        events = {(mine, *entry.vendor_id) for entry in self.entries if entry.vendor_id is not None}
        return frozenset(events | ({(mine, self.vendor_id, -1)} if self.vendor_id is not None else set()))

    def _vendor_id(self, error: UnreadableDelivery | PluginFailed) -> str | None:
        return error.vendor_id or (self.replay.known.vendor_id if self.replay else None)


def _vendor_id(parsed: Parsed, draft: SignalDraft, place: int) -> VendorId | None:
    if draft.vendor_id is not None:
        return (draft.vendor_id, 0)
    return (parsed.vendor_id, place) if parsed.vendor_id is not None else None


class Intake(Protocol):
    """Takes deliveries in. Thread-safe."""

    @abstractmethod
    def take_in(self, arrived: Arrived) -> Receipt:
        """Return the receipt once the delivery is durable.

        Raises TenantBusy where too many of its tenant's deliveries wait, IntegrationChanged where its mark is out of
        date, and what the database says. Nothing is stored then.
        """
