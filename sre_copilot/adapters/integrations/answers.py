"""Checking what a plugin answered, so that a wrong type is the plugin's failure and not a broken row later."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from types import NoneType
from typing import Any

import attrs
import orjson

from sre_copilot.adapters.integrations.isolation import Unfit
from sre_copilot.domain.canonical import canonical
from sre_copilot.domain.commands import Command, Verb, Way
from sre_copilot.domain.deliveries import (
    LATEST_AHEAD,
    MAX_BODY_BYTES,
    MAX_SIGNALS,
    Acknowledgement,
    Delivery,
    Parsed,
    Reply,
    Sample,
)
from sre_copilot.domain.errors import DeliveryTooLarge, UnreadableDelivery
from sre_copilot.domain.payloads import checked_time
from sre_copilot.domain.signals import ChangeDetails, Environment, Severity, SignalDraft, SignalStatus, SignalType
from sre_copilot.domain.text import NAME_LENGTH

MOST_RAW_BYTES = 4 * 1024 * 1024
"""Raw data of one signal."""
MOST_BYTES = 32 * 1024 * 1024
"""Everything that the signals of one answer hold."""
LEAST_SIGNAL_BYTES = 16
"""No sender writes a signal in less; an answer with more of them than fit into its delivery is the plugin's own invention."""
MOST_REPLY_CHARACTERS = 64 * 1024
MOST_COMMAND_CHARACTERS = 40_000
MOST_VISITS = 10
MOST_SAMPLES = 100

_KINDS: Mapping[str, type] = {
    "signal_type": SignalType,
    "status": SignalStatus,
    "severity": Severity,
    "environment": Environment,
    "is_heartbeat": bool,
    "raw": Mapping,
}
_TEXTS = ("severity_word", "service", "environment_word", "name", "title", "description")
_KEYS = ("vendor_key", "vendor_id")
_HALF = re.compile("[\ud800-\udfff]")
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_SOUND = object()
_TIMES = ("occurred_at", "episode_started_at", "expires_at")
_NO_TIME = datetime.min.replace(tzinfo=UTC)


def checked_answer(answer: object, delivery: Delivery) -> Parsed:
    """Return the answer once it is known to be sound; signals that share a vendor id and are equal count once.

    Raises Unfit for wrong types and for more than any delivery can hold, DeliveryTooLarge for more than 5,000 signals,
    and UnreadableDelivery where a name, key or time lies outside the limits or two different signals share an id.
    """
    if not isinstance(answer, Parsed):
        raise Unfit(f"it is {type(answer).__name__}, not Parsed")
    # attrs checks no types, so what the annotations promise is not yet known to be so.
    drafts: object = answer.drafts
    acknowledgements: object = answer.acknowledgements
    if not isinstance(drafts, tuple) or not isinstance(acknowledgements, tuple):
        raise Unfit("drafts and acknowledgements must be tuples")
    _check_number(len(drafts) + len(acknowledgements), delivery)
    _check_key("assigned_key", answer.assigned_key)
    if answer.reply is not None:
        checked_reply(answer.reply)
    _check_command(answer.command)
    visits: object = answer.visits
    if not isinstance(visits, tuple) or not all(isinstance(address, str) for address in visits):
        raise Unfit("visits must be a tuple of addresses")
    if len(visits) > MOST_VISITS:
        raise Unfit(f"it asks for more than {MOST_VISITS} visits")
    for place, word in enumerate(acknowledgements):
        _check_acknowledgement(f"acknowledgements[{place}]", word)
    size = 0
    for place, draft in enumerate(drafts):
        size += _check_draft(place, draft, delivery.received_at)
        if size > MOST_BYTES:
            raise Unfit(f"its signals hold more than {MOST_BYTES} bytes")
    once = tuple(_each_id_once(drafts))
    return answer if len(once) == len(drafts) else attrs.evolve(answer, drafts=once)


def _check_number(signals: int, delivery: Delivery) -> None:
    if signals <= MAX_SIGNALS:
        return
    if signals > len(delivery.body) / LEAST_SIGNAL_BYTES:
        raise Unfit(f"it has {signals} signals of a delivery of {len(delivery.body)} bytes")
    raise DeliveryTooLarge(f"The delivery has more than {MAX_SIGNALS} signals; send it in parts.")


