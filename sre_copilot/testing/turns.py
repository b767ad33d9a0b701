"""Turns in memory."""

import threading

import attrs


@attrs.define
class InMemoryTurn:
    """A turn until it is ended, or taken away."""

    turns: "InMemoryTurns"
    name: str

    def is_ours(self) -> bool:
        """Whether nobody ended it or took it away."""
        with self.turns.lock:
            return self.turns.taken.get(self.name) is self

    def end(self) -> None:
        """Let others have it."""
        with self.turns.lock:
            if self.turns.taken.get(self.name) is self:
                del self.turns.taken[self.name]


@attrs.define
class InMemoryTurns:
    """Gives turns to whoever shares it. Thread-safe."""

    taken: dict[str, InMemoryTurn] = attrs.field(factory=dict)
    lock: threading.RLock = attrs.field(factory=threading.RLock, init=False)

    def take(self, name: str) -> InMemoryTurn | None:
        """Return the turn, or None while somebody else has it."""
        with self.lock:
            if name in self.taken:
                return None
            self.taken[name] = InMemoryTurn(self, name)
            return self.taken[name]
