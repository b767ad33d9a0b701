"""The head of a series: recording on it gives what recording on the whole history gives."""

from collections.abc import Callable, Sequence
from uuid import UUID

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from sre_copilot.domain.decisions import EpisodeEnd
from sre_copilot.domain.observations import Observation
from sre_copilot.domain.series import SeriesHistory, SeriesUpdate
from sre_copilot.domain.series_head import SeriesHead
from sre_copilot.domain.signals import Severity
from tests.unit.domain.observations import NAME, WINDOW, at, seen
from tests.unit.domain.test_series_stored import Store

LATE = 500.0


def homed(update: SeriesUpdate) -> SeriesUpdate:
    """Every new episode in an incident that follows from its id, every seventh in none."""
    for episode in update.opened:
        if episode.id.int % 7:
            update = update.homed(episode.id, UUID(int=9000 + episode.id.int))
    return update


def is_repeat(head: SeriesHead, item: Observation) -> bool:
    said = (item.status, item.occurred_at, item.episode_started_at, item.received_at)
    return not item.has_vendor_id and head.is_repeated_by(*said)


class WithHead:
    """A store whose series is recorded on its head wherever that is possible."""

    def __init__(self) -> None:
        self.store = Store()
        self.head: SeriesHead | None = None
        self.ways: list[str] = []

    def record(self, batch: Sequence[Observation], now: float) -> tuple[object, ...]:
        head = self.head
        if head is not None and all(is_repeat(head, item) for item in batch):
            self.ways.append("repeat")
            last = max(item.received_at for item in batch)
            expiries = [item.expires_at for item in batch if item.expires_at is not None]
            self.head = head.seen_again(last, max(expiries, default=None))
            self.store.facts[head.newest.signal_id] = self.head.newest
            return ("repeat",) * len(batch)
        covered = head is not None and head.covers(batch, WINDOW)
        self.ways.append("head" if covered else "whole")
        history = head.history(NAME) if head is not None and covered else self.store.history()
        update = homed(history.record(batch, window=WINDOW, now=at(now)))
        self.store.keep(update)
        self.head = SeriesHead.after(update, head if covered else None)
        return tuple(update.decisions)


def outcome(history: SeriesHistory, now: float) -> tuple[object, ...]:
    """What the episodes and memberships come to at a moment."""
    told = history.advance(window=WINDOW, now=at(now)).history
    facts = sorted(told.facts, key=lambda fact: fact.ordinal)
    members = sorted(told.memberships, key=lambda member: member.signal_id)
    return facts, sorted(told.episodes, key=lambda episode: episode.id), members


def ends(store: Store) -> set[tuple[object, ...]]:
    """What is stored of the ends that something other than time brought about."""
    told = (EpisodeEnd.RESOLVED, EpisodeEnd.SUPERSEDED)
    return {(e.id, e.ended_at, e.end_seen_at) for e in store.episodes.values() if e.end in told}


@st.composite
def batches(draw: st.DrawFn, item: Callable[[int, int], st.SearchStrategy[Observation]]) -> list[list[Observation]]:
    """Batches in the order of their receipt, as a rule about things that have just happened."""
    found: list[list[Observation]] = []
    number = clock = 0
    for _ in range(draw(st.integers(1, 7))):
        clock += draw(st.integers(0, 9))
        batch = []
        for _ in range(draw(st.integers(1, 3))):
            number += 1
            batch.append(draw(item(number, clock)))
        found.append(batch)
    return found


def unstated(number: int, clock: int) -> st.SearchStrategy[Observation]:
    return st.builds(
        lambda late, ahead, early, resolved, named, info, expires, worse: seen(
            number,
            max(0, clock - late + ahead),
            received=clock - early,
            resolved=resolved,
            named=named,
            expires=None if expires is None else clock + expires,
            severity=Severity.INFO if info else Severity.CRITICAL if worse else Severity.HIGH,
        ),
        st.sampled_from((0, 0, 0, 0, 0, 1, 3, 14)),
        st.sampled_from((0, 0, 0, 0, 0, 0, 1, 4)),
        st.sampled_from((0, 0, 0, 0, 0.5, 3)),
        st.sampled_from((False, False, True)),
        st.booleans(),
        st.booleans(),
        st.sampled_from((None, None, None, 4, -4)),
        st.booleans(),
    )


