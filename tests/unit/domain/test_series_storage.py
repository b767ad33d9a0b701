"""What an update of a series asks to be stored: all of it, and nothing else."""

from uuid import UUID

import attrs

from sre_copilot.domain.decisions import Decision, EpisodeEnd
from sre_copilot.domain.episodes import Fact
from sre_copilot.domain.observations import Observation
from sre_copilot.domain.series import SeriesHistory, SeriesUpdate
from sre_copilot.domain.signals import Severity, SignalStatus
from sre_copilot.domain.stored_episodes import Episode, Membership
from tests.unit.domain.observations import EMPTY, INCIDENT, NAME, WINDOW, at, seen

ELSEWHERE = UUID(int=9001)


def record(history: SeriesHistory, *items: Observation, now: float) -> SeriesUpdate:
    return history.record(items, window=WINDOW, now=at(now))


def homed(history: SeriesHistory, *items: Observation, now: float) -> SeriesHistory:
    """The series with these recorded one by one, every new episode in the incident."""
    for item in items:
        update = record(history, item, now=now)
        for episode in update.opened:
            update = update.homed(episode.id, INCIDENT)
        history = update.history
    return history


def member(number: int, episode: int | None, *, of: int | None = None, incident: UUID | None = INCIDENT) -> Membership:
    return Membership(
        signal_id=UUID(int=number),
        episode_id=None if episode is None else UUID(int=episode),
        incident_id=incident,
        original_id=None if of is None else UUID(int=of),
    )


def test_a_new_signal_is_kept_with_all_that_it_said() -> None:
    update = record(EMPTY, seen(1, 2, received=3, started=1, expires=9), now=4)
    fact = Fact(
        signal_id=UUID(int=1),
        ordinal=1,
        status=SignalStatus.FIRING,
        occurred_at=at(2),
        received_at=at(3),
        last_seen_at=at(3),
        severity=Severity.HIGH,
        episode_started_at=at(1),
        expires_at=at(9),
    )
    episode = Episode(
        id=UUID(int=1001),
        fingerprint=NAME,
        original_id=UUID(int=1),
        started_at=at(1),
        last_seen_at=at(3),
        due_at=at(9),
    )
    members = (member(1, 1001, incident=None),)
    assert update == SeriesUpdate(
        history=SeriesHistory(fingerprint=NAME, facts=(fact,), episodes=(episode,), memberships=members),
        decisions=(Decision.NEW_EPISODE,),
        opened=(episode,),
        saved=(episode,),
        memberships=members,
        begun=frozenset({episode.id}),
    )


def test_an_end_is_saved_with_its_time_its_reason_and_when_it_was_learnt() -> None:
    history = homed(EMPTY, seen(1, 0), now=1)
    update = record(history, seen(2, 2, resolved=True, received=3), now=4)
    assert update.saved == (
        Episode(
            id=UUID(int=1001),
            fingerprint=NAME,
            original_id=UUID(int=1),
            started_at=at(0),
            last_seen_at=at(0),
            incident_id=INCIDENT,
            ended_at=at(2),
            end=EpisodeEnd.RESOLVED,
            end_seen_at=at(3),
        ),
    )
    assert update.memberships == (member(2, 1001),)
    assert (update.opened, update.reopened, update.dropped, update.sightings) == ((), (), (), ())


def test_a_late_earlier_firing_moves_the_start() -> None:
    history = homed(EMPTY, seen(1, 5), now=6)
    update = record(history, seen(2, 3), now=6)
    assert [(e.started_at, e.original_id.int) for e in update.saved] == [(at(3), 1)]
    assert update.memberships == (member(2, 1001, of=1),)


def test_rows_are_counted_in_the_order_of_recording_over_all_batches() -> None:
    history = record(EMPTY, seen(1, 0), seen(2, 1), seen(3, 2, resolved=True), now=2).history
    again = record(history, seen(4, 3), seen(5, 0), seen(6, 4), now=4)
    assert again.decisions == (Decision.NEW_EPISODE, Decision.REPEAT, Decision.DUPLICATE)
    assert [(fact.signal_id.int, fact.ordinal) for fact in again.history.facts] == [
        (1, 1),
        (2, 2),
        (3, 3),
        (4, 4),
        (6, 5),
    ]


def test_a_repeat_moves_the_expiry_forward_and_never_back() -> None:
    history = record(EMPTY, seen(1, 0, expires=5), now=1).history
    later = record(history, seen(2, 0, received=2, expires=7), now=2)
    assert [(fact.last_seen_at, fact.expires_at) for fact in later.sightings] == [(at(2), at(7))]
    assert [episode.due_at for episode in later.saved] == [at(7)]
    earlier = record(later.history, seen(3, 0, received=1, expires=6), now=2)
    assert earlier.sightings == later.sightings
    assert earlier.saved == ()


def test_a_redelivery_moves_times_forward_like_a_repeat() -> None:
    history = record(EMPTY, seen(1, 0, named=True, expires=5), now=1).history
    update = record(history, seen(2, 4, named=True, known=1, received=3, expires=9), now=3)
    assert update.decisions == (Decision.REDELIVERY,)
    assert [(fact.occurred_at, fact.last_seen_at, fact.expires_at) for fact in update.sightings] == [
        (at(0), at(3), at(9))
    ]


def test_signals_that_differ_in_their_stated_start_are_no_repeats() -> None:
    update = record(EMPTY, seen(1, 0, started=0), seen(2, 0, started=-1), seen(3, 0), now=1)
    assert Decision.REPEAT not in update.decisions


