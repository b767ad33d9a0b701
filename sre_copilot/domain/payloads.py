"""Reading vendors' payloads: liberal about what is missing, strict about types, and naming the field that was wrong.

Every reader raises UnreadableDelivery with the field's path (`alerts[3].startsAt`) and never with its value, because
bodies hold secrets and personal data. `null` counts as missing everywhere.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sre_copilot.domain.deliveries import EARLIEST_YEAR, LATEST_AHEAD
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.text import NAME_LENGTH
from sre_copilot.domain.values import quick_value

SECONDS = 1
MILLISECONDS = 1_000
NANOSECONDS = 1_000_000_000

_EARLIEST = datetime(EARLIEST_YEAR, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GO_ZERO_TIME = "0001-01-01T00:00:00"
_NUMBER = re.compile(r"\d{1,20}(?:\.\d{1,9})?", re.ASCII)
_RFC_3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_KINDS = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}


def wrong(path: str, problem: str) -> UnreadableDelivery:
    """Return the error for a field, to be raised: its path and what is wrong, in words that quote nothing."""
    return UnreadableDelivery(f"{path} {problem}.")


def kind(value: object) -> str:
    """Return what a JSON value is, in words: "a string", "nothing" for null."""
    return _KINDS.get(type(value), "nothing")


def readable_time(path: str, word: str, received_at: datetime) -> datetime:
    """Return an RFC 3339 time in UTC, cut to microseconds.

    Raises UnreadableDelivery for another form, a time without a zone, and one before 2000 or more than 24 h after
    `received_at`. The zone may be written without its colon, as PagerDuty's documentation does.
    """
    return checked_time(path, any_time(path, word), received_at)


def any_time(path: str, word: str) -> datetime:
    """Return an RFC 3339 time in its own zone, of whatever year. Raises UnreadableDelivery as `readable_time` does."""
    match = _RFC_3339.fullmatch(word)
    if match is None:
        raise wrong(path, "must be an RFC 3339 time")
    if match[4] is None:
        raise wrong(path, "must be a time with a zone, such as Z")
    try:
        return datetime.fromisoformat(f"{match[1]}T{match[2]}{(match[3] or '')[:7]}{match[4].upper()}")
    except ValueError as error:
        raise wrong(path, "is not a time that exists") from error


def epoch_time(path: str, value: object, received_at: datetime, *, per_second: int) -> datetime | None:
    """Return a time that is a number since 1970, or such a number as text, in UTC; None for null, "" and 0.

    `per_second` is SECONDS, MILLISECONDS or NANOSECONDS. Raises UnreadableDelivery for anything else, and where
    `checked_time` does.
    """
    number = value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        number = float(value) if "." in value else int(value)
    if number is None or number == "" or (number == 0 and number is not False):
        return None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise wrong(path, "must be a time as a number since 1970")
    try:
        moment = _EPOCH + timedelta(microseconds=int(number * 1_000_000 // per_second))
    except (OverflowError, ValueError) as error:
        raise wrong(path, "is not a time that exists") from error
    return checked_time(path, moment, received_at)


def checked_time(path: str, value: datetime, received_at: datetime) -> datetime:
    """Return an aware time in UTC. Raises UnreadableDelivery outside the year 2000 to `received_at` + 24 h."""
    if value < _EARLIEST:
        raise wrong(path, f"lies before the year {EARLIEST_YEAR}")
    if value > received_at + LATEST_AHEAD:
        raise wrong(path, "lies more than 24 hours after the delivery was received")
    return value.astimezone(UTC)


@quick_value
class Fields:
    """One JSON object and where it stands in the payload; the path is empty at the top."""

    values: Mapping[str, Any]
    path: str = ""

    @classmethod
    def of(cls, value: object, path: str = "") -> "Fields":
        """Return the reader of an object. Raises UnreadableDelivery for anything else."""
        if not isinstance(value, dict):
            raise wrong(path or "the body", f"must be an object, not {kind(value)}")
        return cls(value, path)

    def at(self, name: str) -> str:
        """Return the full path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def text(self, name: str, default: str = "") -> str:
        """Return a string field, `default` where it is missing. Raises UnreadableDelivery for another type."""
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise wrong(self.at(name), f"must be a string, not {kind(value)}")
        return value

    def required(self, name: str) -> str:
        """Return a string field. Raises UnreadableDelivery where it is missing, blank or of another type."""
        value = self.text(name)
        if not value.strip():
            raise wrong(self.at(name), "is missing")
        return value

    def key(self, name: str) -> str | None:
        """Return a string of 1 to 255 characters, None where it is missing or empty. Raises UnreadableDelivery."""
        value = self.text(name)
        if len(value) > NAME_LENGTH:
            raise wrong(self.at(name), f"is longer than {NAME_LENGTH} characters")
        return value or None

    def number_or_key(self, name: str) -> str | None:
        """Return what `key` returns, whole numbers as text. Raises UnreadableDelivery."""
        value = self.values.get(name)
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else self.key(name)

    def time_word(self, name: str) -> str:
        """Return a time as it is written, "" where it is missing or the zero time that programs in Go write for none."""
        word = self.text(name)
        return "" if word.startswith(_GO_ZERO_TIME) else word

    def time(self, name: str, received_at: datetime) -> datetime | None:
        """Return a time in UTC, None where it is missing or Go's zero time. Raises what `readable_time` raises."""
        word = self.time_word(name)
        return readable_time(self.at(name), word, received_at) if word else None

    def epoch(self, name: str, received_at: datetime, *, per_second: int) -> datetime | None:
        """Return a time given as a number since 1970 in UTC, None where it is missing. Raises what `epoch_time` raises."""
        return epoch_time(self.at(name), self.values.get(name), received_at, per_second=per_second)

    def object(self, name: str) -> "Fields":
        """Return an object field, an empty one where it is missing. Raises UnreadableDelivery for another type."""
        value = self.values.get(name)
        return Fields.of({} if value is None else value, self.at(name))

    def objects(self, name: str) -> "list[Fields]":
        """Return a list of objects. Raises UnreadableDelivery where it is missing or holds anything else."""
        value = self.values.get(name)
        if not isinstance(value, list):
            raise wrong(self.at(name), f"must be a list, not {kind(value)}")
        path = self.at(name)
        return [Fields.of(item, f"{path}[{place}]") for place, item in enumerate(value)]

    def all_texts(self) -> dict[str, str]:
        """Return every field. Raises UnreadableDelivery where one is not a string, null included."""
        for name, value in self.values.items():
            if not isinstance(value, str):
                raise wrong(self.at(name), f"must be a string, not {kind(value)}")
        return dict(self.values)

    def loose(self, name: str) -> str:
        """Return a field that decides nothing: "" where it is missing or not a string."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def scalars(self) -> dict[str, str]:
        """Return strings, numbers and booleans as text (JSON's spelling), leaving out everything else."""
        return {name: _spelled(value) for name, value in self.values.items() if isinstance(value, str | int | float)}


def joined_key(*parts: str) -> str:
    """Return one key for several parts, so that no two lists of parts share one; hashed where it would be too long."""
    return fitting_key("/".join(part.replace("%", "%25").replace("/", "%2F") for part in parts))


def fitting_key(key: str) -> str:
    """Return a key as it is, its SHA-256 where it is longer than 255 characters."""
    return key if len(key) <= NAME_LENGTH else hashlib.sha256(key.encode()).hexdigest()


def texts(value: object) -> tuple[str, ...]:
    """Return the strings of a list in their order, leaving out everything else; nothing where it is no list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list | tuple) else ()


def first_text(values: Mapping[str, str], names: Iterable[str]) -> str:
    """Return the first of the named texts that is there and not blank, without white space around it, else ""."""
    for name in names:
        text = values.get(name, "").strip()
        if text:
            return text
    return ""


def web_links(*candidates: object) -> tuple[str, ...]:
    """Return those candidates that are http or https addresses, each once, in their order."""
    found = (item for item in candidates if isinstance(item, str) and item.lower().startswith(("http://", "https://")))
    return tuple(dict.fromkeys(found))


def _spelled(value: str | int | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)
