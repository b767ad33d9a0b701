"""Taking a delivery into the ledger: with its signals, or into quarantine; each in one transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.acknowledging import acknowledge
from sre_copilot.application.ports.deliveries import DeliveryGateway
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.application.recording import IdReused, Recorder
from sre_copilot.application.retrying import again_on_conflict
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.deliveries import (
    Delivery,
    DeliveryRecord,
    DeliveryStatus,
    Parsed,
    QuarantineReason,
    Receipt,
    Verdict,
)
from sre_copilot.domain.errors import NotQuarantined, PluginFailed, UnreadableDelivery
from sre_copilot.domain.integrations import Integration, SyncStatus

SUSPENDED = "The plugin failed 5 times in a row, so it isn't asked any more; enable the integration again, then replay."


def require_quarantined(record: DeliveryRecord) -> DeliveryRecord:
    """Return a record that may be replayed. Raises NotQuarantined."""
    if record.status is not DeliveryStatus.QUARANTINED:
        raise NotQuarantined(delivery=record.id)
    return record


@attrs.frozen(kw_only=True)
class TakeIn:
    """One delivery on its way into the ledger; `known` is the record that a replay, by somebody at a time, takes the place of."""

    units: UnitOfWorkFactory
    ids: Ids
    actor: Actor
    integration: Integration
    delivery: Delivery
    verdict: Verdict
    known: DeliveryRecord | None = None
    replayed_by: Actor | None = None
    replayed_at: datetime | None = None

    def read_by(self, gateway: DeliveryGateway) -> tuple[Receipt, Parsed]:
        """Read the delivery with its plugin and take it in; what can't be read goes to quarantine.

        The plugin of a suspended integration isn't asked, unless it is a person who replays. Raises MalformedDelivery
        where the bytes themselves can't be read; then nothing is stored.
        """
        if self.integration.health.is_suspended and self.replayed_by is None:
            return self.quarantined(QuarantineReason.PLUGIN_FAILED, SUSPENDED, None), Parsed()
        try:
            parsed = gateway.parse(self.integration, self.delivery)
        except UnreadableDelivery as error:
            return self.quarantined(QuarantineReason.UNREADABLE, str(error), self._vendor_id(error)), Parsed()
        except PluginFailed as error:
            return self.quarantined(QuarantineReason.PLUGIN_FAILED, str(error), self._vendor_id(error)), Parsed()
        return self.taken_in(parsed), parsed

    def _vendor_id(self, error: UnreadableDelivery | PluginFailed) -> str | None:
        return error.vendor_id or (self.known.vendor_id if self.known else None)

    def taken_in(self, parsed: Parsed) -> Receipt:
        """Record what the delivery says; one whose id is known with another body goes to quarantine."""
        try:
            return again_on_conflict(lambda: self._in_one_unit(lambda uow: self._recorded(uow, parsed)))
        except IdReused as reused:
            return self.quarantined(QuarantineReason.ID_REUSED, str(reused), None)

    def quarantined(self, reason: QuarantineReason, problem: str, vendor_id: str | None) -> Receipt:
        """Keep the delivery aside under its vendor's id; the same body again is a redelivery."""
        return again_on_conflict(
            lambda: self._in_one_unit(lambda uow: self._set_aside(uow, reason, problem, vendor_id))
        )

    def _in_one_unit(self, work: Callable[[UnitOfWork], Receipt]) -> Receipt:
        with self.units(self.actor.tenant_id) as uow:
            if self.known is not None:
                require_quarantined(uow.deliveries.get(self.known.id, lock=True))
            receipt = work(uow)
            uow.commit()
        return receipt

    def _recorded(self, uow: UnitOfWork, parsed: Parsed) -> Receipt:
        stored = self._claimed(uow, parsed.vendor_id)
        if stored is not None and stored.delivery.body_hash != self.delivery.body_hash:
            raise IdReused(f"The delivery id {parsed.vendor_id} is known with another body.")
        if stored is not None and stored.status is DeliveryStatus.QUARANTINED:
            return attrs.evolve(stored.receipt, redelivered=True)
        recorder = Recorder(
            uow=uow,
            ids=self.ids,
            actor=self.actor,
            integration=self.integration,
            delivery=self.delivery,
            delivery_id=stored.id if stored else self._id(),
        )
        receipt = recorder.record(parsed)
        if stored is not None:
            return attrs.evolve(stored.receipt, redelivered=True)
        now = self.delivery.received_at
        for word in parsed.acknowledgements:
            changed = acknowledge(uow, self.ids, self.actor, self.integration, word, now)
            if changed is not None:
                receipt = attrs.evolve(receipt, incidents=tuple(sorted({*receipt.incidents, changed})))
        self._keep(uow, receipt, DeliveryStatus.ACCEPTED, None, parsed.vendor_id)
        self._note_success(uow, now, heartbeat=any(draft.is_heartbeat for draft in parsed.drafts))
        return receipt

    def _set_aside(self, uow: UnitOfWork, reason: QuarantineReason, problem: str, vendor_id: str | None) -> Receipt:
        stored = self._claimed(uow, vendor_id)
        if stored is not None and stored.delivery.body_hash == self.delivery.body_hash:
            return attrs.evolve(stored.receipt, redelivered=True)
        if stored is not None:
            reason, problem = QuarantineReason.ID_REUSED, f"The delivery id {vendor_id} is known with another body."
        receipt = Receipt(delivery_id=self._id(), quarantined=True, problem=problem)
        self._keep(uow, receipt, DeliveryStatus.QUARANTINED, reason, None if stored else vendor_id)
        if problem != SUSPENDED:
            self._note_failure(uow, problem, by_plugin=reason is QuarantineReason.PLUGIN_FAILED)
        return receipt

    def _claimed(self, uow: UnitOfWork, vendor_id: str | None) -> DeliveryRecord | None:
        """What the ledger has under the vendor's id, but for the record that this is a replay of."""
        stored = uow.deliveries.claim(self.integration.id, vendor_id) if vendor_id else None
        return None if stored is not None and self.known is not None and stored.id == self.known.id else stored

    def _id(self) -> UUID:
        return self.known.id if self.known else self.ids.new()

    def _keep(
        self,
        uow: UnitOfWork,
        receipt: Receipt,
        status: DeliveryStatus,
        reason: QuarantineReason | None,
        vendor_id: str | None,
    ) -> None:
        record = DeliveryRecord(
            id=receipt.delivery_id,
            tenant_id=self.actor.tenant_id,
            integration_id=self.integration.id,
            delivery=self.delivery,
            status=status,
            verdict=self.verdict,
            vendor_id=vendor_id,
            quarantine_reason=reason,
            receipt=receipt,
            replayed_at=self.replayed_at,
        )
        if self.replayed_by is None or self.replayed_at is None:
            uow.deliveries.add(record)
            return
        uow.deliveries.replayed(record)
        record_audit(
            uow,
            self.ids,
            self.replayed_by,
            "delivery.replayed",
            AuditAction.EXECUTE,
            at=self.replayed_at,
            resource=("delivery", record.id),
            details={"status": status.value},
        )

    def _note_success(self, uow: UnitOfWork, now: datetime, *, heartbeat: bool) -> None:
        if self.integration.is_success_to_note(now):
            uow.integrations.note(self.integration.id, self.integration.health.succeeded(now))
        if heartbeat and self.integration.is_heartbeat_to_note(now):
            uow.integrations.heard(self.integration.id, now)

    def _note_failure(self, uow: UnitOfWork, problem: str, *, by_plugin: bool) -> None:
        health = uow.integrations.lock(self.integration.id).health
        at = self.delivery.received_at
        failed = health.failed(at, problem, status=SyncStatus.QUARANTINED, by_plugin=by_plugin)
        uow.integrations.note(self.integration.id, failed)
