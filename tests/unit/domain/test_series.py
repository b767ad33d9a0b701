"""A series: what a new signal does to its episodes."""

from datetime import datetime
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.decisions import Decision
from sre_copilot.domain.observations import Observation
from sre_copilot.domain.series import SeriesHistory
from tests.unit.domain.observations import EMPTY, INCIDENT, WINDOW, at, seen


def recorded(history: SeriesHistory, *items: Observation, now: float = 100) -> tuple[SeriesHistory, list[Decision]]:
    """Record one by one, put every new episode into one incident, and return what became of each."""
    decisions: list[Decision] = []
    for item in items:
        update = history.record([item], window=WINDOW, now=at(now))
        for episode in update.opened:
            update = update.homed(episode.id, INCIDENT)
        decisions += update.decisions
        history = update.history
    return history, decisions


def test_the_first_firing_opens_an_episode_and_the_next_is_a_duplicate() -> None:
    history, decisions = recorded(EMPTY, seen(1, 0), seen(2, 1), now=2)
    assert decisions == [Decision.NEW_EPISODE, Decision.DUPLICATE]
    assert [(m.signal_id.int, m.original_id and m.original_id.int) for m in history.memberships] == [(1, None), (2, 1)]


def test_the_same_again_is_a_repeat_and_moves_its_time_forward() -> None:
    history, _ = recorded(EMPTY, seen(1, 0), now=2)
    update = history.record([seen(2, 0, received=5)], window=WINDOW, now=at(6))
    assert update.decisions == (Decision.REPEAT,)
    assert [fact.last_seen_at for fact in update.sightings] == [at(5)]
    assert len(update.history.facts) == 1
    assert update.saved[0].last_seen_at == at(5)
    assert not update.opened


def test_events_that_the_vendor_names_are_repeats_only_by_their_id() -> None:
    history, decisions = recorded(
        EMPTY, seen(1, 0, named=True), seen(2, 0, named=True), seen(3, 0, named=True, known=1), now=2
    )
    assert decisions == [Decision.NEW_EPISODE, Decision.DUPLICATE, Decision.REDELIVERY]
    assert len(history.facts) == 2


def test_a_known_signal_of_another_series_is_a_redelivery_that_moves_nothing_here() -> None:
    update = EMPTY.record([seen(2, 0, named=True, known=77)], window=WINDOW, now=at(1))
    assert update.decisions == (Decision.REDELIVERY,)
    assert update.sightings == ()


def test_two_equal_signals_of_one_batch_are_one_signal_and_one_repeat() -> None:
    update = EMPTY.record([seen(1, 0), seen(2, 0)], window=WINDOW, now=at(1))
    assert update.decisions == (Decision.NEW_EPISODE, Decision.REPEAT)
    assert update.sightings == ()
    # Those of a batch may come one after the other, and when the last came has to be stored.
    update = EMPTY.record([seen(1, 0), seen(2, 0, received=1)], window=WINDOW, now=at(1))
    assert [(fact.signal_id.int, fact.last_seen_at) for fact in update.sightings] == [(1, at(1))]
    assert update.history.facts[0].last_seen_at == at(1)


def test_a_resolve_ends_the_episode_or_is_an_orphan() -> None:
    _, decisions = recorded(EMPTY, seen(1, 0, resolved=True), seen(2, 1), seen(3, 2, resolved=True), now=3)
    assert decisions == [Decision.ORPHAN_RESOLVE, Decision.NEW_EPISODE, Decision.RESOLVED]


def test_a_change_is_recorded_once_and_opens_nothing() -> None:
    history, decisions = recorded(EMPTY, seen(1, 0, moment=True), seen(2, 0, moment=True), now=2)
    assert decisions == [Decision.CHANGE, Decision.REPEAT]
    assert history.episodes == ()


def test_a_late_resolve_splits_an_episode_whose_later_part_stays_in_the_incident() -> None:
    history, _ = recorded(EMPTY, seen(1, 0), seen(2, 5), seen(3, 6), now=7)
    update = history.record([seen(4, 3, resolved=True)], window=WINDOW, now=at(7))
    assert update.decisions == (Decision.RESOLVED,)
    assert not update.opened
    first, second = update.history.episodes
    assert first.incident_id == second.incident_id == INCIDENT
    assert (first.original_id.int, second.original_id.int) == (1, 2)
    assert [episode.is_open for episode in update.saved] == [False, True]
    changed = {m.signal_id.int: m.original_id and m.original_id.int for m in update.memberships}
    assert changed == {2: None, 3: 2, 4: None}
    assert update.moved == {INCIDENT}
    # What comes in order moves nothing: whoever keeps an incident in mind would read it again each time.
    assert not update.history.record([seen(5, 8), seen(6, 9, resolved=True)], window=WINDOW, now=at(9)).moved


