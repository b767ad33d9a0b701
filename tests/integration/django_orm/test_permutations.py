"""In whatever order, batches and repetitions events arrive, the same episodes and incidents come of them.

Over real PostgreSQL, through `TakeIn`; told by the pure model, which records everything at once.
"""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sre_copilot.adapters.django_orm.unit_of_work import DjangoUnitOfWorkFactory
from sre_copilot.adapters.system import TimeOrderedIds
from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.application.ports.intake import Arrived
from sre_copilot.application.taking_in import TakeIn
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.deliveries import Parsed, Receipt, Verdict
from sre_copilot.domain.observations import Observation
from sre_copilot.domain.series import SeriesHistory
from sre_copilot.domain.signals import SignalDraft, SignalStatus
from sre_copilot.testing.builders import make_delivery
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import House
from sre_copilot.testing.stage import alert

SOAK = os.environ.get("SRE_COPILOT_SOAK") == "1"
EXAMPLES = 2_000 if SOAK else 200
SECOND = timedelta(seconds=1)
RELATED = (("DiskFull", "checkout"), ("QueueGrows", "checkout"))
STRANGERS = (("DiskFull", "checkout"), ("QueueGrows", "kiosk"))


@attrs.frozen
class Event:
    """Something that happened to a series; with a name it is known again by its vendor's id, else by what it says."""

    series: int
    status: SignalStatus
    second: int
    name: str | None


EVENTS = st.lists(
    st.builds(
        Event,
        st.sampled_from((0, 0, 1)),
        st.sampled_from((SignalStatus.FIRING, SignalStatus.FIRING, SignalStatus.RESOLVED)),
        st.integers(0, 5),
        st.none(),
    ),
    min_size=1,
    max_size=6,
).flatmap(
    lambda rows: st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)).map(
        lambda named: [
            attrs.evolve(row, name=f"event-{place}" if has else None)
            for place, (row, has) in enumerate(zip(rows, named, strict=True))
        ]
    )
)


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[list[Event]]]:
    """Events, and how they arrive: batches of deliveries in which each is at least once."""
    events = draw(EVENTS)
    again = draw(st.lists(st.sampled_from(events), max_size=4))
    order = draw(st.permutations([*events, *again]))
    batches: list[list[list[Event]]] = []
    for event in order:
        where = draw(st.sampled_from(("batch", "delivery", "same")))
        if where == "batch" or not batches:
            batches.append([[event]])
        elif where == "delivery" or any(event.name == other.name is not None for other in batches[-1][-1]):
            # A gateway leaves equal ids in one delivery only once.
            batches[-1].append([event])
        else:
            batches[-1][-1].append(event)
    return batches


