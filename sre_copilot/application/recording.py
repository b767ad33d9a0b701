"""Recording a parsed delivery: from drafts to signals, episodes and incidents, within one unit of work."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.absorbing import Absorbing
from sre_copilot.application.placing import Placing
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.series import KnownSignal, VendorId
from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.decisions import Decision
from sre_copilot.domain.deliveries import CLOCK_SKEW, Delivery, Parsed, QuarantineReason, Receipt
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.series import Observation, SeriesHistory, SeriesUpdate
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Signal, SignalDraft, SignalStatus

NOT_STORED = frozenset({Decision.REPEAT, Decision.REDELIVERY})


@attrs.frozen(kw_only=True)
class Arrival:
    """One draft of a delivery with everything that recording needs to know of it."""

    draft: SignalDraft
    fingerprint: str
    vendor_id: VendorId | None
    observation: Observation


class IdReused(Exception):
    """A vendor id that is known came with another body; the delivery goes to quarantine."""

    reason = QuarantineReason.ID_REUSED


@attrs.frozen(kw_only=True)
class Recorder:
    """Records what one delivery says. The unit of work is the caller's, and so is the commit."""

    uow: UnitOfWork
    ids: Ids
    actor: Actor
    integration: Integration
    delivery: Delivery
    delivery_id: UUID

    def record(self, parsed: Parsed) -> Receipt:
        """Record every draft and return the receipt. Raises IdReused where an event id came with other content."""
        names = [fingerprint(self.integration.id, draft) for draft in parsed.drafts]
        histories = self.uow.series.load(sorted(set(names)))
        arrivals = self._arrivals(parsed, names)
        updates, decisions = self._record_series(histories, arrivals)
        signals = self._signals(arrivals, updates, decisions)
        placing = Placing(uow=self.uow, ids=self.ids, actor=self.actor, now=self.delivery.received_at)
        placed = placing.place(updates, signals)
        self.uow.services.saw(
            {signal.draft.service for signal in placed.signals} - {UNKNOWN_SERVICE},
            at=self.delivery.received_at,
            limit=self.uow.tenants.current().max_services,
        )
        self.uow.series.save(placed.updates, placed.signals)
        absorbing = Absorbing(uow=self.uow, ids=self.ids, actor=self.actor, now=self.delivery.received_at)
        opened = absorbing.absorb(placed)
        return self._receipt(decisions, placed.signals, opened, parsed)

    def _arrivals(self, parsed: Parsed, names: Sequence[str]) -> list[Arrival]:
        keys = [self._vendor_id(parsed, draft, place) for place, draft in enumerate(parsed.drafts, 1)]
        known = self.uow.series.known(self.integration.id, [key for key in keys if key is not None])
        rows = zip(parsed.drafts, names, keys, strict=True)
        return [self._arrival(draft, name, key, known) for draft, name, key in rows]

    def _arrival(
        self, draft: SignalDraft, name: str, key: VendorId | None, known: Mapping[VendorId, KnownSignal]
    ) -> Arrival:
        stored = known.get(key) if key is not None else None
        if stored is not None and (stored.content_hash != draft.content_hash or stored.fingerprint != name):
            raise IdReused(f"The id {key[0] if key else ''} is known with other content.")
        return Arrival(
            draft=draft,
            fingerprint=name,
            vendor_id=key,
            observation=Observation(
                signal_id=self.ids.new(),
                episode_id=self.ids.new(),
                status=draft.status,
                occurred_at=draft.occurred_at or self.delivery.received_at,
                received_at=self.delivery.received_at,
                severity=draft.severity,
                episode_started_at=draft.episode_started_at,
                expires_at=draft.expires_at,
                known_as=stored.signal_id if stored else None,
                has_vendor_id=key is not None,
            ),
        )

    @staticmethod
    def _vendor_id(parsed: Parsed, draft: SignalDraft, place: int) -> VendorId | None:
        if draft.vendor_id is not None:
            return (draft.vendor_id, 0)
        return (parsed.vendor_id, place) if parsed.vendor_id is not None else None

    def _record_series(
        self, histories: Mapping[str, SeriesHistory], arrivals: Sequence[Arrival]
    ) -> tuple[list[SeriesUpdate], dict[UUID, Decision]]:
        grouped: dict[str, list[Arrival]] = {}
        for arrival in arrivals:
            grouped.setdefault(arrival.fingerprint, []).append(arrival)
        updates: list[SeriesUpdate] = []
        decisions: dict[UUID, Decision] = {}
        for name, group in sorted(grouped.items()):
            update = histories[name].record(
                [arrival.observation for arrival in group],
                window=self.integration.dedup_window,
                now=self.delivery.received_at,
            )
            updates.append(update)
            pairs = zip(group, update.decisions, strict=True)
            decisions.update({arrival.observation.signal_id: decision for arrival, decision in pairs})
        return updates, decisions

    def _signals(
        self, arrivals: Iterable[Arrival], updates: Iterable[SeriesUpdate], decisions: Mapping[UUID, Decision]
    ) -> list[Signal]:
        ordinals = {fact.signal_id: fact.ordinal for update in updates for fact in update.history.facts}
        return [
            self._signal(arrival, decisions[arrival.observation.signal_id], ordinals[arrival.observation.signal_id])
            for arrival in arrivals
            if decisions[arrival.observation.signal_id] not in NOT_STORED
        ]

    def _signal(self, arrival: Arrival, decision: Decision, ordinal: int) -> Signal:
        heartbeat = arrival.draft.is_heartbeat and decision is Decision.NEW_EPISODE
        seen = arrival.observation
        return Signal(
            id=seen.signal_id,
            tenant_id=self.actor.tenant_id,
            integration_id=self.integration.id,
            delivery_id=self.delivery_id,
            source=self.integration.type,
            fingerprint=arrival.fingerprint,
            ordinal=ordinal,
            draft=arrival.draft,
            occurred_at=seen.occurred_at,
            timestamp=self._clamped(arrival.draft.status, seen.occurred_at),
            received_at=self.delivery.received_at,
            decision=Decision.HEARTBEAT if heartbeat else decision,
            vendor_id=arrival.vendor_id[0] if arrival.vendor_id else None,
            vendor_position=arrival.vendor_id[1] if arrival.vendor_id else 0,
        )

    def _clamped(self, status: SignalStatus, occurred_at: datetime) -> datetime:
        ahead = occurred_at - self.delivery.received_at > CLOCK_SKEW
        return self.delivery.received_at if ahead and status is SignalStatus.FIRING else occurred_at

    def _receipt(
        self,
        decisions: Mapping[UUID, Decision],
        signals: Sequence[Signal],
        opened: Sequence[UUID],
        parsed: Parsed,
    ) -> Receipt:
        incidents = {signal.incident_id for signal in signals if signal.incident_id is not None}
        return Receipt(
            delivery_id=self.delivery_id,
            accepted=len(signals),
            duplicates=sum(signal.is_duplicate for signal in signals),
            repeats=sum(decision in NOT_STORED for decision in decisions.values()),
            resolved=sum(signal.draft.status is SignalStatus.RESOLVED for signal in signals),
            incidents=tuple(sorted(incidents | set(opened))),
            opened=tuple(opened),
            signals=tuple(signal.id for signal in signals),
            waiting=sum(signal.waiting for signal in signals),
            assigned_key=parsed.assigned_key,
        )
