"""Which open incidents are active at a moment, without asking each of them again for every newcomer."""

from math import inf

import attrs

Span = tuple[int, int]


@attrs.define(kw_only=True)
class Activity:
    """Incidents by number with the span in which each is active, both ends included, in microseconds.

    What is known at one moment holds until the next span begins or ends.
    """

    _spans: dict[int, Span] = attrs.field(factory=dict, init=False)
    _at: int = attrs.field(default=0, init=False)
    _active: int = attrs.field(default=0, init=False)
    _since: float = attrs.field(default=inf, init=False)
    _until: float = attrs.field(default=-inf, init=False)

    def put(self, number: int, span: Span) -> None:
        """Note the span of an incident."""
        if self._spans.get(number) == span:
            return
        self._spans[number] = span
        self._active &= ~(1 << number)
        self._look(number, span)

    def prolong(self, number: int, last: int) -> None:
        """Let an incident be active until then, unless it is so for longer anyway."""
        first, until = self._spans[number]
        self.put(number, (first, max(until, last)))

    def drop(self, number: int) -> None:
        """Forget an incident."""
        self._spans.pop(number, None)
        self._active &= ~(1 << number)

    def active(self, now: int) -> int:
        """The incidents that are active now, as bits."""
        if not self._since <= now < self._until:
            self._at, self._active, self._since, self._until = now, 0, -inf, inf
            for number, span in self._spans.items():
                self._look(number, span)
        return self._active

    def _look(self, number: int, span: Span) -> None:
        """See whether it is active at the moment that was looked at last, and until when that holds."""
        first, last = span
        for turn in (first, last + 1):
            if turn <= self._at:
                self._since = max(self._since, turn)
            else:
                self._until = min(self._until, turn)
        if first <= self._at <= last:
            self._active |= 1 << number