def checked_reply(reply: object) -> Reply:
    """Return an answer to a vendor. Raises Unfit for another type, a bad status, and more than anybody reads."""
    if not isinstance(reply, Reply):
        raise Unfit(f"reply is {type(reply).__name__}, not Reply")
    if _checked_length("reply.body", reply.body) > MOST_REPLY_CHARACTERS:
        raise Unfit(f"reply.body has more than {MOST_REPLY_CHARACTERS} characters")
    _checked_length("reply.content_type", reply.content_type)
    if not reply.content_type.isprintable() or type(reply.status) is not int or not 200 <= reply.status <= 599:
        raise Unfit("reply has a content type or a status that HTTP doesn't know")
    return reply


def _check_command(command: object) -> None:
    if command is None:
        return
    if not isinstance(command, Command):
        raise Unfit(f"command is {type(command).__name__}, not Command")
    words: tuple[object, object] = (command.verb, command.answered)
    if not isinstance(words[0], Verb) or not isinstance(words[1], Way):
        raise Unfit("command has no verb, or no way to answer it")
    for name in ("by", "incident", "subject", "channel", "thread", "text"):
        most = MOST_COMMAND_CHARACTERS if name == "text" else NAME_LENGTH
        if _checked_length(f"command.{name}", getattr(command, name)) > most:
            raise UnreadableDelivery(f"command.{name} has more than {most} characters.")


def checked_body(body: object) -> bytes:
    """Return a body without credentials. Raises Unfit for another type, and for one that grew beyond all limits."""
    if not isinstance(body, bytes):
        raise Unfit(f"it is {type(body).__name__}, not bytes")
    if len(body) > 2 * MAX_BODY_BYTES:
        raise Unfit(f"it has {len(body)} bytes")
    return body


def checked_samples(samples: Iterable[object]) -> tuple[Sample, ...]:
    """Return the samples. Raises Unfit for anything else among them, and for more than 100."""
    found = tuple(islice(samples, MOST_SAMPLES + 1))
    if len(found) > MOST_SAMPLES:
        raise Unfit(f"it has more than {MOST_SAMPLES} samples")
    for place, sample in enumerate(found):
        if not isinstance(sample, Sample):
            raise Unfit(f"samples[{place}] is {type(sample).__name__}, not Sample")
    return tuple(sample for sample in found if isinstance(sample, Sample))


def _check_acknowledgement(path: str, word: object) -> None:
    if not isinstance(word, Acknowledgement) or not word.vendor_key:
        raise Unfit(f"{path} is not an Acknowledgement with a key")
    _check_key(f"{path}.vendor_key", word.vendor_key)
    _checked_length(f"{path}.by", word.by)


def checked_id(value: object) -> str | None:
    """Return the vendor's id of a delivery. Raises Unfit for a wrong type, UnreadableDelivery for a bad length."""
    _check_key("delivery_id", value)
    return value if isinstance(value, str) else None


