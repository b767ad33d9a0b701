"""Recording parsed deliveries: from drafts to signals, episodes and incidents, within one unit of work."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import count
from operator import itemgetter
from uuid import UUID

import attrs

from sre_copilot.application.absorbing import Absorbing
from sre_copilot.application.placing import Placed, Placing
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.intake import Arrived, Entry
from sre_copilot.application.ports.series import Heard, KnownSignal, Locked, VendorId
from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.domain.decisions import Decision
from sre_copilot.domain.deliveries import CLOCK_SKEW, Receipt
from sre_copilot.domain.observations import Observation
from sre_copilot.domain.series import SeriesHistory, SeriesUpdate
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Signal, SignalStatus

NOT_STORED = frozenset({Decision.REPEAT, Decision.REDELIVERY})
NAMING = frozenset({Decision.NEW_EPISODE, Decision.CHANGE, Decision.HEARTBEAT})
"""Decisions on signals whose service may be one that nobody has named yet."""


class IdReused(Exception):
    """Vendor ids that are known came with other content; the deliveries go to quarantine. `problems` by their places."""

    def __init__(self, problems: Mapping[int, str]) -> None:
        self.problems = problems
        super().__init__(*problems.values())


@attrs.frozen(kw_only=True)
class Recording:
    """A delivery that is to be recorded under an id."""

    arrived: Arrived
    delivery_id: UUID


@attrs.frozen(eq=False)
class Item:
    """One draft on its way, and which delivery of the batch it came with."""

    recording: Recording
    place: int
    number: int
    entry: Entry


@attrs.frozen(kw_only=True)
class Recorder:
    """Records what deliveries of one tenant say. The unit of work is the caller's, and so is the commit."""

    uow: UnitOfWork
    ids: Ids
    tenant_id: UUID

    def record(self, recordings: Sequence[Recording], *, places: Sequence[int] | None = None) -> list[Receipt]:
        """Record every draft and return the receipts.

        Raises IdReused where an event id came with other content; `places` are what it calls the deliveries, by default
        their indexes.
        """
        groups: dict[str, list[Item]] = {}
        numbers = count()
        for place, recording in zip(places or range(len(recordings)), recordings, strict=True):
            for entry in recording.arrived.entries:
                groups.setdefault(entry.fingerprint, []).append(Item(recording, place, next(numbers), entry))
        locked = self.uow.series.lock([_heard(name, group) for name, group in groups.items()])
        pending = {name: groups[name] for name in sorted(groups) if not locked[name].repeated}
        if not pending:
            return _receipts(recordings, Placed(updates=(), signals=()), ())
        placed = self._recorded(pending, locked)
        self._remember_services(placed.signals)
        self.uow.series.save(placed.updates, placed.signals, placed.decisions)
        actors = {one.delivery_id: one.arrived.actor for one in recordings}
        latest = max(one.arrived.delivery.received_at for one in recordings)
        absorbing = Absorbing(uow=self.uow, ids=self.ids, actor=recordings[0].arrived.actor, now=latest, actors=actors)
        return _receipts(recordings, placed, absorbing.absorb(placed))

    def _recorded(self, groups: Mapping[str, Sequence[Item]], locked: Mapping[str, Locked]) -> Placed:
        """Record what is no mere repeat, and find incidents for the episodes that begin."""
        known = self._known(groups)
        items = {name: [self._observed(item, known) for item in group] for name, group in groups.items()}
        histories = self._histories(items, locked)
        updates: list[SeriesUpdate] = []
        signals: list[tuple[int, Signal]] = []
        for name, observed in items.items():
            update = histories[name].record(
                [observation for _, observation in observed],
                window=observed[0][0].recording.arrived.integration.dedup_window,
                now=max(observation.received_at for _, observation in observed),
            )
            updates.append(update)
            ordinals = {fact.signal_id: fact.ordinal for fact in update.history.facts}
            for (item, observation), decision in zip(observed, update.decisions, strict=True):
                if decision not in NOT_STORED:
                    signal = self._signal(item, observation, decision, ordinals[observation.signal_id])
                    signals.append((item.number, signal))
        recordings = {item.recording.delivery_id: item.recording for group in groups.values() for item in group}
        placing = Placing(
            uow=self.uow,
            ids=self.ids,
            actor=next(iter(recordings.values())).arrived.actor,
            now=max(one.arrived.delivery.received_at for one in recordings.values()),
            actors={delivery_id: one.arrived.actor for delivery_id, one in recordings.items()},
        )
        return placing.place(updates, [signal for _, signal in sorted(signals, key=itemgetter(0))])

    def _known(self, groups: Mapping[str, Sequence[Item]]) -> Mapping[tuple[UUID, VendorId], KnownSignal]:
        """The stored signals under the vendors' ids. Raises IdReused where one of them says something else."""
        named = [item for group in groups.values() for item in group if item.entry.vendor_id is not None]
        keys: dict[UUID, list[VendorId]] = {}
        for item in named:
            if item.entry.vendor_id is not None:
                keys.setdefault(item.recording.arrived.integration.id, []).append(item.entry.vendor_id)
        known = {
            (integration_id, key): stored
            for integration_id, wanted in keys.items()
            for key, stored in self.uow.series.known(integration_id, wanted).items()
        }
        problems: dict[int, str] = {}
        for item in named:
            stored = known.get(_key(item))
            if stored is not None and not _is_same(item.entry, stored):
                name = item.entry.vendor_id[0] if item.entry.vendor_id else ""
                problems.setdefault(item.place, f"The id {name} is known with other content.")
        if problems:
            raise IdReused(problems)
        return known

    def _observed(self, item: Item, known: Mapping[tuple[UUID, VendorId], KnownSignal]) -> tuple[Item, Observation]:
        entry, stored = item.entry, known.get(_key(item))
        observation = Observation(
            signal_id=self.ids.new(),
            episode_id=self.ids.new(),
            status=entry.draft.status,
            occurred_at=entry.occurred_at,
            received_at=entry.received_at,
            severity=entry.draft.severity,
            episode_started_at=entry.draft.episode_started_at,
            expires_at=entry.draft.expires_at,
            known_as=stored.signal_id if stored else None,
            has_vendor_id=entry.vendor_id is not None,
        )
        return item, observation

    def _histories(
        self, items: Mapping[str, Sequence[tuple[Item, Observation]]], locked: Mapping[str, Locked]
    ) -> dict[str, SeriesHistory]:
        """What each series is recorded on: nothing for a new one, its head where that suffices, else all of its past."""
        found: dict[str, SeriesHistory] = {}
        for name, observed in items.items():
            head = locked[name].head
            window = observed[0][0].recording.arrived.integration.dedup_window
            if locked[name].is_new:
                found[name] = SeriesHistory(fingerprint=name)
            elif head is not None and head.covers([observation for _, observation in observed], window):
                found[name] = head.history(name)
        return {**self.uow.series.histories([name for name in items if name not in found]), **found}

    def _signal(self, item: Item, seen: Observation, decision: Decision, ordinal: int) -> Signal:
        entry, integration = item.entry, item.recording.arrived.integration
        heartbeat = entry.draft.is_heartbeat and decision is Decision.NEW_EPISODE
        return Signal(
            id=seen.signal_id,
            tenant_id=self.tenant_id,
            integration_id=integration.id,
            delivery_id=item.recording.delivery_id,
            source=integration.type,
            fingerprint=entry.fingerprint,
            ordinal=ordinal,
            draft=entry.draft,
            occurred_at=seen.occurred_at,
            timestamp=_clamped(entry.draft.status, seen.occurred_at, seen.received_at),
            received_at=seen.received_at,
            decision=Decision.HEARTBEAT if heartbeat else decision,
            vendor_id=entry.vendor_id[0] if entry.vendor_id else None,
            vendor_position=entry.vendor_id[1] if entry.vendor_id else 0,
        )

    def _remember_services(self, signals: Iterable[Signal]) -> None:
        named = [signal for signal in signals if signal.decision in NAMING]
        names = self.uow.services.unknown({signal.draft.service for signal in named} - {UNKNOWN_SERVICE})
        if names:
            limit = self.uow.tenants.current().max_services
            self.uow.services.saw(names, at=max(signal.received_at for signal in named), limit=limit)


