"""A series: what has been recorded under one fingerprint, and what a new signal does to its episodes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from uuid import UUID

import attrs

from sre_copilot.domain.decisions import Decision
from sre_copilot.domain.episodes import Fact, Run, runs
from sre_copilot.domain.observations import Observation
from sre_copilot.domain.signals import Severity, SignalStatus
from sre_copilot.domain.stored_episodes import Episode, Membership, displaced, episode_of, memberships, place
from sre_copilot.domain.values import quick_value


@quick_value(kw_only=True)
class SeriesUpdate:
    """What recording did to a series. `history` is the series afterwards.

    `decisions` has one entry per observation, in the order given. `sightings` are facts that were seen again, new ones
    where that moved something. `opened` are episodes that need correlating because they are new or had to wait,
    `reopened` those that turned out to go on; `memberships` are the places of stored signals that changed; `saved` are
    all episodes that are new or changed, opened ones included, closings before openings; `dropped` are ids of episodes
    that merged into others. `moved` are incidents in which late signals changed what episodes begin with. `begun` are
    the ids of episodes that did not exist before, `last_run` is the latest run as computed.
    """

    history: "SeriesHistory"
    decisions: tuple[Decision, ...] = ()
    sightings: tuple[Fact, ...] = ()
    opened: tuple[Episode, ...] = ()
    reopened: tuple[Episode, ...] = ()
    saved: tuple[Episode, ...] = ()
    dropped: tuple[UUID, ...] = ()
    moved: frozenset[UUID] = frozenset()
    memberships: tuple[Membership, ...] = ()
    begun: frozenset[UUID] = frozenset()
    last_run: Run | None = attrs.field(default=None, eq=False, repr=False)

    def homed(self, episode_id: UUID, incident_id: UUID | None, *, waiting: bool = False) -> "SeriesUpdate":
        """Return the update with one of its episodes, and the signals of that episode, in an incident."""
        before = self.history
        if len(before.memberships) == 1 and before.episodes[0].id == episode_id:
            # As with nearly all that is new.
            episodes: tuple[Episode, ...] = (before.episodes[0].homed(incident_id, waiting=waiting),)
            members: tuple[Membership, ...] = (before.memberships[0].homed(incident_id, waiting=waiting),)
            opened, saved, changed = episodes if self.opened else (), episodes, members
        else:
            homed = {e.id: e.homed(incident_id, waiting=waiting) for e in before.episodes if e.id == episode_id}
            episodes = tuple([homed.get(episode.id, episode) for episode in before.episodes])
            members = tuple(_homed(before, episode_id, incident_id, waiting=waiting))
            opened = tuple([homed.get(episode.id, episode) for episode in self.opened])
            to_save = {episode_id, *(episode.id for episode in self.saved)}
            saved = _closings_first([episode for episode in episodes if episode.id in to_save])
            moved = {member.signal_id for member in self.memberships}
            changed = tuple([m for m in members if m.episode_id == episode_id or m.signal_id in moved])
        return SeriesUpdate(
            history=before.holding(before.facts, episodes, members),
            decisions=self.decisions,
            sightings=self.sightings,
            opened=opened,
            reopened=self.reopened,
            saved=saved,
            dropped=self.dropped,
            moved=self.moved,
            memberships=(*changed, *[m for m in self.memberships if m.episode_id is None]),
            begun=self.begun,
            last_run=self.last_run,
        )


@quick_value(kw_only=True)
class SeriesHistory:
    """What is stored of one series: its facts and its episodes, with the incident of each recorded signal.

    `last_ordinal` is that of the signal recorded last, also where `facts` are not all of them (`SeriesHead`);
    `previous_incident_id` is the incident of the latest episode that is then missing here.
    """

    fingerprint: str
    last_ordinal: int = 0
    previous_incident_id: UUID | None = None
    facts: tuple[Fact, ...] = ()
    episodes: tuple[Episode, ...] = ()
    memberships: tuple[Membership, ...] = ()

    def holding(
        self, facts: tuple[Fact, ...], episodes: tuple[Episode, ...], memberships: tuple[Membership, ...]
    ) -> "SeriesHistory":
        """Return the history with all of this instead of what it holds."""
        return SeriesHistory(
            fingerprint=self.fingerprint,
            last_ordinal=self.last_ordinal,
            previous_incident_id=self.previous_incident_id,
            facts=facts,
            episodes=episodes,
            memberships=memberships,
        )

    @property
    def is_summary(self) -> bool:
        """Whether `facts` stand for more signals than they are."""
        return self.last_ordinal > 0

    def severity(self, episode_id: UUID) -> Severity:
        """The worst that has fired in one of its episodes, in whatever order."""
        if len(self.facts) == 1:
            return self.facts[0].severity
        members = {member.signal_id for member in self.memberships if member.episode_id == episode_id}
        firings = (f for f in self.facts if f.signal_id in members and f.status is SignalStatus.FIRING)
        return max((fact.severity for fact in firings), key=lambda severity: severity.weight)

    def record(self, observations: Sequence[Observation], *, window: timedelta, now: datetime) -> SeriesUpdate:
        """Take in new observations and say what became of each.

        Repeats and redeliveries only move times of stored facts forward. `now` must not be before any receive time.
        """
        if not self.facts and len(observations) == 1 and observations[0].begins_alone:
            return self._begun(observations[0], window, now)
        return self._recorded(observations, window, now)

    def _begun(self, item: Observation, window: timedelta, now: datetime) -> SeriesUpdate:
        """What recording a single firing comes to where nothing else is known, as in most of a storm: one of everything."""
        facts = (_fact(item, self.last_ordinal + 1),)
        computed = runs(facts, window=window, now=now)
        episodes = (episode_of(computed[0], item.episode_id, self.fingerprint),)
        members = tuple(memberships(computed[0], episodes[0]))
        return SeriesUpdate(
            history=self.holding(facts, episodes, members),
            decisions=(Decision.NEW_EPISODE,),
            opened=episodes,
            saved=episodes,
            memberships=members,
            begun=frozenset((item.episode_id,)),
            last_run=computed[0],
        )

    def _recorded(self, observations: Sequence[Observation], window: timedelta, now: datetime) -> SeriesUpdate:
        facts = {fact.signal_id: fact for fact in self.facts}
        is_keyed = not all(item.has_vendor_id for item in observations)
        by_key = {_key(fact): fact.signal_id for fact in reversed(self.facts)} if is_keyed else {}
        ordinal = max([self.last_ordinal, *[fact.ordinal for fact in self.facts]])
        seen_again: set[UUID] = set()
        fresh: dict[UUID, Fact] = {}
        recorded: list[UUID | Decision] = []
        for item in observations:
            stored = item.known_as
            decision = Decision.REDELIVERY
            if stored is None and not item.has_vendor_id:
                stored, decision = by_key.get(_key(item)), Decision.REPEAT
            if stored is not None:
                if stored in facts:
                    facts[stored] = facts[stored].seen_again(item.received_at, item.expires_at)
                    seen_again.add(stored)
                recorded.append(decision)
                continue
            ordinal += 1
            facts[item.signal_id] = fresh[item.signal_id] = _fact(item, ordinal)
            if is_keyed:
                by_key.setdefault(_key(item), item.signal_id)
            recorded.append(item.signal_id)
        names = {item.signal_id: item.episode_id for item in observations}
        sightings = [facts[signal_id] for signal_id in sorted(seen_again) if facts[signal_id] != fresh.get(signal_id)]
        return self._recomputed(facts, names, recorded, tuple(sightings), window=window, now=now)

    def advance(self, *, window: timedelta, now: datetime) -> SeriesUpdate:
        """Let time pass: end what has expired or fallen silent by `now`."""
        return self._recomputed({fact.signal_id: fact for fact in self.facts}, {}, window=window, now=now)

    def _recomputed(
        self,
        facts: Mapping[UUID, Fact],
        names: dict[UUID, UUID],
        recorded: Iterable[UUID | Decision] = (),
        sightings: tuple[Fact, ...] = (),
        *,
        window: timedelta,
        now: datetime,
    ) -> SeriesUpdate:
        computed = runs(facts.values(), window=window, now=now)
        before = {episode.id: episode for episode in self.episodes}
        homes = {member.signal_id: member for member in self.memberships}
        placed = place(self.fingerprint, computed, self.episodes, homes, names)
        after = tuple([episode for _, episode, _ in placed])
        members = tuple([member for run, episode, _ in placed for member in memberships(run, episode)])
        kept = {episode.id for episode in after}
        history = self.holding(tuple(facts.values()), after, members)
        return SeriesUpdate(
            history=history,
            decisions=tuple([_decision(entry, history, facts) for entry in recorded]),
            sightings=sightings,
            opened=tuple([episode for _, episode, is_new in placed if is_new]),
            reopened=tuple([e for e in after if e.is_open and e.id in before and not before[e.id].is_open]),
            saved=_closings_first([episode for episode in after if before.get(episode.id) != episode]),
            dropped=tuple(sorted(before.keys() - kept)),
            moved=_moved(before, [episode for _, episode, is_new in placed if not is_new]),
            memberships=(*[m for m in members if homes.get(m.signal_id) != m], *displaced(homes, members)),
            begun=frozenset(kept - before.keys()),
            last_run=computed[-1] if computed else None,
        )


def _homed(
    history: SeriesHistory, episode_id: UUID, incident_id: UUID | None, *, waiting: bool
) -> Iterable[Membership]:
    originals = {episode.original_id for episode in history.episodes}
    for member in history.memberships:
        if member.episode_id == episode_id:
            yield member.homed(incident_id, waiting=waiting and member.signal_id in originals)
        else:
            yield member


def _closings_first(episodes: Iterable[Episode]) -> tuple[Episode, ...]:
    return tuple(sorted(episodes, key=attrgetter("is_open")))


def _key(item: Fact | Observation) -> tuple[SignalStatus, datetime, datetime | None]:
    """What makes two messages without a vendor id the same."""
    return (item.status, item.occurred_at, item.episode_started_at)


def _fact(item: Observation, ordinal: int) -> Fact:
    return Fact(
        signal_id=item.signal_id,
        ordinal=ordinal,
        status=item.status,
        occurred_at=item.occurred_at,
        received_at=item.received_at,
        last_seen_at=item.received_at,
        severity=item.severity,
        episode_started_at=item.episode_started_at,
        expires_at=item.expires_at,
    )


def _decision(entry: UUID | Decision, history: SeriesHistory, facts: Mapping[UUID, Fact]) -> Decision:
    if isinstance(entry, Decision):
        return entry
    member = next((m for m in history.memberships if m.signal_id == entry), None)
    if facts[entry].status is SignalStatus.MOMENT:
        return Decision.CHANGE
    if facts[entry].status is SignalStatus.RESOLVED:
        return Decision.RESOLVED if member is not None else Decision.ORPHAN_RESOLVE
    return Decision.NEW_EPISODE if member is not None and member.original_id is None else Decision.DUPLICATE


def _moved(before: dict[UUID, Episode], after: Iterable[Episode]) -> frozenset[UUID]:
    """The incidents to which episodes came by a split, which lost some by a merger, or in which one begins otherwise."""
    was, now = ({(e.id, e.incident_id, e.original_id, e.started_at) for e in es} for es in (before.values(), after))
    return frozenset(incident_id for _, incident_id, _, _ in was ^ now if incident_id is not None)