def _check_key(path: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise Unfit(f"{path} is {type(value).__name__}, not a string")
    if not 0 < len(value) <= NAME_LENGTH or _is_unstorable(value):
        raise UnreadableDelivery(f"{path} must have 1 to {NAME_LENGTH} characters, none of them NUL.")


def _check_draft(place: int, draft: object, received_at: datetime) -> int:
    """Raise what is wrong with a draft, of one that was sound before only with its times; return its bytes, about."""
    if not isinstance(draft, SignalDraft):
        raise Unfit(f"signals[{place}] is {type(draft).__name__}, not SignalDraft")
    size: int
    size, latest = draft.worked_out.get(_SOUND, (0, None))
    if latest is None or latest > received_at + LATEST_AHEAD:
        size, _ = draft.worked_out[_SOUND] = _looked_at(f"signals[{place}]", draft, received_at)
    return size


def _looked_at(path: str, draft: SignalDraft, received_at: datetime) -> tuple[int, datetime]:
    """How many bytes a draft holds and the latest of its times, the earliest of all where it has none."""
    size = _checked_size(path, draft)
    times = [_checked_time(f"{path}.{name}", getattr(draft, name), received_at) for name in _TIMES]
    return size, max(times)


def _checked_size(path: str, draft: SignalDraft) -> int:
    for name, expected in _KINDS.items():
        if not isinstance(getattr(draft, name), expected):
            raise Unfit(f"{path}.{name} is {type(getattr(draft, name)).__name__}, not {expected.__name__}")
    if draft.change is not None and not isinstance(draft.change, ChangeDetails):
        raise Unfit(f"{path}.change is {type(draft.change).__name__}, not ChangeDetails")
    for name in _KEYS:
        _check_key(f"{path}.{name}", getattr(draft, name))
    size = _checked_at_once(draft)
    if size is None:
        size = _checked_one_by_one(path, draft)
    if not draft.service.strip() or len(draft.service) > NAME_LENGTH:
        raise UnreadableDelivery(f"{path}: the service's name must have 1 to {NAME_LENGTH} characters.")
    return size


def _checked_at_once(draft: SignalDraft) -> int | None:
    """The size of a draft whose texts are all fit, found in a few steps; None where they have to be looked at singly."""
    labels, identity = draft.labels, draft.identity
    if type(labels) is not dict or type(identity) not in (dict, NoneType) or draft.change is not None:
        return None
    try:
        told = [draft.severity_word, draft.service, draft.environment_word, draft.name, draft.title, draft.description]
        text = "".join([*told, draft.vendor_fingerprint or "", *draft.links, *labels, *labels.values()])
        if identity is not None and identity is not labels:
            text += "".join([*identity, *identity.values()])
        raw = orjson.dumps(draft.raw, option=orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME)
    except (TypeError, orjson.JSONEncodeError):
        return None
    size = len(text) + len(raw)
    # Not a number is written as null too.
    is_doubtful = b"\\u0000" in raw or b"null" in raw or size > MOST_RAW_BYTES or not isinstance(draft.links, tuple)
    return None if is_doubtful or _is_unstorable(text) else size


def _checked_one_by_one(path: str, draft: SignalDraft) -> int:
    """The size of a draft. Raises what is wrong with it."""
    size = sum(_checked_length(f"{path}.{name}", getattr(draft, name)) for name in _TEXTS)
    size += _checked_lengths(f"{path}.links", draft.links)
    size += _checked_mapping(f"{path}.labels", draft.labels)
    if draft.identity is not None:
        size += _checked_mapping(f"{path}.identity", draft.identity)
    if draft.vendor_fingerprint is not None:
        size += _checked_length(f"{path}.vendor_fingerprint", draft.vendor_fingerprint)
    if draft.change is not None:
        size += sum(_checked_change(f"{path}.change", draft.change))
    return size + _checked_raw(f"{path}.raw", draft.raw)


def _checked_length(path: str, text: object) -> int:
    if not isinstance(text, str):
        raise Unfit(f"{path} is {type(text).__name__}, not a string")
    if len(text) > MOST_RAW_BYTES:
        raise Unfit(f"{path} is longer than {MOST_RAW_BYTES} characters")
    if _is_unstorable(text):
        raise Unfit(f"{path} has a NUL or half of a surrogate pair in it")
    return len(text)


def _is_unstorable(text: str) -> bool:
    """Whether a NUL or half of a surrogate pair is in it."""
    return "\x00" in text or not (text.isascii() or _HALF.search(text) is None)


def _checked_lengths(path: str, texts: object) -> int:
    if not isinstance(texts, tuple):
        raise Unfit(f"{path} is {type(texts).__name__}, not a tuple")
    return sum(_checked_length(f"{path}[{place}]", text) for place, text in enumerate(texts))


def _checked_mapping(path: str, value: object) -> int:
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for pair in value.items() for text in pair):
        raise Unfit(f"{path} must map strings to strings")
    return sum(_checked_length(path, text) for pair in value.items() for text in pair)


def _checked_change(path: str, change: ChangeDetails) -> Iterable[int]:
    for field in attrs.fields(ChangeDetails):
        check = _checked_lengths if field.name in ("paths", "links") else _checked_length
        yield check(f"{path}.{field.name}", getattr(change, field.name))


def _checked_raw(path: str, raw: Mapping[str, Any]) -> int:
    try:
        content = canonical(raw)
    except (TypeError, ValueError, RecursionError):
        raise Unfit(f"{path} is not plain JSON") from None
    if len(content) > MOST_RAW_BYTES:
        raise Unfit(f"{path} is larger than {MOST_RAW_BYTES} bytes")
    if b"\\u0000" in content and _ESCAPED_NUL.search(content):
        raise Unfit(f"{path} has a NUL in it")
    return len(content)


def _checked_time(path: str, value: object, received_at: datetime) -> datetime:
    if value is None:
        return _NO_TIME
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise Unfit(f"{path} is not a time with a zone")
    return checked_time(path, value, received_at)


def _each_id_once(drafts: Iterable[SignalDraft]) -> Iterable[SignalDraft]:
    seen: dict[str, SignalDraft] = {}
    for draft in drafts:
        if draft.vendor_id is not None:
            known = seen.setdefault(draft.vendor_id, draft)
            if known is not draft:
                if known != draft:
                    raise UnreadableDelivery("Two different signals of the delivery have the same id.")
                continue
        yield draft
