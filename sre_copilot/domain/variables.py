"""Reading bodies that people put together of a vendor's variables: `"alert": "$ALERT_ID"`, `"event": "{EVENT.ID}"`.

Like the readers of `sre_copilot.domain.payloads`, these raise UnreadableDelivery with the field's path and never with
its value.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.domain.payloads import Fields, epoch_time, wrong
from sre_copilot.domain.text import NAME_LENGTH


@attrs.frozen
class Variables:
    """Fields of a body that somebody put together of a vendor's variables, found by the variable's name.

    Fields may be spelt in any way: `EVENT.ID`, `event_id` and `eventId` are one; the first in the body counts. A text
    that matches `unset` as a whole is what a vendor leaves of a variable without a value, and counts as missing.
    """

    fields: Fields
    unset: re.Pattern[str]
    names: Mapping[str, str]

    @classmethod
    def of(cls, fields: Fields, *, unset: re.Pattern[str], aliases: Mapping[str, str] | None = None) -> "Variables":
        """Return the reader of an object; `aliases` are further names of variables."""
        names: dict[str, str] = {}
        for name in fields.values:
            names.setdefault(_plain(name), name)
        for alias, variable in (aliases or {}).items():
            if _plain(alias) in names:
                names.setdefault(_plain(variable), names[_plain(alias)])
        return cls(fields, unset, names)

    def at(self, variable: str) -> str:
        """Return the path of a variable's field; the variable's own name where there is no such field."""
        return self.fields.at(self.names.get(_plain(variable), variable))

    def value(self, variable: str) -> Any:
        """Return what a variable's field holds, None where there is no such field."""
        return self.fields.values.get(self.names.get(_plain(variable), variable))

    def text(self, variable: str) -> str:
        """Return a variable's text without white space around it, a whole number as text, "" where it has no value.

        Raises UnreadableDelivery for another type.
        """
        value = self.value(variable)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        word = self.fields.text(self.names.get(_plain(variable), variable)).strip()
        return "" if self.unset.fullmatch(word) else word

    def loose(self, variable: str) -> str:
        """Return a variable's text where it decides nothing: "" where it is no text or whole number."""
        value = self.value(variable)
        return self.text(variable) if isinstance(value, str | int) and not isinstance(value, bool) else ""

    def key(self, variable: str) -> str | None:
        """Return a text of 1 to 255 characters, None where it has no value. Raises UnreadableDelivery."""
        word = self.text(variable)
        if len(word) > NAME_LENGTH:
            raise wrong(self.at(variable), f"is longer than {NAME_LENGTH} characters")
        return word or None

    def required(self, variable: str) -> str:
        """Return a text of 1 to 255 characters. Raises UnreadableDelivery where it has no value."""
        key = self.key(variable)
        if key is None:
            raise wrong(self.at(variable), "is missing")
        return key

    def epoch(self, variable: str, received_at: datetime, *, per_second: int) -> datetime | None:
        """Return a time, None where it has no value. Raises what `epoch_time` raises."""
        return epoch_time(self.at(variable), self.text(variable), received_at, per_second=per_second)


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(".", "").lower()
