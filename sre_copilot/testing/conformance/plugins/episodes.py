"""Checks in a copilot in memory: a resolve ends what it should, and what comes twice counts once."""

from collections.abc import Iterator
from datetime import timedelta

import attrs

from sre_copilot.domain.decisions import Decision
from sre_copilot.domain.deliveries import Delivery, Sample
from sre_copilot.domain.signals import Signal, SignalStatus
from sre_copilot.hookspecs import IdentifiesDeliveries, ReadsBodies
from sre_copilot.testing.conformance.plugins.changes import leaves, with_change
from sre_copilot.testing.conformance.plugins.scene import Scene
from sre_copilot.testing.conformance.plugins.subject import NotApplicable, Subject, Violation

SOON = timedelta(seconds=30)


def resolving(subject: Subject) -> None:
    """A sample that names what it resolves ends the episode of that sample, in whatever order the two come in."""
    by_name = {sample.name: sample for sample in subject.samples}
    pairs = [(by_name[end.resolves], end) for end in subject.samples if end.resolves in by_name]
    keys = {draft.vendor_key for sample in subject.samples for draft in subject.read(sample).drafts}
    for sample in subject.samples:
        for word in subject.read(sample).acknowledgements:
            if word.vendor_key not in keys:
                raise Violation(f"The sample {sample.name!r} acknowledges a series that no sample has.")
    if not pairs:
        raise NotApplicable("No sample resolves another.")
    for begin, end in pairs:
        _check_pair(subject, begin, end, "comes after it")
        if all(draft.occurred_at for sample in (begin, end) for draft in subject.read(sample).drafts):
            # Without times of the vendor's nothing tells in which order they happened.
            _check_pair(subject, end, begin, "comes before it")


def _check_pair(subject: Subject, first: Sample, second: Sample, order: str) -> None:
    begin, end = (first, second) if second.resolves == first.name else (second, first)
    scene = Scene.of(subject)
    scene.hand_in(first.delivery(subject.now))
    scene.hand_in(second.delivery(subject.now + SOON))
    ends = [row for row in scene.tables.signals.values() if row.draft.status is SignalStatus.RESOLVED]
    begun = {row.fingerprint for row in scene.tables.signals.values() if row.draft.status is SignalStatus.FIRING}
    ended = {row.fingerprint for row in ends} & begun
    still = [episode for episode in scene.tables.episodes.values() if episode.fingerprint in ended and episode.is_open]
    if still or not ended:
        told = "; ".join(f"{row.draft.status.value} {row.fingerprint[:8]} at {row.occurred_at}" for row in _rows(scene))
        raise Violation(
            f"The sample {end.name!r} does not end the episode of {begin.name!r} where it {order}. Both need one vendor key "
            f"or one identity, and the end lies after the start. Recorded: {told}."
        )
    if first is begin and not any(row.decision is Decision.RESOLVED for row in ends):
        raise Violation(f"The sample {end.name!r} ends nothing: it is recorded as {ends[0].decision.value}.")


def _rows(scene: Scene) -> list[Signal]:
    return sorted(scene.tables.signals.values(), key=lambda row: row.occurred_at)


def redelivery(subject: Subject) -> None:
    """The same delivery again counts once; with another id, where there are ids, it is another occurrence."""
    for sample in subject.samples:
        for delivery in _as_sent(subject, sample):
            _check_again(subject, sample, delivery)
            _check_another_id(subject, sample, delivery)


def _as_sent(subject: Subject, sample: Sample) -> Iterator[Delivery]:
    """As the sample is, and as it is signed: some ids come with the signature."""
    plain = sample.delivery(subject.now)
    yield plain
    signed = subject.signed(plain)
    if signed is not None and signed != plain:
        yield signed


def _check_again(subject: Subject, sample: Sample, delivery: Delivery) -> None:
    parsed = subject.parse(delivery)
    # Without an id and a time nothing tells a repeat from a new occurrence.
    if parsed.vendor_id is None and any(draft.vendor_id is None and not draft.occurred_at for draft in parsed.drafts):
        return
    scene = Scene.of(subject)
    first = scene.hand_in(delivery)
    before = scene.tables.copy()
    second = scene.hand_in(attrs.evolve(delivery, received_at=subject.now + SOON))
    if first.quarantined or second.quarantined:
        raise Violation(f"The sample {sample.name!r} is quarantined: {first.problem or second.problem}")
    if len(scene.tables.signals) != len(before.signals) or len(scene.tables.incidents) != len(before.incidents):
        raise Violation(
            f"The sample {sample.name!r} counts twice when it comes twice. A delivery's id, and times that the vendor "
            "states, must be the same each time; never use the time of receipt."
        )
    if not (second.redelivered or second.repeats == len(parsed.drafts)):
        raise Violation(f"The sample {sample.name!r} is neither a redelivery nor a repeat when it comes twice.")


def _check_another_id(subject: Subject, sample: Sample, delivery: Delivery) -> None:
    other = _with_another_id(subject, sample, delivery)
    if other is None:
        return
    expected = [draft for draft in subject.parse(other).drafts if draft.vendor_id is None]
    scene = Scene.of(subject)
    scene.hand_in(delivery)
    before = len(scene.tables.signals)
    receipt = scene.hand_in(attrs.evolve(other, received_at=subject.now + SOON))
    if receipt.redelivered or len(scene.tables.signals) < before + len(expected):
        raise Violation(f"The sample {sample.name!r} under another delivery id is not another occurrence.")


def _with_another_id(subject: Subject, sample: Sample, delivery: Delivery) -> Delivery | None:
    """The delivery under another id of the vendor's, and otherwise the same; None where the vendor has none."""
    if not isinstance(subject.plugin, IdentifiesDeliveries):
        return None
    known = subject.parse(delivery).vendor_id
    if known is None:
        return None
    for name, text in delivery.headers.items():
        other = attrs.evolve(delivery, headers={**delivery.headers, name: f"{text}-2"})
        if _id(subject, other) not in (None, known):
            return other
    payload = subject.payload(sample)
    for path, value in leaves(payload.value, str, int):
        changed = with_change(payload.value, path, f"{value}-2" if isinstance(value, str) else value + 1)
        sent = subject.delivered(payload.changed(changed))
        if sent is not None and _id(subject, sent) not in (None, known):
            return sent
    if isinstance(subject.plugin, ReadsBodies):
        # Only its own form could tell.
        return None
    raise Violation(f"Nothing in the sample {sample.name!r} decides its delivery id; ids must come from the vendor.")


def _id(subject: Subject, delivery: Delivery) -> str | None:
    parsed = subject.parsed(delivery)
    return parsed.vendor_id if parsed else None
