"""Check that a series stays the same series whatever else changes, and that others are other series."""

import json
import re
from collections.abc import Iterator
from typing import Any

import attrs

from sre_copilot.domain.deliveries import Parsed, Sample
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.signals import SignalDraft, SignalStatus
from sre_copilot.hookspecs import ProvidesSamples
from sre_copilot.testing.conformance.plugins.changes import (
    at,
    leaves,
    places,
    reversed_keys,
    shown,
    with_change,
)
from sre_copilot.testing.conformance.plugins.subject import (
    LATER,
    Payload,
    Subject,
    Violation,
    is_told_by_raw_data,
)

UNKNOWN = "zz_unheard_of"
"""A field that no vendor has."""
_DIGIT = re.compile(r"\d")


def identity(subject: Subject) -> None:
    """One series is one fingerprint: unknown fields, order, times and measured values don't count, who is meant does."""
    for sample in subject.samples:
        parsed = subject.read(sample)
        payload = subject.payload(sample)
        _check_order(subject, payload, parsed)
        _check_unknown_fields(subject, payload, parsed)
        _check_values(subject, payload, parsed)
        _check_strangers(subject, payload, parsed)
        _check_times(subject, sample, parsed)
    _check_different(subject)


def _told(parsed: Parsed, series: list[str]) -> list[str | None]:
    """The fingerprints of those signals that the vendor tells apart itself; None for the others."""
    pairs = zip(parsed.drafts, series, strict=True)
    return [None if is_told_by_raw_data(draft, parsed) else name for draft, name in pairs]


def _same(subject: Subject, payload: Payload, parsed: Parsed) -> bool:
    after = subject.read_payload(payload)
    return after is None or _told(after, subject.series(after)) == _told(parsed, subject.series(parsed))


def _check_order(subject: Subject, payload: Payload, parsed: Parsed) -> None:
    turned = payload.changed(reversed_keys(payload.value))
    if json.dumps(turned.value) != json.dumps(payload.value) and not _same(subject, turned, parsed):
        raise Violation(f"The sample {payload.sample.name!r} is another series with its fields in another order.")


def _check_unknown_fields(subject: Subject, payload: Payload, parsed: Parsed) -> None:
    for path in places(payload.value):
        found = at(payload.value, path)
        if not isinstance(found, dict):
            continue
        for value in ("new", {"a": [1, None, "b"]}):
            after = subject.read_payload(payload.changed(with_change(payload.value, path, {**found, UNKNOWN: value})))
            if after is None or any(_is_open(draft) for draft in after.drafts):
                # An object that holds whatever names the sender likes; another one may be another series.
                break
            if _decided(after) != _decided(parsed):
                raise Violation(
                    f"In the sample {payload.sample.name!r} an unknown field in {shown(path)} changes what the signals say."
                )


def _is_open(draft: SignalDraft) -> bool:
    return any(UNKNOWN in word for pair in (*draft.labels.items(), *(draft.identity or {}).items()) for word in pair)


def _decided(parsed: Parsed) -> list[SignalDraft]:
    """The signals without what may hold anything that the vendor says."""
    empty: dict[str, Any] = {"raw": {}, "labels": {}, "title": "", "description": "", "change": None, "links": ()}
    drafts = [attrs.evolve(draft, **empty) for draft in parsed.drafts]
    return [attrs.evolve(one, vendor_key=None) if one.vendor_key == parsed.assigned_key else one for one in drafts]


def _check_values(subject: Subject, payload: Payload, parsed: Parsed) -> None:
    for path, number in leaves(payload.value, float):
        if not _same(subject, payload.changed(with_change(payload.value, path, number + 1.25)), parsed):
            raise Violation(
                f"In the sample {payload.sample.name!r} the series changes with the measured value at {shown(path)}."
            )
    for path, text in leaves(payload.value, str):
        if _DIGIT.search(text) and any(_only_describes(text, draft) for draft in parsed.drafts):
            other = _DIGIT.sub(lambda digit: str((int(digit[0]) + 1) % 10), text)
            if not _same(subject, payload.changed(with_change(payload.value, path, other)), parsed):
                raise Violation(
                    f"In the sample {payload.sample.name!r} the series changes with numbers in the text at {shown(path)}, "
                    "which only describes it."
                )


def _only_describes(text: str, draft: SignalDraft) -> bool:
    elsewhere = (
        draft.name,
        draft.title,
        draft.service,
        draft.environment_word,
        draft.severity_word,
        *draft.labels.values(),
    )
    return text in draft.description and not any(text in other for other in elsewhere)


def _check_strangers(subject: Subject, payload: Payload, parsed: Parsed) -> None:
    """Whatever identifies the series stands somewhere: at least one change makes it another one."""
    if not any(name for name in _told(parsed, subject.series(parsed))):
        return
    for path, value in leaves(payload.value, str, int):
        other = f"{value}-other" if isinstance(value, str) else value + 1
        if not _same(subject, payload.changed(with_change(payload.value, path, other)), parsed):
            return
    for name, text in payload.sample.headers.items():
        headers = {**payload.delivery.headers, name: f"{text}-other"}
        if not _same(subject, attrs.evolve(payload, delivery=attrs.evolve(payload.delivery, headers=headers)), parsed):
            return
    raise Violation(
        f"Whatever changes in the sample {payload.sample.name!r}, its series stays the same: strangers are merged."
    )


def _check_times(subject: Subject, sample: Sample, parsed: Parsed) -> None:
    plugin = subject.plugin
    later = attrs.evolve(subject, now=LATER)
    found = plugin.samples(LATER) if isinstance(plugin, ProvidesSamples) else ()
    same = next((one for one in found if one.name == sample.name), None)
    if same is None:
        return
    after = later.read(same)
    if _told(after, subject.series(after)) != _told(parsed, subject.series(parsed)):
        raise Violation(f"The sample {sample.name!r} is another series an hour later.")


def _check_different(subject: Subject) -> None:
    seen: dict[str, tuple[str, SignalDraft]] = {}
    for sample, draft, name in _begun(subject):
        known = seen.setdefault(name, (sample, draft))
        if known[1].service != draft.service and known[1].name != draft.name:
            raise Violation(
                f"The samples {known[0]!r} and {sample!r} are one series, though service and name are others."
            )


def _begun(subject: Subject) -> Iterator[tuple[str, SignalDraft, str]]:
    for sample in subject.samples:
        for draft in subject.read(sample).drafts:
            if draft.status is not SignalStatus.RESOLVED:
                yield sample.name, draft, fingerprint(subject.integration().id, draft)
