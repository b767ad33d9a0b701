"""Alerts that were told before: Alertmanager repeats what fires, word for word, for as long as it fires."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime

import attrs
import orjson

from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import Fields
from sre_copilot.domain.signals import SignalDraft

MOST_BYTES = 4 * 1024 * 1024
"""Bytes of alerts that are kept in mind, of all integrations of a process: some 3,500 usual ones.

Their drafts take several times as much memory, twenty times where somebody sends lists of nothing.
"""

Reader = Callable[[Fields, Integration, datetime], SignalDraft]
Key = tuple[bytes, bytes]
"""An integration with what it calls its environments, and an alert in its sender's words."""


@attrs.define(eq=False)
class ToldBefore:
    """Reads an alert once for all its repeats; the oldest are forgotten first. Thread-safe.

    Whether its times fit to the moment of receiving is left to whoever checks a plugin's answer.
    """

    read: Reader
    most_bytes: int = MOST_BYTES
    _known: OrderedDict[Key, SignalDraft] = attrs.field(factory=OrderedDict, init=False, repr=False)
    _bytes: int = attrs.field(default=0, init=False, repr=False)
    _guard: threading.Lock = attrs.field(factory=threading.Lock, init=False, repr=False)

    def drafts(self, alerts: Iterable[Fields], integration: Integration, received_at: datetime) -> list[SignalDraft]:
        """Return the drafts of alerts. Raises what reading them raises."""
        environments = orjson.dumps(dict(integration.environments), option=orjson.OPT_SORT_KEYS)
        # Of however many words only this much is kept beside each alert.
        door = integration.id.bytes + hashlib.sha256(environments).digest()
        found = []
        for alert in alerts:
            try:
                words = orjson.dumps(alert.values)
            except orjson.JSONEncodeError:
                # Numbers beyond 64 bits, which only those have who read their bodies themselves.
                found.append(self.read(alert, integration, received_at))
                continue
            key = (door, words)
            draft = self._known.get(key)
            if draft is None:
                draft = self.read(alert, integration, received_at)
                self._keep(key, draft)
            found.append(draft)
        return found

    def _keep(self, key: Key, draft: SignalDraft) -> None:
        with self._guard:
            if self._known.setdefault(key, draft) is draft:
                self._bytes += len(key[-1])
            while self._bytes > self.most_bytes:
                oldest, _ = self._known.popitem(last=False)
                self._bytes -= len(oldest[-1])