def test_a_part_split_off_by_a_resolve_is_named_after_its_original() -> None:
    history = homed(EMPTY, seen(1, 0), seen(2, 5), seen(3, 6), now=7)
    update = record(history, seen(4, 3, resolved=True), now=7)
    assert [episode.id.int for episode in update.history.episodes] == [1001, 2]
    assert update.opened == ()
    assert {m.signal_id.int: m for m in update.memberships} == {
        2: member(2, 2),
        3: member(3, 2, of=2),
        4: member(4, 1001),
    }


def test_a_part_split_off_together_with_a_new_firing_takes_the_name_that_came_with_that() -> None:
    history = homed(EMPTY, seen(1, 0), seen(2, 5), now=7)
    update = record(history, seen(4, 3, resolved=True), seen(5, 6), now=7)
    assert update.decisions == (Decision.RESOLVED, Decision.DUPLICATE)
    assert [(e.id.int, e.original_id.int, e.incident_id) for e in update.history.episodes] == [
        (1001, 1, INCIDENT),
        (1005, 2, INCIDENT),
    ]


def test_an_episode_that_an_earlier_recorded_signal_joins_takes_that_as_its_original() -> None:
    history = homed(EMPTY, seen(1, 0), seen(2, 10), seen(3, 30), now=31)
    assert [(e.id.int, e.original_id.int) for e in history.episodes] == [(1001, 1), (1003, 3)]
    update = record(history, seen(4, 5, resolved=True), seen(5, 21), now=31)
    assert [(e.id.int, e.original_id.int) for e in update.history.episodes] == [(1001, 1), (1003, 2)]
    assert {m for m in update.history.memberships if m.episode_id == UUID(int=1003)} == {
        member(2, 1003),
        member(3, 1003, of=2),
        member(5, 1003, of=2),
    }


def test_a_resolve_that_an_earlier_one_takes_the_place_of_belongs_nowhere_any_more() -> None:
    history = homed(EMPTY, seen(1, 0), seen(2, 5, resolved=True), now=6)
    update = record(history, seen(3, 3, resolved=True), now=6)
    assert {m.signal_id.int: m for m in update.memberships} == {
        2: member(2, None, incident=None),
        3: member(3, 1001),
    }
    assert [episode.ended_at for episode in update.saved] == [at(3)]


def test_homing_one_episode_leaves_the_others_where_they_are_and_forgets_nothing() -> None:
    history = homed(EMPTY, seen(1, 0), seen(2, 5, resolved=True), now=6)
    update = record(history, seen(3, 3, resolved=True), seen(4, 8), seen(5, 9, resolved=True), seen(6, 9.5), now=10)
    assert [episode.id.int for episode in update.opened] == [1004, 1006]
    moved = update.homed(UUID(int=1004), ELSEWHERE, waiting=True)
    assert [(e.id.int, e.incident_id, e.waiting) for e in moved.opened] == [
        (1004, ELSEWHERE, True),
        (1006, None, False),
    ]
    assert [(e.id.int, e.incident_id, e.is_open) for e in moved.saved] == [
        (1001, INCIDENT, False),
        (1004, ELSEWHERE, False),
        (1006, None, True),
    ]
    assert moved.history.episodes == moved.saved
    expected = {
        2: member(2, None, incident=None),
        3: member(3, 1001),
        4: attrs.evolve(member(4, 1004, incident=ELSEWHERE), waiting=True),
        5: member(5, 1004, incident=ELSEWHERE),
        6: member(6, 1006, incident=None),
    }
    assert {m.signal_id.int: m for m in moved.memberships} == expected
    assert len(moved.memberships) == len(expected)
    assert set(moved.history.memberships) == {member(1, 1001), *(m for m in expected.values() if m.episode_id)}


def test_homing_an_episode_that_did_not_change_saves_it_with_its_signals() -> None:
    history = record(EMPTY, seen(1, 0), seen(2, 1), now=1).history
    update = history.advance(window=WINDOW, now=at(2))
    assert (update.saved, update.memberships, update.opened) == ((), (), ())
    moved = update.homed(UUID(int=1001), INCIDENT)
    assert [(e.id.int, e.incident_id, e.waiting) for e in moved.saved] == [(1001, INCIDENT, False)]
    assert moved.memberships == (member(1, 1001), member(2, 1001, of=1))


def test_closings_are_saved_before_openings() -> None:
    history = homed(EMPTY, seen(1, 0, started=0), now=1)
    update = record(history, seen(2, 5, started=5), now=6)
    assert [(e.id.int, e.end) for e in update.saved] == [(1001, EpisodeEnd.SUPERSEDED), (1002, None)]


def test_an_episode_that_is_new_or_stays_open_is_not_reopened() -> None:
    update = record(homed(EMPTY, seen(1, 0), now=1), seen(2, 0.5), now=1)
    assert update.reopened == ()
    assert record(EMPTY, seen(1, 0), now=1).reopened == ()


def test_an_episode_is_as_severe_as_the_worst_firing_in_it_whatever_came_first() -> None:
    first = seen(1, 1, severity=Severity.LOW)
    worst = seen(2, 2, severity=Severity.CRITICAL)
    last = seen(3, 3, severity=Severity.MEDIUM)
    end = seen(4, 4, resolved=True, severity=Severity.CRITICAL)
    other = seen(5, 5, severity=Severity.INFO)
    for order in ((first, worst, last), (worst, last, first), (last, first, worst)):
        history = record(EMPTY, *order, end, other, now=6).history
        assert [history.severity(episode.id) for episode in history.episodes] == [Severity.CRITICAL, Severity.INFO]


def test_a_resolve_says_nothing_of_how_severe_an_episode_is() -> None:
    end = seen(2, 2, resolved=True, severity=Severity.CRITICAL)
    history = record(EMPTY, seen(1, 1, severity=Severity.LOW), end, now=3).history
    assert [history.severity(episode.id) for episode in history.episodes] == [Severity.LOW]
