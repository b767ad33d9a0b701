"""What is sent: parcels of events in the words of the generic integration, made from a seed."""

import hashlib
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import attrs

BEFORE = timedelta(hours=3)
"""How long ago the first event happened; far inside the window in which a series stays one episode."""
STEP = timedelta(milliseconds=40)
"""Between two events of one sender."""
GENERATION = 40
"""Parcels after which a sender turns to other services, so that no series grows for ever."""
OWN, SHARED = 4, 5
"""Series of a service: of one sender alone, and of all of them."""


LETTERS = str.maketrans("0123456789", "ghijklmnop")


def word_of(name: str) -> str:
    """A word for a name: what reads alike would be taken for one disruption, whatever services say it."""
    return hashlib.sha256(name.encode()).hexdigest()[:12].translate(LETTERS)


@attrs.frozen(kw_only=True)
class Event:
    """One signal as its sender knows it. An id never names two different ones."""

    id: str
    service: str
    series: str
    occurred_at: datetime
    resolves: bool = False
    title: str = ""
    labels: dict[str, str] = attrs.field(factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """It in the words of the generic integration."""
        return {
            "id": self.id,
            "dedup_key": self.series,
            "title": self.title or word_of(self.service),
            "service": self.service,
            "severity": "high",
            "status": "resolved" if self.resolves else "firing",
            "occurred_at": self.occurred_at.isoformat(),
            **({"labels": self.labels} if self.labels else {}),
        }


@attrs.frozen(kw_only=True)
class Parcel:
    """One delivery: its id, and the same bytes however often it is sent."""

    name: str
    events: tuple[Event, ...]
    with_patience: bool = True
    """Whether its sender repeats it until it is acknowledged, or sends it once and doesn't wait."""

    @cached_property
    def body(self) -> bytes:
        """What goes over the wire."""
        return json.dumps([event.document for event in self.events]).encode()


def some_time_ago() -> datetime:
    """When what is sent began to happen."""
    return datetime.now(UTC) - BEFORE


@attrs.define(kw_only=True)
class Author:
    """Makes the parcels of one sender of several. The same seed makes the same ones."""

    number: int
    seed: int
    began_at: datetime
    """Of all senders the same."""
    _count: int = attrs.field(default=0, init=False)
    _made: int = attrs.field(default=0, init=False)

    def parcels(self) -> Iterator[Parcel]:
        """Without end. Whoever takes one has sent the one before."""
        rng = random.Random(f"{self.seed}/{self.number}")
        sent: list[Parcel] = []
        while True:
            generation, place = divmod(self._made, GENERATION)
            if place == 0:
                sent = []
                yield self._opening(generation)
                yield self._twin(generation)
            parcel = self._next(rng, generation, sent)
            self._made += 1
            if parcel.with_patience:
                sent.append(parcel)
            yield parcel

    def _opening(self, generation: int) -> Parcel:
        """Opens the incident of the sender's own service with a series that never ends, so that it stays the only one."""
        event = self._event(self._own(generation), "anchor")
        return Parcel(name=f"opening-{self.number}-{generation}", events=(event,))

    def _twin(self, generation: int) -> Parcel:
        """The same from every sender, as highly available pairs of vendors do it: one delivery, sent eight times."""
        service = f"shared-{generation}"
        at = self.began_at + timedelta(milliseconds=generation)
        events = tuple(
            Event(id=f"twin-{generation}-{place}", service=service, series=f"{service}/{name}", occurred_at=at)
            for place, name in enumerate(("anchor", "0", "1"))
        )
        return Parcel(name=f"twin-{generation}", events=events)

    def _next(self, rng: random.Random, generation: int, sent: list[Parcel]) -> Parcel:
        kind = rng.random()
        if kind < 0.12 and sent:
            return rng.choice(sent[-8:])
        if kind < 0.18:
            service = f"fleeting-{self.number}-{generation}"
            events = tuple(self._event(service, str(place)) for place in range(rng.randint(1, 3)))
            return Parcel(name=self._name(), events=events, with_patience=False)
        events = tuple(self._some_event(rng, generation) for _ in range(rng.randint(1, 6)))
        if kind < 0.28 and sent:
            # Known events among new ones, under a new name.
            known = rng.choice(sent[-8:]).events
            events = (*known[: rng.randint(1, len(known))], *events)
        return Parcel(name=self._name(), events=tuple(rng.sample(events, len(events))))

    def _some_event(self, rng: random.Random, generation: int) -> Event:
        if rng.random() < 0.4:
            place = rng.randrange(SHARED)
            # The last two of the shared series end now and then, and hear of it in any order.
            resolves = place >= SHARED - 2 and rng.random() < 0.2
            return self._event(f"shared-{generation}", str(place), resolves=resolves)
        return self._event(self._own(generation), str(rng.randrange(OWN)), resolves=rng.random() < 0.25)

    def _event(self, service: str, name: str, *, resolves: bool = False) -> Event:
        self._count += 1
        # Senders never share a moment, so that the order of a series by time is one.
        at = self.began_at + self._count * STEP + timedelta(milliseconds=self.number)
        return Event(
            id=f"event-{self.number}-{self._count}",
            service=service,
            series=f"{service}/{name}",
            occurred_at=at,
            resolves=resolves,
        )

    def _own(self, generation: int) -> str:
        return f"own-{self.number}-{generation}"

    def _name(self) -> str:
        return f"parcel-{self.number}-{self._made}"