def stated(number: int, clock: int) -> st.SearchStrategy[Observation]:
    return st.builds(
        lambda age, resolved, late, early, named, loose: seen(
            number,
            max(0, clock - late) if resolved else clock // age * age + late,
            received=clock - early,
            resolved=resolved,
            named=named,
            started=None if loose else clock // age * age,
        ),
        st.sampled_from((5, 5, 5, 3)),
        st.sampled_from((False, False, True)),
        st.sampled_from((0, 0, 0, 1, 4)),
        st.sampled_from((0, 0, 0, 0, 0.5)),
        st.booleans(),
        st.sampled_from((False,) * 9 + (True,)),
    )


def assert_agreement(rows: Sequence[Sequence[Observation]]) -> list[str]:
    """Record both ways, and return which way each batch took on the head."""
    whole, quick = Store(), WithHead()
    for batch in rows:
        now = max(item.received_at for item in batch)
        hours = (now - at(0)).total_seconds() / 3600
        update = homed(whole.history().record(batch, window=WINDOW, now=now))
        whole.keep(update)
        decisions = quick.record(batch, hours)
        assert [str(word) for word in decisions] == [str(word) for word in update.decisions]
        assert outcome(quick.store.history(), hours) == outcome(whole.history(), hours)
        assert ends(quick.store) == ends(whole)
    assert outcome(quick.store.history(), LATE) == outcome(whole.history(), LATE)
    return quick.ways


@given(batches(unstated))
def test_recording_on_the_head_gives_what_the_whole_history_gives(rows: list[list[Observation]]) -> None:
    for way in assert_agreement(rows):
        event(way)


@given(batches(stated))
def test_the_same_where_the_vendor_states_when_a_run_began(rows: list[list[Observation]]) -> None:
    for way in assert_agreement(rows):
        event(way)


PASTS: dict[str, list[list[Observation]]] = {
    "a sender whose clock runs ahead fired before it resolved, and after": [
        [seen(1, 13, received=12.5), seen(2, 12, received=13, resolved=True)],
        [seen(3, 13.5, received=10.5)],
        [seen(4, 19.5, received=22)],
    ],
    "a resolve by a clock that runs ahead ended nothing yet": [
        [seen(1, 0)],
        [seen(2, 13, received=10, resolved=True)],
        [seen(3, 14, received=13)],
    ],
    "what is received later was heard of earlier, and ended the run before": [
        [seen(1, 0, started=0)],
        [seen(2, 5.2, received=6, started=5)],
        [seen(3, 5.5, received=5.5, started=5)],
    ],
    "two say the same, and the first of them is repeated": [
        [seen(1, 8, received=8)],
        [seen(2, 8, received=8.5, named=True)],
        [seen(3, 8, received=9)],
    ],
    "what had expired when it came goes on": [
        [seen(1, 0, received=3, expires=2)],
        [seen(2, 4, expires=6)],
        [seen(3, 5)],
    ],
    "what had fallen silent is seen again": [
        [seen(1, 0)],
        [seen(2, 20)],
        [seen(3, 21, resolved=True)],
        [seen(4, 0, received=22), seen(5, 22)],
    ],
}


@pytest.mark.parametrize("past", PASTS)
def test_the_same_where_more_of_the_past_matters_than_the_head_knows(past: str) -> None:
    assert_agreement(PASTS[past])


def test_a_storm_of_duplicates_and_repeats_in_order_never_needs_the_whole_history() -> None:
    quick = WithHead()
    quick.record([seen(1, 0)], 0)
    for number in range(2, 40):
        quick.record([seen(number, number / 10, named=number % 2 == 0)], number / 10)
        quick.record([seen(100 + number, number / 10, received=number / 10 + 0.05)], number / 10 + 0.05)
    quick.record([seen(200, 8, resolved=True)], 8)
    quick.record([seen(201, 9)], 9)
    assert quick.ways.count("whole") == 1
    assert {fact.ordinal for fact in quick.store.facts.values()} == set(range(1, 42))


def test_the_head_says_no_where_the_past_could_matter() -> None:
    quick = WithHead()
    quick.record([seen(1, 10), seen(2, 14)], 14)
    head = quick.head
    assert head is not None
    told = {
        "before the start": seen(3, 9, received=15, named=True),
        "a resolve in the middle": seen(3, 12, received=15, resolved=True, named=True),
        "perhaps a repeat": seen(3, 12, received=15),
        "a redelivery": seen(3, 15, named=True, known=1),
        "with a start of its own": seen(3, 15, named=True, started=15),
    }
    for why, item in told.items():
        assert not head.covers([item], WINDOW), why
    assert head.covers([seen(3, 12, received=15, named=True), seen(4, 16), seen(5, 15, resolved=True)], WINDOW)
    assert not attrs.evolve(head, is_stated=None).covers([seen(4, 16)], WINDOW)
