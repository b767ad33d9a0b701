"""Check of bodies that nobody means well with: they are read or refused, and nothing else ever happens."""

import json
import random
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

import attrs

from sre_copilot.domain.deliveries import Delivery, Sample
from sre_copilot.domain.errors import (
    CopilotError,
    MalformedDelivery,
    NotAuthentic,
    OutgoingFailed,
    OutgoingRefused,
    UnreadableDelivery,
)
from sre_copilot.hookspecs import ReadsBodies
from sre_copilot.testing.conformance.plugins.changes import (
    OTHER_TYPES,
    RAW_TOKENS,
    REMOVED,
    Path,
    places,
    shown,
    with_change,
    with_token,
)
from sre_copilot.testing.conformance.plugins.subject import Payload, Subject, Violation

PLACES, FEW_PLACES = 12, 4
"""So many places of a sample get the raw tokens; where not everything is tried, so many the large ones."""
LARGE = 20_000
"""Bytes of a token that is large."""
SPLICES, FEW_SPLICES = 150, 30
"""So often a sample is damaged at random, the same way in every run."""
CUTS = 25
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "white space": b" \r\n",
    "null": b"null",
    "a number": b"0",
    "a string": b'"x"',
    "an empty object": b"{}",
    "an empty list": b"[]",
    "a list of lists": b"[[], [[]]]",
    "Latin-1": '{"title": "é"}'.encode("latin-1"),
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "no text": bytes(range(256)),
    "a form": b"payload=%7B%22a%22%3A1%7D&x=1",
    "a form with halves": b"payload=%",
    "100,000 levels": b"[" * 100_000,
    "100,000 levels that end": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "200,000 numbers": b"[" + b"0," * 200_000 + b"0]",
    "100,000 objects": b"[" + b"{}," * 100_000 + b"{}]",
    "a megabyte of quotes": b'"' * 1_000_000,
    "a megabyte of backslashes": b'"' + b"\\" * 1_000_000,
    "4 MiB and a byte": b" " * (4 * 1024 * 1024 + 1),
}
HEADERS = ("", " ", "\x00", "é\u202e", "\ud800", "x" * 5_000, "a b,c=d;e", "-1", "9" * 5_000, "{}", "%00%ff")


def hostility(subject: Subject) -> None:
    """Any body is read or refused with UnreadableDelivery or MalformedDelivery; nothing else is ever raised."""
    for words, body in BODIES.items():
        for sample in subject.samples if subject.thorough else subject.samples[:1]:
            _check(subject, attrs.evolve(sample.delivery(subject.now), body=body), words)
    for sample in subject.samples:
        for words, delivery in _damaged(subject, sample):
            _check(subject, delivery, f"the sample {sample.name!r} {words}")
        payload = subject.payload(sample)
        for number, (words, value) in enumerate(_changed(payload)):
            _check_payload(subject, payload.changed(value), words, configured=bool(number % 2))


def _damaged(subject: Subject, sample: Sample) -> Iterator[tuple[str, Delivery]]:
    """A sample with damage to its bytes, its headers, and its path."""
    whole = sample.delivery(subject.now)
    body = sample.body
    for cut in range(0, len(body), max(1, len(body) // CUTS)):
        yield f"cut after {cut} bytes", attrs.evolve(whole, body=body[:cut])
    dice = random.Random(sample.name)
    for _ in range(SPLICES if subject.thorough else FEW_SPLICES):
        start = dice.randrange(len(body) + 1)
        end = min(len(body), start + dice.randrange(8))
        damage = bytes(dice.choice(b'{}[]",:0e-\\u\x00\xff ') for _ in range(dice.randrange(4)))
        words = f"with {damage!r} instead of its bytes {start} to {end}"
        yield words, attrs.evolve(whole, body=body[:start] + damage + body[end:])
    if not isinstance(subject.plugin, ReadsBodies):
        value = json.loads(body)
        for number, path in enumerate(islice(places(value), PLACES)):
            everything = subject.thorough or number < FEW_PLACES
            for words, token in RAW_TOKENS.items():
                if not everything and len(token) > LARGE:
                    continue
                yield f"with {words} at {shown(path)}", attrs.evolve(whole, body=with_token(value, path, token))
    for name in sample.headers:
        for text in HEADERS:
            yield f"with the header {name}: {text[:10]!r}", attrs.evolve(whole, headers={**sample.headers, name: text})
        rest = {other: text for other, text in sample.headers.items() if other != name}
        yield f"without the header {name}", attrs.evolve(whole, headers=rest)
    for door in ("/", "x" * 5_000, "../../etc", "\x00"):
        yield f"at the path {door[:10]!r}", attrs.evolve(whole, path=door)


def _changed(payload: Payload) -> Iterator[tuple[str, object]]:
    """A sample with another type of value, or none, at every place."""
    for path in places(payload.value):
        for other in (REMOVED, *OTHER_TYPES):
            yield _told(payload, path, other), with_change(payload.value, path, other)


def _told(payload: Payload, path: Path, other: object) -> str:
    what = "nothing" if other is REMOVED else ascii(other)[:20]
    return f"the sample {payload.sample.name!r} with {what} at {shown(path)}"


def _check(subject: Subject, delivery: Delivery, words: str) -> None:
    try:
        with suppress(NotAuthentic, MalformedDelivery, OutgoingFailed, OutgoingRefused):
            subject.gateway.verify(subject.integration(), subject.secrets(), delivery, subject.now)
    except CopilotError as error:
        raise Violation(f"Asked to verify {words}, it fails: {error}") from None
    try:
        subject.parse(delivery)
    except (UnreadableDelivery, MalformedDelivery):
        return
    except CopilotError as error:
        raise Violation(f"Given {words}, it fails: {error}") from None


def _check_payload(subject: Subject, payload: Payload, words: str, *, configured: bool) -> None:
    try:
        subject.parse_payload(payload, configured=configured)
    except (UnreadableDelivery, MalformedDelivery):
        return
    except CopilotError as error:
        raise Violation(f"Given {words}, it fails: {error}") from None