def _heard(name: str, group: Collection[Item]) -> Heard:
    entries = [item.entry for item in group]
    first = entries[0]
    key = (first.draft.status, first.occurred_at, first.draft.episode_started_at)
    if any(
        entry.vendor_id is not None or (entry.draft.status, entry.occurred_at, entry.draft.episode_started_at) != key
        for entry in entries
    ):
        return Heard(fingerprint=name)
    received = [entry.received_at for entry in entries]
    expiries = [entry.draft.expires_at for entry in entries if entry.draft.expires_at is not None]
    return Heard(
        fingerprint=name,
        status=first.draft.status,
        occurred_at=first.occurred_at,
        episode_started_at=first.draft.episode_started_at,
        received_at=min(received),
        seen_at=max(received),
        expires_at=max(expiries, default=None),
    )


def _key(item: Item) -> tuple[UUID, VendorId]:
    return item.recording.arrived.integration.id, item.entry.vendor_id or ("", -1)


def _is_same(entry: Entry, stored: KnownSignal) -> bool:
    return stored.fingerprint == entry.fingerprint and stored.content_hash == entry.draft.content_hash


def _clamped(status: SignalStatus, occurred_at: datetime, received_at: datetime) -> datetime:
    ahead = occurred_at - received_at > CLOCK_SKEW
    return received_at if ahead and status is SignalStatus.FIRING else occurred_at


def _receipts(recordings: Sequence[Recording], placed: Placed, opened: Iterable[UUID]) -> list[Receipt]:
    """What each delivery's sender is told. An incident was opened by the delivery that brought it a signal first."""
    signals: dict[UUID, list[Signal]] = {recording.delivery_id: [] for recording in recordings}
    opener: dict[UUID | None, UUID] = {}
    for signal in placed.signals:
        signals[signal.delivery_id].append(signal)
        opener.setdefault(signal.incident_id, signal.delivery_id)
    opened_by: dict[UUID, list[UUID]] = {}
    for incident_id in opened:
        opened_by.setdefault(opener.get(incident_id, recordings[0].delivery_id), []).append(incident_id)
    return [
        _receipt(recording, signals[recording.delivery_id], opened_by.get(recording.delivery_id, []))
        for recording in recordings
    ]


def _receipt(recording: Recording, signals: Sequence[Signal], opened: Sequence[UUID]) -> Receipt:
    incidents = {signal.incident_id for signal in signals if signal.incident_id is not None}
    return Receipt(
        delivery_id=recording.delivery_id,
        accepted=len(signals),
        duplicates=sum(signal.is_duplicate for signal in signals),
        repeats=len(recording.arrived.entries) - len(signals),
        resolved=sum(signal.draft.status is SignalStatus.RESOLVED for signal in signals),
        incidents=tuple(sorted(incidents.union(opened))),
        opened=tuple(opened),
        signals=tuple(signal.id for signal in signals),
        waiting=sum(signal.waiting for signal in signals),
        silenced=sum(signal.decision is Decision.SILENCED for signal in signals),
        assigned_key=recording.arrived.parsed.assigned_key,
    )
