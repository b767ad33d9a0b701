"""The head of a series: the little of its past that suffices to record what comes in order.

A series may hold a hundred thousand signals. What comes next joins its last run, ends it, or begins another one, and
for that two firings stand for all of the run: one holds the extremes of the beginning, one those of the end. Whatever
could reach further back is not covered; then the whole history has to be read.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import attrs

from sre_copilot.domain.decisions import EpisodeEnd
from sre_copilot.domain.episodes import Fact, Run
from sre_copilot.domain.observations import Observation
from sre_copilot.domain.series import SeriesHistory, SeriesUpdate
from sre_copilot.domain.signals import SignalStatus
from sre_copilot.domain.stored_episodes import Episode, Membership
from sre_copilot.domain.values import quick_value


@quick_value(kw_only=True)
class SeriesHead:
    """What is known of a series without reading its signals.

    `newest` is the signal recorded last; `is_latest` says whether it also happened after all others. `latest_at` is the latest `occurred_at` of all its signals, `latest_start` the
    latest start that one of them states. `is_stated` says whether all of them state the start of their run, or none
    does; it is None where no summary can stand for the past: some do, or the last run was ended by time alone.
    `previous_incident_id` is the incident of the latest episode that has one, `episode` the one that is open, `firings` stand for its signals.
    """

    ordinal: int
    newest: Fact
    is_latest: bool
    latest_at: datetime
    latest_start: datetime | None = None
    is_stated: bool | None = None
    previous_incident_id: UUID | None = None
    episode: Episode | None = None
    firings: tuple[Fact, ...] = ()

    @classmethod
    def after(cls, update: SeriesUpdate, before: "SeriesHead | None") -> "SeriesHead | None":
        """Return the head after an update, None where nothing is recorded yet.

        `before` is the head that the update's history was made from; None where it was made from all that is stored.
        """
        facts = update.history.facts
        fresh = [fact for fact in facts if before is None or fact.ordinal > before.ordinal]
        if not fresh:
            return before
        newest = max(fresh, key=lambda fact: fact.ordinal)
        starts = [fact.episode_started_at for fact in fresh if fact.episode_started_at is not None]
        latest = [fact.occurred_at for fact in fresh if fact is not newest]
        if before is not None:
            latest.append(before.latest_at)
            starts += [before.latest_start] if before.latest_start is not None else []
        run = update.last_run
        is_open = run is not None and run.is_open
        is_stated = _stated(facts) if before is None else before.is_stated
        if run is not None and not _is_last(run, facts):
            is_stated = None
        return cls(
            ordinal=newest.ordinal,
            newest=newest,
            is_latest=all(newest.occurred_at > moment for moment in latest),
            latest_at=max([newest.occurred_at, *latest]),
            latest_start=max(starts, default=None),
            is_stated=is_stated if run is None or is_open or run.end is EpisodeEnd.RESOLVED else None,
            previous_incident_id=_last_incident(update.history),
            episode=update.history.episodes[-1] if is_open else None,
            firings=_standing_for(run) if run is not None and is_open else (),
        )

    @property
    def goes_on(self) -> bool:
        """Whether a repeat of the newest signal only moves its times: it ends no silence and reopens nothing."""
        if not self.is_latest:
            # Another one may say the same, and would be the one that is repeated.
            return False
        if self.newest.status is not SignalStatus.FIRING:
            return True
        # The last one recorded of the open run, as opposed to a late one of a run before.
        return bool(self.firings) and self.firings[-1].signal_id == self.newest.signal_id

    def is_repeated_by(
        self,
        status: SignalStatus | None,
        occurred_at: datetime | None,
        episode_started_at: datetime | None,
        received_at: datetime | None,
    ) -> bool:
        """Whether something without a vendor's id only says again what the newest signal said, and nothing follows."""
        newest = self.newest
        said = (status, occurred_at, episode_started_at)
        is_same = said == (newest.status, newest.occurred_at, newest.episode_started_at)
        return self.goes_on and is_same and received_at is not None and received_at >= newest.received_at

    def seen_again(self, received_at: datetime, expires_at: datetime | None) -> "SeriesHead":
        """Return the head after repeats of the newest signal, the last of them received then. `goes_on` must hold."""
        newest = self.newest.seen_again(received_at, expires_at)
        if newest.status is not SignalStatus.FIRING:
            return attrs.evolve(self, newest=newest)
        firings = tuple(fact.seen_again(max(received_at, fact.received_at), expires_at) for fact in self.firings)
        return attrs.evolve(self, newest=newest, firings=firings)

    def rehomed(
        self, episode_ids: Collection[UUID], incident_id: UUID, previous_incident_id: UUID | None
    ) -> "SeriesHead":
        """Return the head after people put these episodes into an incident; the latest that has one is in the other."""
        episode = self.episode
        if episode is not None and episode.id in episode_ids:
            episode = episode.homed(incident_id, waiting=False)
        return attrs.evolve(self, episode=episode, previous_incident_id=previous_incident_id)

    def covers(self, observations: Iterable[Observation], window: timedelta) -> bool:
        """Whether recording these on `history` gives what recording them on the whole history would."""
        return self.is_stated is not None and all(self._covers(item, window) for item in observations)

    def history(self, fingerprint: str) -> SeriesHistory:
        """Return the history in which the stand-ins are all the signals."""
        episode = self.episode
        if episode is None:
            return SeriesHistory(
                fingerprint=fingerprint,
                last_ordinal=self.ordinal,
                previous_incident_id=self.previous_incident_id,
            )
        return SeriesHistory(
            fingerprint=fingerprint,
            last_ordinal=self.ordinal,
            previous_incident_id=self.previous_incident_id,
            facts=self.firings,
            episodes=(episode,),
            memberships=tuple(
                Membership(
                    signal_id=fact.signal_id,
                    episode_id=episode.id,
                    incident_id=episode.incident_id,
                    original_id=None if fact.signal_id == episode.original_id else episode.original_id,
                    waiting=episode.waiting and fact.signal_id == episode.original_id,
                )
                for fact in self.firings
            ),
        )

    def _covers(self, item: Observation, window: timedelta) -> bool:
        if item.known_as is not None:
            return False
        if not item.has_vendor_id and item.occurred_at <= self.latest_at:
            # It may be a repeat of any.
            return False
        if item.status is SignalStatus.MOMENT:
            return True
        if (item.episode_started_at is not None) is not self.is_stated:
            return False
        if self.episode is not None and not self._may_join(item, self.episode):
            return False
        return self._follows_stated(item) if self.is_stated else self._follows(item, window)

    def _may_join(self, item: Observation, episode: Episode) -> bool:
        first = self.firings[0]
        if item.received_at < first.received_at:
            # When something was first heard of decides when its predecessor was superseded.
            return False
        # Something worse in an episode without an incident may find one for it, and takes all of its signals along.
        return episode.incident_id is not None or item.severity.weight <= first.severity.weight

    def _follows_stated(self, item: Observation) -> bool:
        start = item.episode_started_at
        if start is None or self.latest_start is None or start > self.latest_start:
            return True
        return bool(self.firings) and start == self.latest_start == self.firings[0].episode_started_at

    def _follows(self, item: Observation, window: timedelta) -> bool:
        if not self.firings:
            return _known_from(item) > self.latest_at
        first, last = self.firings[0], self.firings[-1]
        if item.status is SignalStatus.RESOLVED:
            return item.occurred_at >= last.known_from
        moment = _known_from(item)
        if last.occurred_at < self.latest_at and moment <= self.latest_at:
            # A resolve that ended nothing, because its sender's clock runs ahead, may end this.
            return False
        return moment >= first.known_from and (moment >= last.known_from or moment <= first.active_until + window)


