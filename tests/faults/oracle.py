"""Looks into the database when everything is over, and says in words what is wrong."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.faults.alerts import Event, Parcel
from tests.faults.expected import StoredSignal, runs
from tests.faults.senders import Ledger
from tests.faults.stored import Stored, StoredDelivery, StoredEpisode

SHOWN = 25
"""Findings that a failure shows; hundreds of one kind say no more."""
COUNTS = ("accepted", "duplicates", "repeats", "resolved")


def judge(stored: Stored, ledger: Ledger, disruption_of: Callable[[str], str] = str) -> None:
    """Fail with everything that is wrong. `disruption_of` says to which disruption a service belongs: each has one incident."""
    findings = [
        *(f"answered unexpectedly: {one}" for one in ledger.surprises),
        *deliveries(stored, ledger),
        *events(stored, ledger),
        *receipts(stored, ledger),
        *series(stored),
        *stored.half_states(),
        *partition(stored, disruption_of),
    ]
    more = [f"... and {len(findings) - SHOWN} more"] if len(findings) > SHOWN else []
    assert not findings, "\n".join([f"{len(findings)} findings:", *findings[:SHOWN], *more])


def deliveries(stored: Stored, ledger: Ledger) -> Iterator[str]:
    """Every acknowledged delivery is stored once and as it was sent, every other one at most once."""
    found = Counter(row.vendor_id for row in stored.deliveries)
    for name, count in found.items():
        if name not in ledger.parcels:
            yield f"delivery {name} is stored, though nobody sent it"
        elif count > 1:
            yield f"delivery {name} is stored {count} times"
    for name in ledger.acknowledged:
        if not found[name]:
            yield f"delivery {name} was acknowledged and is lost"
    for row in stored.deliveries:
        parcel = ledger.parcels.get(row.vendor_id)
        if parcel is not None and row.body != parcel.body:
            yield f"delivery {row.vendor_id} is stored with another body than was sent"
        if row.status != "accepted":
            yield f"delivery {row.vendor_id} is {row.status}, not accepted"


def events(stored: Stored, ledger: Ledger) -> Iterator[str]:
    """Every event of an acknowledged delivery is stored exactly once, those of others all or none."""
    found = Counter(signal.vendor_id for signal in stored.signals)
    sent = {event.id: event for parcel in ledger.parcels.values() for event in parcel.events}
    certain = {event.id for name in ledger.acknowledged for event in ledger.parcels[name].events}
    for name, count in found.items():
        if name not in sent:
            yield f"event {name} is stored, though nobody sent it"
        elif count > 1:
            yield f"event {name} is counted {count} times"
    for name in sorted(certain):
        if not found[name]:
            yield f"event {name} was acknowledged and is lost"
    ids = {row.id: row.vendor_id for row in stored.deliveries}
    for signal in stored.signals:
        event = sent.get(signal.vendor_id)
        if event is not None:
            yield from _as_sent(signal, event)
        if signal.delivery_id not in ids:
            yield f"event {signal.vendor_id} is stored without a delivery that brought it"
    for parcel in ledger.parcels.values():
        if parcel.name not in ledger.acknowledged:
            yield from _all_or_none(parcel, found, parcel.name in ids.values())


def _as_sent(signal: StoredSignal, event: Event) -> Iterator[str]:
    status = "resolved" if event.resolves else "firing"
    if (signal.status, signal.occurred_at, signal.service) != (status, event.occurred_at, event.service):
        yield f"event {event.id} is stored as {signal.status} of {signal.service} at {signal.occurred_at}, sent was {event}"


def _all_or_none(parcel: Parcel, found: Counter[str], is_stored: bool) -> Iterator[str]:
    there = [event.id for event in parcel.events if found[event.id]]
    if is_stored and len(there) < len(parcel.events):
        yield f"delivery {parcel.name} is stored, but of its events only {there}"
    if not is_stored and not parcel.with_patience and there:
        yield f"delivery {parcel.name} is not stored, but its events {there} are"


def receipts(stored: Stored, ledger: Ledger) -> Iterator[str]:
    """What was answered is what is stored, and adds up with the rows."""
    rows: dict[UUID, list[StoredSignal]] = defaultdict(list)
    for signal in stored.signals:
        rows[signal.delivery_id].append(signal)
    for delivery in stored.deliveries:
        parcel = ledger.parcels.get(delivery.vendor_id)
        if parcel is not None:
            yield from _receipt(delivery, rows[delivery.id], parcel, stored)
    by_name = {delivery.vendor_id: delivery for delivery in stored.deliveries}
    for name, answers in ledger.acknowledged.items():
        if name in by_name:
            yield from _answers(by_name[name], [one.told for one in answers], ledger.tries[name])


def _receipt(delivery: StoredDelivery, rows: Sequence[StoredSignal], parcel: Parcel, stored: Stored) -> Iterator[str]:
    told, name = delivery.receipt, delivery.vendor_id
    counted = {
        "accepted": len(rows),
        "duplicates": sum(row.decision == "duplicate" for row in rows),
        "repeats": len(parcel.events) - len(rows),
        "resolved": sum(row.status == "resolved" for row in rows),
    }
    said = {count: told[count] for count in COUNTS}
    if said != counted:
        yield f"the receipt of delivery {name} says {said}, its rows and its {len(parcel.events)} events {counted}"
    foreign = {UUID(text) for text in told["incidents"]} - {incident.id for incident in stored.incidents}
    if foreign:
        yield f"the receipt of delivery {name} names incidents that are not there: {sorted(map(str, foreign))}"


def _answers(delivery: StoredDelivery, answers: Sequence[Mapping[str, Any]], tries: int) -> Iterator[str]:
    name = delivery.vendor_id
    for told in answers:
        said = {key: told[key] for key in COUNTS}
        if UUID(told["delivery_id"]) != delivery.id:
            yield f"delivery {name} was acknowledged as {told['delivery_id']}, but stored is {delivery.id}"
        elif said != {key: delivery.receipt[key] for key in COUNTS}:
            yield f"delivery {name} was answered {said}, its receipt says {delivery.receipt}"
    firsts = sum(not told["redelivered"] for told in answers)
    if firsts > 1:
        yield f"delivery {name} was told {firsts} times that it is new"
    if firsts == 0 and tries == len(answers):
        yield f"delivery {name} was never told that it is new, though all its {tries} answers arrived"


def series(stored: Stored) -> Iterator[str]:
    """Each series has the episodes that its signals make, each with its original, its duplicates and one incident."""
    rows: dict[str, list[StoredSignal]] = defaultdict(list)
    for signal in stored.signals:
        rows[signal.fingerprint].append(signal)
    episodes: dict[str, list[StoredEpisode]] = defaultdict(list)
    for episode in stored.episodes:
        episodes[episode.fingerprint].append(episode)
    known = {incident.id for incident in stored.incidents}
    for fingerprint in sorted({*rows, *episodes}):
        yield from _series(rows[fingerprint], episodes[fingerprint], known)


def _series(rows: Sequence[StoredSignal], episodes: Sequence[StoredEpisode], incidents: set[UUID]) -> Iterator[str]:
    name = f"the series of event {rows[0].vendor_id}" if rows else "a series without a signal"
    wanted = {run.original_id: run for run in runs(rows)}
    found = {episode.original_id: episode for episode in episodes}
    if set(wanted) != set(found) or len(found) != len(episodes):
        yield f"{name} has the originals {_names(rows, found)}, its events make {_names(rows, wanted)}"
        return
    ordinals = Counter(row.ordinal for row in rows)
    if max(ordinals.values(), default=1) > 1:
        yield f"{name} has two signals with one place in the order"
    places: dict[UUID, tuple[UUID | None, UUID | None, UUID | None]] = {row.id: (None, None, None) for row in rows}
    for original_id, run in wanted.items():
        episode = found[original_id]
        times: tuple[datetime, datetime | None] = (episode.started_at, episode.ended_at)
        if times != (run.started_at, run.ended_at):
            yield f"{name} has an episode over {times}, its events make {(run.started_at, run.ended_at)}"
        if episode.incident_id not in incidents:
            yield f"{name} has an episode in the incident {episode.incident_id}, which is not there"
        for one in run.firings:
            places[one] = (episode.id, episode.incident_id, None if one == original_id else original_id)
        if run.resolve_id is not None:
            places[run.resolve_id] = (episode.id, episode.incident_id, None)
    for row in rows:
        is_at = (row.episode_id, row.incident_id, row.original_id)
        if is_at != places[row.id] or row.is_duplicate != (row.original_id is not None):
            shown = f"{is_at}, duplicate: {row.is_duplicate}"
            yield f"event {row.vendor_id} has (episode, incident, original) {shown}; expected is {places[row.id]}"


def _names(rows: Sequence[StoredSignal], ids: Mapping[UUID, object]) -> list[str]:
    names = {row.id: row.vendor_id for row in rows}
    return sorted(names.get(one, f"{one}, which is no event") for one in ids)


def partition(stored: Stored, disruption_of: Callable[[str], str]) -> Iterator[str]:
    """Each disruption has one incident, and no incident has another one's signals."""
    homes: dict[UUID, set[str]] = defaultdict(set)
    for signal in stored.signals:
        if signal.incident_id is not None:
            homes[signal.incident_id].add(disruption_of(signal.service))
    found = Counter(disruption_of(incident.service) for incident in stored.incidents)
    for name, count in sorted(found.items()):
        if count != 1:
            yield f"the disruption {name} has {count} incidents instead of 1"
    for incident in stored.incidents:
        if homes[incident.id] - {disruption_of(incident.service)}:
            yield f"the incident of {incident.service} has signals of {sorted(homes[incident.id])}"
