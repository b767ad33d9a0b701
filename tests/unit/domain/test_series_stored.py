"""Series, kept in a store by nothing but their updates: the same episodes however the signals were batched."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import attrs
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.episodes import Fact
from sre_copilot.domain.observations import Observation
from sre_copilot.domain.series import SeriesHistory, SeriesUpdate
from sre_copilot.domain.signals import SignalStatus
from sre_copilot.domain.stored_episodes import Episode, Membership
from tests.unit.domain.observations import EMPTY, NAME, WINDOW, at, seen


def record(history: SeriesHistory, *items: Observation, now: float) -> SeriesUpdate:
    return history.record(items, window=WINDOW, now=at(now))


class Store:
    """What a database would hold, changed by nothing but what updates ask for."""

    def __init__(self) -> None:
        self.facts: dict[UUID, Fact] = {}
        self.episodes: dict[UUID, Episode] = {}
        self.members: dict[UUID, Membership] = {}

    def history(self) -> SeriesHistory:
        facts = sorted(self.facts.values(), key=lambda fact: fact.ordinal)
        return SeriesHistory(
            fingerprint=NAME,
            facts=tuple(facts),
            episodes=tuple(self.episodes.values()),
            memberships=tuple(self.members.values()),
        )

    def keep(self, update: SeriesUpdate) -> None:
        for fact in update.history.facts:
            self.facts.setdefault(fact.signal_id, fact)
        self.facts |= {fact.signal_id: fact for fact in update.sightings}
        for episode_id in update.dropped:
            del self.episodes[episode_id]
        self.episodes |= {episode.id: episode for episode in update.saved}
        for one in update.memberships:
            if one.episode_id is None:
                self.members.pop(one.signal_id, None)
            else:
                self.members[one.signal_id] = one


rows = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.booleans(),
        st.none() | st.none() | st.integers(0, 30),
        st.none() | st.none() | st.integers(0, 60),
    ),
    min_size=1,
    max_size=8,
)


def observations(drawn: Sequence[tuple[int, bool, int | None, int | None]], *, named: bool) -> list[Observation]:
    return [
        seen(n, hours, resolved=resolved, started=started, expires=expires, named=named)
        for n, (hours, resolved, started, expires) in enumerate(drawn, 1)
    ]


def stored(batches: Sequence[Sequence[Observation]], now: float) -> Store:
    store = Store()
    for batch in batches:
        update = record(store.history(), *batch, now=now)
        for number, episode in enumerate(update.opened):
            update = update.homed(episode.id, UUID(int=9000 + number))
        store.keep(update)
        assert set(store.facts.values()) == set(update.history.facts)
        assert set(store.episodes.values()) == set(update.history.episodes)
        assert set(store.members.values()) == set(update.history.memberships)
        assert sum(episode.is_open for episode in store.episodes.values()) <= 1
    return store


def shape(store: Store) -> set[tuple[object, ...]]:
    """The episodes with their signals and their originals, without the names that they got."""
    return {
        (
            attrs.evolve(episode, id=UUID(int=0), incident_id=None),
            frozenset(m.signal_id for m in store.members.values() if m.episode_id == episode.id),
        )
        for episode in store.episodes.values()
    }


@given(rows, st.data(), st.booleans(), st.integers(41, 80))
def test_any_split_into_batches_stores_the_same_episodes_with_the_same_originals(
    drawn: list[tuple[int, bool, int | None, int | None]], data: st.DataObject, named: bool, now: int
) -> None:
    items = observations(drawn, named=named)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(items)), max_size=len(items))) | {0, len(items)})
    batches = [items[one:other] for one, other in pairwise(cuts)]
    assert shape(stored(batches, now)) == shape(stored([items], now))


@given(rows, st.booleans(), st.integers(41, 80))
def test_every_firing_is_a_member_of_one_episode_whose_first_recorded_firing_is_its_original(
    drawn: list[tuple[int, bool, int | None, int | None]], named: bool, now: int
) -> None:
    store = stored([observations(drawn, named=named)], now)
    firings = {fact.signal_id for fact in store.facts.values() if fact.status is SignalStatus.FIRING}
    assert firings <= store.members.keys()
    for episode in store.episodes.values():
        mine = [m for m in store.members.values() if m.episode_id == episode.id and m.signal_id in firings]
        first = min(mine, key=lambda m: store.facts[m.signal_id].ordinal)
        assert (first.signal_id, first.original_id) == (episode.original_id, None)
        assert {m.original_id for m in mine if m is not first} <= {first.signal_id}


@given(rows, st.integers(41, 60), st.integers(0, 60))
def test_letting_time_pass_in_steps_is_letting_it_pass_at_once(
    drawn: list[tuple[int, bool, int | None, int | None]], now: int, more: int
) -> None:
    history = record(EMPTY, *observations(drawn, named=False), now=now).history
    once = history.advance(window=WINDOW, now=at(now + more))
    halfway = history.advance(window=WINDOW, now=at(now) + timedelta(hours=more) / 2).history
    assert halfway.advance(window=WINDOW, now=at(now + more)).history == once.history
    assert (once.opened, once.dropped, once.reopened) == ((), (), ())