def _last_incident(history: SeriesHistory) -> UUID | None:
    there = [episode for episode in history.episodes if episode.incident_id is not None]
    return max(there, key=lambda episode: episode.started_at).incident_id if there else history.previous_incident_id


def _known_from(item: Observation) -> datetime:
    return min(item.occurred_at, item.received_at) if item.status is SignalStatus.FIRING else item.occurred_at


def _stated(facts: Sequence[Fact]) -> bool | None:
    found = {fact.episode_started_at is not None for fact in facts if fact.status is not SignalStatus.MOMENT}
    return found == {True} if len(found) < 2 else None


def _is_last(run: Run, facts: Sequence[Fact]) -> bool:
    """Whether nothing else fired after a run began, by what is known rather than by what clocks that run ahead say."""
    if len(facts) == len(run.firings):
        return True
    own = {fact.signal_id for fact in run.firings}
    return all(
        fact.known_from <= run.known_from
        for fact in facts
        if fact.status is SignalStatus.FIRING and fact.signal_id not in own
    )


def _standing_for(run: Run) -> tuple[Fact, ...]:
    """One or two firings with which the run begins, goes on and ends as it does with all of its own."""
    firings = run.firings
    if len(firings) == 1:
        return firings
    expiries = [fact.expires_at for fact in firings if fact.expires_at is not None]
    occurred = [fact.occurred_at for fact in firings]
    received = [fact.received_at for fact in firings]
    seen = run.last_seen_at
    first = _widened(firings[0], min(occurred), min(received), seen, max(expiries, default=None))
    last = _widened(firings[-1], max(occurred), max(received), seen, None)
    return (first, last)


def _widened(
    fact: Fact, occurred_at: datetime, received_at: datetime, last_seen_at: datetime, expires_at: datetime | None
) -> Fact:
    return Fact(
        signal_id=fact.signal_id,
        ordinal=fact.ordinal,
        status=fact.status,
        occurred_at=occurred_at,
        received_at=received_at,
        last_seen_at=last_seen_at,
        severity=fact.severity,
        episode_started_at=fact.episode_started_at,
        expires_at=expires_at,
    )
