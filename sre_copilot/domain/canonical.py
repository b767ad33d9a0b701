"""One canonical byte form for everything that is hashed: snapshots, audit entries, drafts.

The form is JSON with sorted keys, no insignificant white space, UTF-8, and these renderings:
times as RFC 3339 UTC with microseconds, durations in seconds, UUIDs and enums by their text, tuples as lists.
NaN and infinities are refused, because two readers would disagree about them.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any, cast
from uuid import UUID

import attrs

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_JSON_SCALARS = frozenset({str, int, float, bool, type(None)})


def canonical(value: object) -> bytes:
    """Return the canonical bytes of `value`.

    Raises ValueError for NaN, infinities and naive times, TypeError for a type it does not know.
    """
    return _ENCODER.encode(plain(value)).encode()


def content_hash(value: object) -> str:
    """Return the SHA-256 of the canonical bytes, as 64 lower-case hex characters."""
    return hashlib.sha256(canonical(value)).hexdigest()


def timestamp(value: datetime) -> str:
    """Return RFC 3339 in UTC with six decimals and a Z. Raises ValueError for a naive time."""
    if value.tzinfo is None:
        raise ValueError("a time without a zone has no canonical form")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def plain(value: object) -> Any:
    """Return `value` as JSON types: what `canonical` encodes and what is stored as JSON."""
    known: type[Any] = type(value)
    if known in _JSON_SCALARS:
        return value
    # What was read from JSON is by far the most, and subclasses need the longer way below.
    if known is dict:
        return _plain_dict(cast("dict[object, object]", value))
    if known is list:
        return [item if type(item) in _JSON_SCALARS else plain(item) for item in cast("list[object]", value)]
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    kind: type[Any] = type(value)
    if attrs.has(kind):
        # What is worked out from the other fields says nothing of its own.
        return {field.name: plain(getattr(value, field.name)) for field in attrs.fields(kind) if field.init}
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _plain_dict(value: dict[object, object]) -> dict[str, Any]:
    return {
        key if type(key) is str else str(plain(key)): item if type(item) in _JSON_SCALARS else plain(item)
        for key, item in value.items()
    }
