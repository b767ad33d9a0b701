"""Taking deliveries into the ledger: with their signals, or into quarantine; a batch of one tenant's in one transaction."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import attrs

from sre_copilot.application.acknowledging import acknowledge
from sre_copilot.application.ports.deliveries import Claimed
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.intake import SUSPENDED, Arrived
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.application.recording import IdReused, Recorder, Recording
from sre_copilot.application.retrying import again_on_conflict
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.deliveries import DeliveryRecord, DeliveryStatus, QuarantineReason, Receipt
from sre_copilot.domain.errors import CopilotError, DatabaseUnavailable, IntegrationChanged, NotQuarantined
from sre_copilot.domain.integrations import SyncStatus

Outcome = Receipt | CopilotError


def require_quarantined(record: DeliveryRecord) -> DeliveryRecord:
    """Return a record that may be replayed. Raises NotQuarantined."""
    if record.status is not DeliveryStatus.QUARANTINED:
        raise NotQuarantined(delivery=record.id)
    return record


@attrs.frozen(kw_only=True)
class TakeIn:
    """Takes deliveries of one tenant in. Each is durable, or refused, by itself: a bad one is no other's harm."""

    units: UnitOfWorkFactory
    ids: Ids

    def one(self, arrived: Arrived) -> Receipt:
        """Take one in. Raises IntegrationChanged, NotQuarantined and what the database says."""
        (outcome,) = self(arrived.actor.tenant_id, [arrived])
        if isinstance(outcome, CopilotError):
            raise outcome
        return outcome

    def __call__(self, tenant_id: UUID, batch: Sequence[Arrived]) -> list[Outcome]:
        """Return what became of each, in their order. Those that share ids are taken in one after the other."""
        return [outcome for group in _without_shared_ids(batch) for outcome in self._together(tenant_id, group)]

    def _together(self, tenant_id: UUID, group: Sequence[Arrived]) -> list[Outcome]:
        try:
            return again_on_conflict(lambda: self._in_one_unit(tenant_id, group))
        except IdReused as reused:
            told = [
                one.kept_aside(QuarantineReason.ID_REUSED, reused.problems[place], None)
                if place in reused.problems
                else one
                for place, one in enumerate(group)
            ]
            return self._together(tenant_id, told)
        except DatabaseUnavailable as error:
            # One for each, because each is raised in a thread of its own.
            return [error, *(DatabaseUnavailable(str(error)) for _ in group[1:])]
        except CopilotError as error:
            if len(group) == 1:
                return [error]
            half = len(group) // 2
            return [*self._together(tenant_id, group[:half]), *self._together(tenant_id, group[half:])]

    def _in_one_unit(self, tenant_id: UUID, group: Sequence[Arrived]) -> list[Outcome]:
        with self.units(tenant_id) as uow:
            marks = uow.integrations.marks({one.integration.id for one in group if one.mark is not None})
            outcomes: dict[int, Outcome] = {
                place: IntegrationChanged()
                for place, one in enumerate(group)
                if one.mark is not None and marks.get(one.integration.id) != one.mark
            }
            valid = [(place, one) for place, one in enumerate(group) if place not in outcomes]
            if valid:
                outcomes.update(_Batch(uow=uow, ids=self.ids, tenant_id=tenant_id).taken_in(valid))
                uow.commit()
        return [outcomes[place] for place in range(len(group))]