def test_episodes_merge_when_what_lay_between_arrives_and_the_first_recorded_stays() -> None:
    history, _ = recorded(EMPTY, seen(1, 0), seen(2, 20), now=21)
    assert len(history.episodes) == 2
    update = history.record([seen(3, 10)], window=WINDOW, now=at(21))
    assert update.decisions == (Decision.DUPLICATE,)
    assert [e.original_id.int for e in update.history.episodes] == [1]
    assert [one.int for one in update.dropped] == [1002]
    assert update.moved == {INCIDENT}


def test_an_episode_that_turns_out_to_have_begun_earlier_moves_its_incident() -> None:
    history, _ = recorded(EMPTY, seen(1, 5), now=6)
    update = history.record([seen(2, 3)], window=WINDOW, now=at(7))
    (episode,) = update.history.episodes
    assert (episode.incident_id, episode.started_at) == (INCIDENT, at(3))
    assert update.moved == {INCIDENT}


def test_time_ends_what_was_silent() -> None:
    history, _ = recorded(EMPTY, seen(1, 0), now=1)
    assert history.advance(window=WINDOW, now=at(12)).saved == ()
    (ended,) = history.advance(window=WINDOW, now=at(13)).saved
    assert ended.ended_at == at(12)


def test_an_episode_that_proves_to_go_on_is_reopened() -> None:
    history, _ = recorded(EMPTY, seen(1, 0), now=1)
    ended = history.advance(window=WINDOW, now=at(13)).history
    update = ended.record([seen(2, 0, received=13)], window=WINDOW, now=at(13))
    assert [episode.original_id.int for episode in update.reopened] == [1]


def test_homing_an_episode_takes_its_signals_along() -> None:
    update = EMPTY.record([seen(1, 0), seen(2, 1), seen(3, 2, resolved=True)], window=WINDOW, now=at(3))
    homed = update.homed(update.opened[0].id, INCIDENT)
    assert {member.incident_id for member in homed.memberships} == {INCIDENT}
    assert {episode.incident_id for episode in (*homed.saved, *homed.opened, *homed.history.episodes)} == {INCIDENT}


events = st.lists(
    st.tuples(st.integers(0, 30), st.booleans(), st.none() | st.integers(0, 30)), min_size=1, max_size=5, unique=True
)


def shape(history: SeriesHistory) -> list[tuple[datetime, datetime | None, int]]:
    sizes = {e.id: sum(m.episode_id == e.id for m in history.memberships) for e in history.episodes}
    return [(e.started_at, e.ended_at, sizes[e.id]) for e in history.episodes]


@given(events, st.randoms(use_true_random=False))
def test_any_order_and_repetition_ends_in_the_same_episodes(
    rows: list[tuple[int, bool, int | None]], random: object
) -> None:
    items = [seen(n, hours, resolved=resolved, started=started) for n, (hours, resolved, started) in enumerate(rows, 1)]
    straight, _ = recorded(EMPTY, *items)
    for order in list(permutations(items))[:24]:
        again, _ = recorded(EMPTY, *order, *order[:2])
        assert shape(again) == shape(straight)
        assert sum(episode.is_open for episode in again.episodes) <= 1


@given(
    st.integers(0, 30),
    st.none() | st.integers(-5, 30),
    st.none() | st.integers(-5, 40),
    st.integers(-2, 20),
    st.integers(0, 40),
    st.booleans(),
    st.integers(0, 3),
)
def test_one_firing_that_comes_alone_is_recorded_as_it_is_beside_a_change(
    hours: int, started: int | None, expires: int | None, late: int, more: int, named: bool, ordinal: int
) -> None:
    history = SeriesHistory(fingerprint="f" * 64, last_ordinal=ordinal, previous_incident_id=INCIDENT)
    item = seen(1, hours, received=hours + late, started=started, expires=expires, named=named)
    now = at(hours + late + more)
    alone, beside = (
        history.record(items, window=WINDOW, now=now) for items in ([item], [item, seen(2, 50, moment=True)])
    )
    assert alone.decisions == beside.decisions[:1]
    assert alone.history.facts == beside.history.facts[:1]
    assert alone.last_run == beside.last_run
    for name in ("opened", "saved", "memberships", "begun", "reopened", "dropped", "moved", "sightings"):
        assert getattr(alone, name) == getattr(beside, name)
    for name in ("fingerprint", "last_ordinal", "previous_incident_id", "episodes", "memberships"):
        assert getattr(alone.history, name) == getattr(beside.history, name)
