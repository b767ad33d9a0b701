"""Episodes: the runs of a series, as a pure function of the set of its recorded signals.

The same set gives the same episodes whatever order it arrived in and however often parts of it were
repeated. Time enters only as `now`, which decides what has expired or fallen silent.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from uuid import UUID

import attrs

from sre_copilot.domain.decisions import EpisodeEnd
from sre_copilot.domain.signals import Severity, SignalStatus
from sre_copilot.domain.values import quick_value

DEDUP_WINDOW = timedelta(hours=12)
"""Default silence after which an episode is over, for vendors that state no start of their own."""


@quick_value(kw_only=True)
class Fact:
    """One recorded signal of a series, as far as episodes need it.

    `ordinal` is the order of recording. `received_at` is the earliest receive time of the signal and its repeats,
    `last_seen_at` the latest, `expires_at` the latest expiry among them: whatever order they came in.
    """

    signal_id: UUID
    ordinal: int
    status: SignalStatus
    occurred_at: datetime
    received_at: datetime
    last_seen_at: datetime
    severity: Severity
    episode_started_at: datetime | None = None
    expires_at: datetime | None = None

    def seen_again(self, received_at: datetime, expires_at: datetime | None) -> "Fact":
        """Return the fact after a repeat or redelivery: what is known of it only ever widens."""
        return attrs.evolve(
            self,
            received_at=min(self.received_at, received_at),
            last_seen_at=max(self.last_seen_at, received_at),
            expires_at=_latest(self.expires_at, expires_at),
        )

    @property
    def known_from(self) -> datetime:
        """The moment that counts beside others': a sender's clock that runs ahead of ours starts nothing in the future."""
        return min(self.occurred_at, self.received_at) if self.status is SignalStatus.FIRING else self.occurred_at

    @property
    def active_until(self) -> datetime:
        """The last moment at which this firing signal is known to have been so."""
        return max(self.occurred_at, self.last_seen_at)


@quick_value(kw_only=True)
class Run:
    """One episode as computed. `firings` are in the order of recording; `ended_at` and `end` are None while it is open.

    `due_at` is when it ends by time alone unless something is heard of it: an expiry or the end of the dedup
    window; None where only the vendor can end it. `end_seen_at` is when we learnt of the end.
    """

    started_at: datetime
    firings: tuple[Fact, ...]
    stated: bool
    ended_at: datetime | None = None
    end: EpisodeEnd | None = None
    end_seen_at: datetime | None = None
    resolve_id: UUID | None = None
    due_at: datetime | None = None

    @property
    def original(self) -> Fact:
        """The first recorded firing signal."""
        return self.firings[0]

    @property
    def known_from(self) -> datetime:
        """The earliest moment at which anything of it counts."""
        return min(self.started_at, *(fact.known_from for fact in self.firings))

    @property
    def last_seen_at(self) -> datetime:
        """The last time anything said that it fires."""
        return max([fact.last_seen_at for fact in self.firings])

    @property
    def is_open(self) -> bool:
        """Whether it is still going on."""
        return self.ended_at is None


def runs(facts: Iterable[Fact], *, window: timedelta, now: datetime) -> tuple[Run, ...]:
    """Return the episodes of one series, by start. At most the last is open at `now`.

    A firing that states the start of its run belongs to that run alone. Firings that state none are split by
    resolves and by silence longer than `window`. At one instant a firing counts before a resolve.
    """
    known = list(facts)
    if len(known) == 1 and known[0].status is SignalStatus.FIRING:
        return (_ended_by_time(_alone(known[0]), window, now, is_last=True),)
    firings = [fact for fact in known if fact.status is SignalStatus.FIRING]
    resolves = sorted(
        (fact for fact in known if fact.status is SignalStatus.RESOLVED),
        key=lambda fact: (fact.occurred_at, fact.ordinal),
    )
    stated = _stated_runs(firings, resolves)
    loose_resolves = [fact for fact in resolves if fact.episode_started_at is None]
    unstated = _unstated_runs([fact for fact in firings if fact.episode_started_at is None], loose_resolves, window)
    ordered = sorted([*stated, *unstated], key=lambda run: (run.started_at, not run.stated))
    if stated:
        taken = {run.resolve_id for run in unstated}
        ordered = _end_by_loose_resolves(ordered, [fact for fact in loose_resolves if fact.signal_id not in taken])
    return tuple(_end_by_time(_end_by_successor(ordered), window, now))


def _alone(fact: Fact) -> Run:
    start = fact.episode_started_at
    return Run(started_at=fact.occurred_at if start is None else start, firings=(fact,), stated=start is not None)


def _stated_runs(firings: Sequence[Fact], resolves: Sequence[Fact]) -> list[Run]:
    grouped: dict[datetime, list[Fact]] = {}
    for fact in firings:
        if fact.episode_started_at is not None:
            grouped.setdefault(fact.episode_started_at, []).append(fact)
    ends: dict[datetime, Fact] = {}
    for fact in resolves:
        if fact.episode_started_at is not None:
            ends.setdefault(fact.episode_started_at, fact)
    built = []
    for start, group in grouped.items():
        run = Run(started_at=start, firings=_in_order(group), stated=True)
        built.append(_resolved(run, ends[start]) if start in ends else run)
    return built


def _unstated_runs(firings: Sequence[Fact], resolves: Sequence[Fact], window: timedelta) -> list[Run]:
    events = sorted(
        [*firings, *resolves],
        key=lambda fact: (fact.known_from, fact.status is SignalStatus.RESOLVED, fact.ordinal),
    )
    built: list[Run] = []
    group: list[Fact] = []
    silent_at: datetime | None = None
    for fact in events:
        if silent_at is not None and fact.known_from > silent_at:
            built.append(_unstated(group))
            group, silent_at = [], None
        if fact.status is SignalStatus.FIRING:
            group.append(fact)
            silent_at = _latest(silent_at, fact.active_until + window)
        elif group:
            built.append(_resolved(_unstated(group), fact))
            group, silent_at = [], None
    if group:
        built.append(_unstated(group))
    return built


def _unstated(group: Sequence[Fact]) -> Run:
    return Run(started_at=min([fact.occurred_at for fact in group]), firings=_in_order(group), stated=False)


def _end_by_loose_resolves(ordered: Sequence[Run], resolves: Sequence[Fact]) -> list[Run]:
    """Let resolves that name no start end the run they fall into: the latest that began by then."""
    ended = list(ordered)
    for fact in resolves:
        place = max((i for i, run in enumerate(ended) if run.known_from <= fact.occurred_at), default=None)
        if place is not None and ended[place].is_open:
            ended[place] = _resolved(ended[place], fact)
    return ended


def _end_by_successor(ordered: Sequence[Run]) -> list[Run]:
    ended = list(ordered)
    for place, successor in enumerate(ordered[1:]):
        run = ordered[place]
        if run.is_open and run.stated:
            seen = min(fact.received_at for fact in successor.firings)
            ended[place] = _ended(run, successor.started_at, EpisodeEnd.SUPERSEDED, seen)
    return ended


def _end_by_time(ordered: Sequence[Run], window: timedelta, now: datetime) -> list[Run]:
    last = len(ordered) - 1
    return [_ended_by_time(run, window, now, is_last=place == last) for place, run in enumerate(ordered)]


def _ended_by_time(run: Run, window: timedelta, now: datetime, *, is_last: bool) -> Run:
    expires_at = _expiry(run)
    if expires_at is not None and run.resolve_id is None and (is_last or run.stated):
        limit = now if run.ended_at is None else run.ended_at
        if expires_at <= limit:
            return _ended(run, expires_at, EpisodeEnd.EXPIRED, expires_at)
        return run if run.ended_at is not None else _due(run, expires_at)
    if run.ended_at is not None or run.stated:
        return run
    silent_at = _silent_at(run.firings, window)
    if not is_last or now > silent_at:
        return _ended(run, silent_at, EpisodeEnd.SILENT, silent_at)
    return _due(run, silent_at)


def _resolved(run: Run, fact: Fact) -> Run:
    ended_at, seen_at = max(run.started_at, fact.occurred_at), max(fact.received_at, fact.occurred_at)
    return _ended(run, ended_at, EpisodeEnd.RESOLVED, seen_at, fact.signal_id)


def _ended(run: Run, at: datetime, end: EpisodeEnd, seen_at: datetime, resolve_id: UUID | None = None) -> Run:
    """Only runs that are due at no time yet are ended."""
    return Run(
        started_at=run.started_at,
        firings=run.firings,
        stated=run.stated,
        ended_at=at,
        end=end,
        end_seen_at=seen_at,
        resolve_id=resolve_id,
    )


def _due(run: Run, at: datetime) -> Run:
    return Run(started_at=run.started_at, firings=run.firings, stated=run.stated, due_at=at)


def _expiry(run: Run) -> datetime | None:
    """The latest expiry, never before the start; None where no signal has one."""
    stated = [fact.expires_at for fact in run.firings if fact.expires_at is not None]
    return max([run.started_at, *stated]) if stated else None


def _silent_at(group: Iterable[Fact], window: timedelta) -> datetime:
    return max([fact.active_until for fact in group]) + window


def _in_order(group: Iterable[Fact]) -> tuple[Fact, ...]:
    return tuple(sorted(group, key=attrgetter("ordinal")))


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other
