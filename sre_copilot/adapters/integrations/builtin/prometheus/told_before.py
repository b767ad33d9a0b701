"""Alerts that were told before: Alertmanager repeats what fires, word for word, for as long as it fires."""

import threading
from collections.abc import Callable
from datetime import datetime

import attrs
import orjson

from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import Fields
from sre_copilot.domain.signals import SignalDraft

MOST = 8_192
"""Alerts that are kept in mind, of all integrations of a process."""
LONGEST = 8_192
"""Bytes of an alert that is kept in mind."""

Reader = Callable[[Fields, Integration, datetime], SignalDraft]
Key = tuple[object, bytes]


@attrs.frozen
class ToldBefore:
    """Reads an alert once for all its repeats. Thread-safe.

    Whether its times fit to the moment of receiving is left to whoever checks a plugin's answer.
    """

    read: Reader
    most: int = MOST
    _known: dict[Key, SignalDraft] = attrs.field(factory=dict, init=False, repr=False)
    _guard: threading.Lock = attrs.field(factory=threading.Lock, init=False, repr=False)

    def draft(self, alert: Fields, integration: Integration, received_at: datetime) -> SignalDraft:
        """Return the draft of an alert. Raises what reading it raises."""
        # The order of its fields counts: it is the sender's own words that are the same, not what they mean.
        try:
            words = orjson.dumps(alert.values)
        except orjson.JSONEncodeError:
            # Numbers beyond 64 bits, which only those have who read their bodies themselves.
            return self.read(alert, integration, received_at)
        key = ((integration.id, *integration.environments.items()), words)
        known = self._known.get(key)
        if known is not None:
            return known
        draft = self.read(alert, integration, received_at)
        if len(words) <= LONGEST:
            with self._guard:
                self._known[key] = draft
                while len(self._known) > self.most:
                    self._known.pop(next(iter(self._known)))
        return draft
