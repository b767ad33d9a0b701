"""Episodes are a pure function of the set of a series' signals."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.decisions import EpisodeEnd
from sre_copilot.domain.episodes import DEDUP_WINDOW, Fact, runs
from sre_copilot.domain.signals import Severity, SignalStatus

START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = timedelta(hours=12)
LATER = START + timedelta(days=9)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def fact(
    number: int,
    hours: float,
    *,
    resolved: bool = False,
    started: float | None = None,
    expires: float | None = None,
    seen: float | None = None,
    received: float | None = None,
) -> Fact:
    first = at(hours if received is None else received)
    return Fact(
        signal_id=UUID(int=number),
        ordinal=number,
        status=SignalStatus.RESOLVED if resolved else SignalStatus.FIRING,
        occurred_at=at(hours),
        received_at=first,
        severity=Severity.HIGH,
        last_seen_at=first if seen is None else at(seen),
        episode_started_at=None if started is None else at(started),
        expires_at=None if expires is None else at(expires),
    )


def spans(
    facts: list[Fact], now: datetime = LATER, window: timedelta = WINDOW
) -> list[tuple[float, float | None, str | None]]:
    return [
        (
            (run.started_at - START) / timedelta(hours=1),
            None if run.ended_at is None else (run.ended_at - START) / timedelta(hours=1),
            run.end.value if run.end else None,
        )
        for run in runs(facts, window=window, now=now)
    ]


def test_the_default_window_is_twelve_hours() -> None:
    assert timedelta(hours=12) == DEDUP_WINDOW


def test_without_signals_there_are_no_episodes() -> None:
    assert runs([], window=WINDOW, now=LATER) == ()


@pytest.mark.parametrize(
    ("facts", "now", "expected"),
    [
        pytest.param([fact(1, 0)], 1, [(0, None, None)], id="a firing opens an episode"),
        pytest.param([fact(1, 0), fact(2, 3)], 4, [(0, None, None)], id="another firing belongs to it"),
        pytest.param([fact(1, 0), fact(2, 2, resolved=True)], 3, [(0, 2, "resolved")], id="a resolve ends it"),
        pytest.param(
            [fact(1, 1), fact(2, 1, resolved=True)], 3, [(1, 1, "resolved")], id="a firing counts before a resolve"
        ),
        pytest.param([fact(1, 2, resolved=True)], 3, [], id="a resolve that matches nothing opens nothing"),
        pytest.param(
            [fact(1, 5), fact(2, 2, resolved=True)], 6, [(5, None, None)], id="an earlier resolve ends nothing"
        ),
        pytest.param(
            [fact(1, 0), fact(2, 2, resolved=True), fact(3, 3)],
            4,
            [(0, 2, "resolved"), (3, None, None)],
            id="then it fires again",
        ),
        pytest.param(
            [fact(1, 0), fact(2, 1, resolved=True), fact(3, 2, resolved=True)],
            3,
            [(0, 1, "resolved")],
            id="a second resolve changes nothing",
        ),
        pytest.param([fact(1, 0)], 12, [(0, None, None)], id="silence as long as the window is not longer"),
        pytest.param([fact(1, 0)], 12.01, [(0, 12, "silent")], id="longer silence ends it"),
        pytest.param(
            [fact(1, 0), fact(2, 12)], 13, [(0, None, None)], id="a firing at the very end of the window belongs"
        ),
        pytest.param(
            [fact(1, 0), fact(2, 12.01)], 13, [(0, 12, "silent"), (12.01, None, None)], id="one after it does not"
        ),
        pytest.param([fact(1, 0, seen=6), fact(2, 17)], 18, [(0, None, None)], id="a repeat keeps it going"),
        pytest.param(
            [fact(1, 0), fact(2, 13, resolved=True)],
            14,
            [(0, 12, "silent")],
            id="a resolve after silence comes too late",
        ),
        pytest.param([fact(1, 0, started=0)], 100, [(0, None, None)], id="a stated start outlasts any silence"),
        pytest.param(
            [fact(1, 0, started=0), fact(2, 3, started=3)],
            4,
            [(0, 3, "superseded"), (3, None, None)],
            id="a later start supersedes",
        ),
        pytest.param(
            [fact(1, 0, started=0), fact(2, 1, resolved=True, started=0), fact(3, 3, started=3)],
            4,
            [(0, 1, "resolved"), (3, None, None)],
            id="a resolve ends the run that it names",
        ),
        pytest.param(
            [fact(1, 3, started=3), fact(2, 4, resolved=True, started=0)], 5, [(3, None, None)], id="and no other run"
        ),
        pytest.param(
            [fact(1, 0, started=0), fact(2, -1, resolved=True, started=0)],
            1,
            [(0, 0, "resolved")],
            id="no end before its start",
        ),
        pytest.param(
            [fact(1, 0, started=0), fact(2, 2, resolved=True)],
            3,
            [(0, 2, "resolved")],
            id="a resolve without a start ends the run it falls into",
        ),
        pytest.param(
            [fact(1, 0, started=0), fact(2, 3, started=3), fact(3, 1, resolved=True)],
            4,
            [(0, 1, "resolved"), (3, None, None)],
            id="even where a later run exists",
        ),
        pytest.param(
            [fact(1, 2, started=2), fact(2, 1, resolved=True)], 3, [(2, None, None)], id="but none that began after it"
        ),
        pytest.param(
            [fact(1, 2, started=2), fact(2, 2, resolved=True)],
            3,
            [(2, 2, "resolved")],
            id="one that began in the same moment does",
        ),
        pytest.param(
            [fact(1, 0), fact(2, 0, started=0)],
            1,
            [(0, 0, "superseded"), (0, None, None)],
            id="of two that began in one moment the stated comes first",
        ),
        pytest.param([fact(1, 0, started=0, expires=2)], 1.99, [(0, None, None)], id="before its expiry it is open"),
        pytest.param([fact(1, 0, started=0, expires=2)], 2, [(0, 2, "expired")], id="at its expiry it has expired"),
        pytest.param(
            [fact(1, 0, started=0, expires=2), fact(2, 1.5, resolved=True, started=0)],
            3,
            [(0, 1.5, "resolved")],
            id="a resolve beats an expiry",
        ),
        pytest.param(
            [fact(1, 0, started=0, expires=2), fact(2, 3, started=3, expires=9)],
            4,
            [(0, 2, "expired"), (3, None, None)],
            id="an expiry before the next start beats it",
        ),
        pytest.param(
            [fact(1, 0, started=0, expires=5), fact(2, 3, started=3, expires=9)],
            4,
            [(0, 3, "superseded"), (3, None, None)],
            id="a start before the expiry supersedes",
        ),
        pytest.param(
            [fact(1, 0, started=0, expires=5), fact(2, 3, started=3, expires=9)],
            6,
            [(0, 3, "superseded"), (3, None, None)],
            id="also once the expiry has passed",
        ),
        pytest.param([fact(1, 4), fact(2, 0)], 5, [(0, None, None)], id="a late, earlier firing moves the start"),
    ],
)
def test_the_rules_of_episodes(
    facts: list[Fact], now: float, expected: list[tuple[float, float | None, str | None]]
) -> None:
    for order in permutations(facts):
        assert spans(list(order), at(now)) == expected


def test_a_late_resolve_splits_an_episode_and_the_later_part_gets_its_own_original() -> None:
    first, second = runs([fact(1, 0), fact(2, 5), fact(3, 6), fact(4, 3, resolved=True)], window=WINDOW, now=at(7))
    assert (first.original.ordinal, second.original.ordinal) == (1, 2)
    assert [f.ordinal for f in second.firings] == [2, 3]
    assert first.resolve_id == UUID(int=4)


def test_the_original_is_the_first_recorded_not_the_earliest() -> None:
    (run,) = runs([fact(2, 0), fact(1, 4)], window=WINDOW, now=at(5))
    assert run.original.ordinal == 1
    assert run.started_at == at(0)


def test_the_end_was_seen_when_its_resolve_came_but_never_before_it_happened() -> None:
    late = runs([fact(1, 0), fact(2, 2, resolved=True, received=5)], window=WINDOW, now=at(6))
    early = runs([fact(1, 0), fact(2, 2, resolved=True, received=1)], window=WINDOW, now=at(6))
    assert (late[0].end_seen_at, early[0].end_seen_at) == (at(5), at(2))


def test_a_senders_clock_that_runs_ahead_does_not_keep_a_resolve_by_ours_from_ending_its_episode() -> None:
    ahead = fact(1, 0.5, received=0)
    assert spans([ahead, fact(2, 0.25, resolved=True)], now=at(1)) == [(0.5, 0.5, "resolved")]
    assert spans([fact(1, 0.5, received=0, started=0.5), fact(2, 0.25, resolved=True)], now=at(1)) == [
        (0.5, 0.5, "resolved")
    ]
    assert spans([ahead, fact(2, 0.25, resolved=True), fact(3, 0.75)], now=at(1)) == [
        (0.5, 0.5, "resolved"),
        (0.75, None, None),
    ]


def test_when_an_end_was_learnt_does_not_depend_on_which_of_two_messages_was_recorded_first() -> None:
    first, second = fact(2, 5, started=5, received=7), fact(3, 5.5, started=5, received=6)
    for ordinals in ((1, 2), (2, 1)):
        following = [attrs.evolve(one, ordinal=ordinal) for one, ordinal in zip((first, second), ordinals, strict=True)]
        (ended, _) = runs([fact(1, 0, started=0), *following], window=WINDOW, now=at(8))
        assert (ended.end, ended.end_seen_at) == (EpisodeEnd.SUPERSEDED, at(6))


def test_an_open_episode_knows_when_time_alone_would_end_it() -> None:
    (silent,) = runs([fact(1, 0, seen=2)], window=WINDOW, now=at(3))
    (expiring,) = runs([fact(1, 0, started=0, expires=2)], window=WINDOW, now=at(1))
    (stated,) = runs([fact(1, 0, started=0)], window=WINDOW, now=at(1))
    assert (silent.due_at, expiring.due_at, stated.due_at) == (at(14), at(2), None)
    assert silent.last_seen_at == at(2)


def test_an_episode_says_whether_the_vendor_stated_its_start() -> None:
    found = runs([fact(1, 0), fact(2, 20, started=20)], window=WINDOW, now=at(21))
    assert [run.stated for run in found] == [False, True]


def test_an_ended_episode_is_due_no_more() -> None:
    ended = runs([fact(1, 0, started=0, expires=5), fact(2, 3, started=3)], window=WINDOW, now=at(4))[0]
    assert ended.due_at is None
    assert ended.end_seen_at == at(3)


def test_seeing_a_signal_again_only_widens_what_is_known_of_it() -> None:
    seen = fact(1, 0, expires=5, seen=4)
    assert seen.seen_again(at(3), at(4)) == seen
    assert seen.seen_again(at(6), at(7)) == attrs.evolve(seen, last_seen_at=at(6), expires_at=at(7))
    assert fact(1, 0).seen_again(at(1), None).expires_at is None
    assert fact(1, 0, received=2).seen_again(at(1), None) == fact(1, 0, received=1, seen=2)


facts_of_a_series = st.lists(
    st.builds(
        lambda hours, resolved, started, expires: (hours, resolved, started, expires),
        st.integers(0, 40),
        st.booleans(),
        st.none() | st.integers(0, 40),
        st.none() | st.integers(0, 60),
    ),
    max_size=7,
).map(lambda rows: [fact(n, h, resolved=r, started=s, expires=e) for n, (h, r, s, e) in enumerate(rows, 1)])


@given(facts_of_a_series, st.randoms(use_true_random=False), st.integers(0, 100))
def test_any_order_gives_the_same_episodes(facts: list[Fact], random: object, now: int) -> None:
    shuffled = list(facts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert runs(shuffled, window=WINDOW, now=at(now)) == runs(facts, window=WINDOW, now=at(now))


@given(facts_of_a_series, st.integers(0, 100))
def test_every_firing_belongs_to_exactly_one_episode_and_at_most_the_last_is_open(facts: list[Fact], now: int) -> None:
    found = runs(facts, window=WINDOW, now=at(now))
    members = [f.signal_id for run in found for f in run.firings]
    assert sorted(members) == sorted(f.signal_id for f in facts if f.status is SignalStatus.FIRING)
    assert not any(run.is_open for run in found[:-1])
    for run in found:
        assert (run.ended_at is None) == (run.end is None) == (run.end_seen_at is None)
        assert run.ended_at is None or run.ended_at >= run.started_at
        assert (run.end is EpisodeEnd.RESOLVED) == (run.resolve_id is not None)
        assert run.due_at is None or run.is_open


@given(facts_of_a_series, st.integers(0, 60), st.integers(0, 60))
def test_time_only_ever_ends_episodes(facts: list[Fact], now: int, more: int) -> None:
    before = runs(facts, window=WINDOW, now=at(now))
    after = runs(facts, window=WINDOW, now=at(now + more))
    assert [run.started_at for run in before] == [run.started_at for run in after]
    for early, late in zip(before, after, strict=True):
        assert early.is_open or early.ended_at == late.ended_at
