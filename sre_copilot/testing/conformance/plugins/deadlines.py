"""Check that the largest and the nastiest delivery is read within the time that a call has."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sre_copilot.domain.deliveries import MAX_SIGNALS
from sre_copilot.domain.errors import CopilotError, PluginFailed
from sre_copilot.testing.conformance.plugins.changes import at, leaves, places, shown, with_change
from sre_copilot.testing.conformance.plugins.subject import Payload, Subject, Violation

LONG = 60_000
NASTY = {
    "letters": "a" * LONG,
    "blanks": " " * LONG + "x",
    "digits": "1" * LONG,
    "dots": "1." * (LONG // 2),
    "slashes": "/a" * (LONG // 2) + "\n",
    "dashes": "a-" * (LONG // 2) + "!",
    "brackets": "([{" * (LONG // 3),
    "commas and equals": "a=b," * (LONG // 4),
}
"""Long strings that make careless regular expressions take for ever."""
FEW = 3
"""So many places get long strings, and so many objects many fields, where not everything is tried."""
QUARTER = 4
"""By so much bodies are smaller then; what grows with the square of the size is still found."""
ROOM = 64 * 1024
"""Bytes of the largest body that are left free."""


def deadlines(subject: Subject) -> None:
    """A body of 4 MiB, a delivery of 5,000 signals, and long strings at any place are read within 5 seconds."""
    for sample in subject.samples if subject.thorough else subject.samples[:1]:
        payload = subject.payload(sample)
        for path, _ in islice(leaves(payload.value, str), None if subject.thorough else FEW):
            for words, text in NASTY.items():
                _check(
                    subject, payload.changed(with_change(payload.value, path, text)), f"60,000 {words} at {shown(path)}"
                )
        for words, grown in _grown(subject, payload):
            _check(subject, grown, words)


def _check(subject: Subject, payload: Payload, words: str) -> None:
    told = f"the sample {payload.sample.name!r} with {words}"
    try:
        delivery = subject.delivered(payload)
        if delivery is not None:
            subject.signed(delivery)
            subject.gateway.strip(subject.integration(), delivery)
        subject.parse_payload(payload)
    except PluginFailed as failed:
        raise Violation(f"Given {told}, it takes too long or fails: {failed}") from None
    except CopilotError:
        # Refused in time is well.
        return


def _grown(subject: Subject, payload: Payload) -> Iterator[tuple[str, Payload]]:
    limit = subject.manager.traits[subject.kind].body_limit - ROOM
    objects = [path for path in places(payload.value) if isinstance(at(payload.value, path), dict)]
    if not subject.thorough:
        limit, objects = limit // QUARTER, objects[:FEW]
    for path in places(payload.value):
        found = at(payload.value, path)
        if path in objects:
            size = len(json.dumps(payload.value))
            # Once with many short names, which are expensive to look through, and once with few long texts.
            many = {**found, **{f"n{number:06}": "v" for number in range(max(0, limit - size) // 20)}}
            yield f"as many fields as fit into {shown(path)}", payload.changed(with_change(payload.value, path, many))
            large = {**found, **{f"n{number}": "x" * LONG for number in range(max(0, limit - size) // (LONG + 20))}}
            yield f"long texts in {shown(path)}", payload.changed(with_change(payload.value, path, large))
        elif isinstance(found, list) and found:
            number = _number(limit, payload.value, found)
            many_items = [_numbered(item, place) for place, item in zip(range(number), _again(found), strict=False)]
            yield f"{number} items in {shown(path)}", payload.changed(with_change(payload.value, path, many_items))
    if isinstance(payload.value, dict):
        listed = [_numbered(payload.value, place) for place in range(_number(limit, [], [payload.value]))]
        yield "a list of it", payload.changed(listed)


def _number(limit: int, whole: Any, items: list[Any]) -> int:
    """How many such items make a whole delivery: 5,000, or what fits."""
    size = len(json.dumps(items)) / len(items) + 24
    return max(1, min(MAX_SIGNALS, int((limit - len(json.dumps(whole))) / size)))


def _again(items: list[Any]) -> Iterator[Any]:
    while True:
        yield from items


def _numbered(item: Any, number: int) -> Any:
    """An item that differs from the others, where it has a text at all: equal ones might be looked at once."""
    for path, text in leaves(item, str):
        return with_change(item, path, f"{text} {number}")
    return item