@attrs.frozen
class Story:
    """A tenant of its own for one way in which events arrive."""

    house: House
    names: Sequence[tuple[str, str]]

    def draft(self, event: Event) -> SignalDraft:
        name, service = self.names[event.series]
        at = BEGINNING + event.second * SECOND
        return alert(name, service, status=event.status, occurred_at=at, vendor_id=event.name)

    def arrived(self, events: Iterable[Event], number: int) -> Arrived:
        bare = Arrived(
            actor=Actor.integration(self.house.tenant.id, self.house.integration.id),
            integration=self.house.integration,
            delivery=make_delivery(f"delivery {number}".encode(), received_at=_received(number)),
            verdict=Verdict.KEY,
        )
        return bare.saying(Parsed(drafts=tuple(map(self.draft, events))))

    def take_in(self, batches: Iterable[Iterable[Iterable[Event]]]) -> None:
        number = 0
        # Another process now and then: what the first one remembers is then out of date.
        several = [TakeIn(units=units, ids=TimeOrderedIds()) for units in (self.house.units, DjangoUnitOfWorkFactory())]
        for place, batch in enumerate(batches):
            rows = [self.arrived(events, number + more) for more, events in enumerate(batch)]
            number += len(rows)
            outcomes = several[place % 3 == 2](self.house.tenant.id, rows)
            assert all(isinstance(one, Receipt) for one in outcomes), outcomes

    def fingerprints(self) -> list[str]:
        rows = [Event(series=place, status=SignalStatus.FIRING, second=0, name=None) for place in range(2)]
        return [entry.fingerprint for entry in self.arrived(rows, 0).entries]

    def expected(self, batches: Sequence[Sequence[Sequence[Event]]], now: datetime) -> list[SeriesHistory]:
        """The histories that the pure model makes of everything at once."""
        seen: list[list[Observation]] = [[], []]
        known: dict[str, UUID] = {}
        ids, number = TimeOrderedIds(), -1
        for events in (delivery for batch in batches for delivery in batch):
            number += 1
            for event in events:
                draft, signal_id = self.draft(event), ids.new()
                assert draft.occurred_at is not None
                seen[event.series].append(
                    Observation(
                        signal_id=signal_id,
                        episode_id=ids.new(),
                        status=draft.status,
                        occurred_at=draft.occurred_at,
                        received_at=_received(number),
                        severity=draft.severity,
                        known_as=known.get(event.name) if event.name else None,
                        has_vendor_id=event.name is not None,
                    )
                )
                if event.name:
                    known.setdefault(event.name, signal_id)
        window = self.house.integration.dedup_window
        empty = [SeriesHistory(fingerprint=name) for name in self.fingerprints()]
        return [one.record(rows, window=window, now=now).history for one, rows in zip(empty, seen, strict=True)]


def _received(number: int) -> datetime:
    """Later than everything that happened."""
    return BEGINNING + (10 + number) * SECOND


def told(history: SeriesHistory) -> object:
    """A history without the ids that are anybody's."""
    ordinals = {fact.signal_id: fact.ordinal for fact in history.facts}
    facts = {
        (fact.ordinal, fact.status, fact.occurred_at, fact.received_at, fact.last_seen_at) for fact in history.facts
    }
    episodes = {
        one.id: (one.started_at, one.last_seen_at, one.ended_at, one.end, one.end_seen_at, ordinals[one.original_id])
        for one in history.episodes
    }
    members = {
        (
            ordinals[one.signal_id],
            episodes[one.episode_id],
            ordinals[one.original_id] if one.original_id else None,
        )
        for one in history.memberships
        if one.episode_id is not None
    }
    return facts, set(episodes.values()), members


def stored(story: Story, now: datetime) -> tuple[list[object], set[frozenset[tuple[int, datetime]]]]:
    """The histories as stored, and which episodes (series and start) each incident holds."""
    names = story.fingerprints()
    with story.house.reading() as uow:
        histories = uow.series.histories(names)
        places = {name: place for place, name in enumerate(names)}
        incidents = {
            frozenset((places[one.fingerprint], one.started_at) for one in uow.signals.episodes_of(incident.id))
            for incident in uow.incidents.list(IncidentFilter(limit=100))
        }
    # When an episode was last seen is told by its head, until something else comes.
    window = story.house.integration.dedup_window
    return [told(histories[name].advance(window=window, now=now).history) for name in names], incidents


@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(arrivals(), st.booleans())
def test_any_order_and_repetition_of_events_comes_to_the_same(
    units: DjangoUnitOfWorkFactory, batches: list[list[list[Event]]], related: bool
) -> None:
    story = Story(House.build(units), RELATED if related else STRANGERS)
    story.take_in(batches)
    now = _received(sum(map(len, batches)) - 1)
    expected = story.expected(batches, now)
    histories, incidents = stored(story, now)
    assert histories == [told(history) for history in expected]
    began = [{(place, one.started_at) for one in history.episodes} for place, history in enumerate(expected)]
    homes = [began[0] | began[1]] if related else began
    assert incidents == {frozenset(home) for home in homes if home}