@attrs.frozen(kw_only=True)
class _Batch:
    """Deliveries in one unit of work, each with its place among all that came."""

    uow: UnitOfWork
    ids: Ids
    tenant_id: UUID

    def taken_in(self, batch: Sequence[tuple[int, Arrived]]) -> dict[int, Receipt]:
        """Store them all and return their receipts. Raises IdReused."""
        for _, one in batch:
            if one.replay is not None:
                require_quarantined(self.uow.deliveries.get(one.replay.known.id, lock=True))
        stored = self._claimed(batch)
        receipts: dict[int, Receipt] = {}
        recordings: list[tuple[int, Recording]] = []
        kept: list[DeliveryRecord] = []
        for place, one in batch:
            there = stored.get(place)
            if there is not None and there.body_hash != one.delivery.body_hash:
                # The id stays with whoever had it first.
                problem = f"The delivery id {one.vendor_id} is known with another body."
                kept.append(self._set_aside(one.kept_aside(QuarantineReason.ID_REUSED, problem, None)))
                receipts[place] = kept[-1].receipt
            elif there is not None and (one.aside is not None or there.status is DeliveryStatus.QUARANTINED):
                receipts[place] = attrs.evolve(there.receipt, redelivered=True)
            elif one.aside is not None:
                kept.append(self._set_aside(one))
                receipts[place] = kept[-1].receipt
            else:
                delivery_id = there.delivery_id if there is not None else self._id(one)
                recordings.append((place, Recording(arrived=one, delivery_id=delivery_id)))
        recorded = Recorder(uow=self.uow, ids=self.ids, tenant_id=self.tenant_id).record(
            [recording for _, recording in recordings], places=[place for place, _ in recordings]
        )
        for (place, recording), receipt in zip(recordings, recorded, strict=True):
            there = stored.get(place)
            if there is not None:
                receipts[place] = attrs.evolve(there.receipt, redelivered=True)
                continue
            receipts[place] = self._acknowledged(recording.arrived, receipt)
            kept.append(_record(recording.arrived, receipts[place], DeliveryStatus.ACCEPTED))
        self._keep(batch, kept)
        self._note_health(kept, [recording.arrived for place, recording in recordings if place not in stored])
        return receipts

    def _claimed(self, batch: Sequence[tuple[int, Arrived]]) -> dict[int, Claimed]:
        """What the ledger has under the vendors' ids, but for the records that these are replays of."""
        keys = {place: (one.integration.id, one.vendor_id) for place, one in batch if one.vendor_id is not None}
        found = self.uow.deliveries.claim(keys.values())
        replayed = {place: one.replay.known.id for place, one in batch if one.replay is not None}
        claimed = {place: found[key] for place, key in keys.items() if key in found}
        return {place: row for place, row in claimed.items() if row.delivery_id != replayed.get(place)}

    def _set_aside(self, one: Arrived) -> DeliveryRecord:
        receipt = Receipt(delivery_id=self._id(one), quarantined=True, problem=one.problem)
        return _record(one, receipt, DeliveryStatus.QUARANTINED)

    def _acknowledged(self, one: Arrived, receipt: Receipt) -> Receipt:
        for word in one.parsed.acknowledgements:
            changed = acknowledge(self.uow, self.ids, one.actor, one.integration, word, one.delivery.received_at)
            if changed is not None:
                receipt = attrs.evolve(receipt, incidents=tuple(sorted({*receipt.incidents, changed})))
        return receipt

    def _id(self, one: Arrived) -> UUID:
        return one.replay.known.id if one.replay is not None else self.ids.new()

    def _keep(self, batch: Sequence[tuple[int, Arrived]], kept: Sequence[DeliveryRecord]) -> None:
        replays = {one.replay.known.id: one.replay for _, one in batch if one.replay is not None}
        self.uow.deliveries.add([record for record in kept if record.id not in replays])
        for record in kept:
            replay = replays.get(record.id)
            if replay is None:
                continue
            self.uow.deliveries.replayed(record)
            record_audit(
                self.uow,
                self.ids,
                replay.by,
                "delivery.replayed",
                AuditAction.EXECUTE,
                at=replay.at,
                resource=("delivery", record.id),
                details={"status": record.status.value},
            )

    def _note_health(self, kept: Sequence[DeliveryRecord], accepted: Sequence[Arrived]) -> None:
        """How the integrations are doing, at the end and in sorted order: whoever holds a row has nothing left to wait for."""
        failed = [row for row in kept if row.status is DeliveryStatus.QUARANTINED and row.receipt.problem != SUSPENDED]
        for integration_id in sorted(
            {*(row.integration_id for row in failed), *(one.integration.id for one in accepted)}
        ):
            self._note_failures([row for row in failed if row.integration_id == integration_id])
            self._note_success([one for one in accepted if one.integration.id == integration_id])

    def _note_failures(self, failed: Sequence[DeliveryRecord]) -> None:
        if not failed:
            return
        integration_id = failed[0].integration_id
        health = self.uow.integrations.lock(integration_id).health
        for row in failed:
            by_plugin = row.quarantine_reason is QuarantineReason.PLUGIN_FAILED
            health = health.failed(
                row.delivery.received_at, row.receipt.problem, status=SyncStatus.QUARANTINED, by_plugin=by_plugin
            )
        self.uow.integrations.note(integration_id, health)

    def _note_success(self, accepted: Sequence[Arrived]) -> None:
        """Only where it is time to: everybody's deliveries would wait for the row."""
        if not accepted:
            return
        integration = accepted[-1].integration
        now = max(one.delivery.received_at for one in accepted)
        if integration.is_success_to_note(now):
            self.uow.integrations.note(integration.id, integration.health.succeeded(now))
        heartbeat = any(draft.is_heartbeat for one in accepted for draft in one.parsed.drafts)
        if heartbeat and integration.is_heartbeat_to_note(now):
            self.uow.integrations.heard(integration.id, now)


def _record(one: Arrived, receipt: Receipt, status: DeliveryStatus) -> DeliveryRecord:
    return DeliveryRecord(
        id=receipt.delivery_id,
        tenant_id=one.actor.tenant_id,
        integration_id=one.integration.id,
        delivery=one.delivery,
        status=status,
        verdict=one.verdict,
        vendor_id=one.vendor_id,
        quarantine_reason=one.aside,
        receipt=receipt,
        replayed_at=one.replay.at if one.replay is not None else None,
    )


def _without_shared_ids(batch: Sequence[Arrived]) -> Iterable[Sequence[Arrived]]:
    """Cut the batch wherever an id comes that was there before: a redelivery finds the first one stored."""
    group: list[Arrived] = []
    seen: set[tuple[UUID, str, int]] = set()
    for one in batch:
        if not one.ids.isdisjoint(seen):
            yield group
            group, seen = [], set()
        group.append(one)
        seen |= one.ids
    if group:
        yield group
