"""Checking what a plugin answered, so that a wrong type is the plugin's failure and not a broken row later."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.adapters.integrations.isolation import Unfit
from sre_copilot.domain.canonical import canonical
from sre_copilot.domain.deliveries import MAX_SIGNALS, Acknowledgement, Parsed, Reply
from sre_copilot.domain.errors import DeliveryTooLarge, UnreadableDelivery
from sre_copilot.domain.payloads import checked_time
from sre_copilot.domain.signals import ChangeDetails, Environment, Severity, SignalDraft, SignalStatus, SignalType
from sre_copilot.domain.text import NAME_LENGTH

MOST_RAW_BYTES = 4 * 1024 * 1024

_KINDS: Mapping[str, type] = {
    "signal_type": SignalType,
    "status": SignalStatus,
    "severity": Severity,
    "environment": Environment,
    "is_heartbeat": bool,
    "labels": Mapping,
    "links": tuple,
    "raw": Mapping,
}
_TEXTS = ("severity_word", "service", "environment_word", "name", "title", "description")
_KEYS = ("vendor_key", "vendor_id")
_TIMES = ("occurred_at", "episode_started_at", "expires_at")


def checked_answer(answer: object, received_at: datetime) -> Parsed:
    """Return the answer once it is known to be sound; signals that share a vendor id and are equal count once.

    Raises Unfit for wrong types, DeliveryTooLarge for more than 5,000 signals, and UnreadableDelivery where a name,
    key or time lies outside the limits or two different signals share an id.
    """
    if not isinstance(answer, Parsed):
        raise Unfit(f"it is {type(answer).__name__}, not Parsed")
    # attrs checks no types, so what the annotations promise is not yet known to be so.
    drafts: object = answer.drafts
    acknowledgements: object = answer.acknowledgements
    if not isinstance(drafts, tuple) or not isinstance(acknowledgements, tuple):
        raise Unfit("drafts and acknowledgements must be tuples")
    if len(drafts) + len(acknowledgements) > MAX_SIGNALS:
        raise DeliveryTooLarge(f"The delivery has more than {MAX_SIGNALS} signals; send it in parts.")
    _check_key("assigned_key", answer.assigned_key)
    if answer.reply is not None and not isinstance(answer.reply, Reply):
        raise Unfit(f"reply is {type(answer.reply).__name__}, not Reply")
    visits: object = answer.visits
    if not isinstance(visits, tuple) or not all(isinstance(address, str) for address in visits):
        raise Unfit("visits must be a tuple of addresses")
    for place, word in enumerate(acknowledgements):
        _check_acknowledgement(f"acknowledgements[{place}]", word)
    checked = tuple(_checked_draft(f"signals[{place}]", draft, received_at) for place, draft in enumerate(drafts))
    return attrs.evolve(answer, drafts=tuple(_each_id_once(checked)))


def _check_acknowledgement(path: str, word: object) -> None:
    if not isinstance(word, Acknowledgement) or not word.vendor_key:
        raise Unfit(f"{path} is not an Acknowledgement with a key")
    _check_key(f"{path}.vendor_key", word.vendor_key)
    by: object = word.by
    if not isinstance(by, str):
        raise Unfit(f"{path}.by is {type(by).__name__}, not a string")


def checked_id(value: object) -> str | None:
    """Return the vendor's id of a delivery. Raises Unfit for a wrong type, UnreadableDelivery for a bad length."""
    _check_key("delivery_id", value)
    return value if isinstance(value, str) else None


def _check_key(path: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise Unfit(f"{path} is {type(value).__name__}, not a string")
    if not 0 < len(value) <= NAME_LENGTH or "\x00" in value:
        raise UnreadableDelivery(f"{path} must have 1 to {NAME_LENGTH} characters, none of them NUL.")


def _checked_draft(path: str, draft: object, received_at: datetime) -> SignalDraft:
    if not isinstance(draft, SignalDraft):
        raise Unfit(f"{path} is {type(draft).__name__}, not SignalDraft")
    for name, expected in _KINDS.items():
        if not isinstance(getattr(draft, name), expected):
            raise Unfit(f"{path}.{name} is {type(getattr(draft, name)).__name__}, not {expected.__name__}")
    for name in _TEXTS:
        if not isinstance(getattr(draft, name), str):
            raise Unfit(f"{path}.{name} is {type(getattr(draft, name)).__name__}, not a string")
    if draft.change is not None and not isinstance(draft.change, ChangeDetails):
        raise Unfit(f"{path}.change is {type(draft.change).__name__}, not ChangeDetails")
    for name in _KEYS:
        _check_key(f"{path}.{name}", getattr(draft, name))
    _check_text_mapping(f"{path}.labels", draft.labels)
    if draft.identity is not None:
        _check_text_mapping(f"{path}.identity", draft.identity)
    if not draft.service.strip() or len(draft.service) > NAME_LENGTH:
        raise UnreadableDelivery(f"{path}: the service's name must have 1 to {NAME_LENGTH} characters.")
    _check_raw(f"{path}.raw", draft.raw)
    for name in _TIMES:
        _check_time(f"{path}.{name}", getattr(draft, name), received_at)
    return draft


def _check_text_mapping(path: str, value: object) -> None:
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for pair in value.items() for text in pair):
        raise Unfit(f"{path} must map strings to strings")


def _check_raw(path: str, raw: Mapping[str, Any]) -> None:
    try:
        size = len(canonical(raw))
    except (TypeError, ValueError, RecursionError):
        raise Unfit(f"{path} is not plain JSON") from None
    if size > MOST_RAW_BYTES:
        raise Unfit(f"{path} is larger than {MOST_RAW_BYTES} bytes")


def _check_time(path: str, value: object, received_at: datetime) -> None:
    if value is None:
        return
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise Unfit(f"{path} is not a time with a zone")
    checked_time(path, value, received_at)


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
