"""Moving: episodes of one incident go into another that is chosen, or that they open."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.announcing import announce, stepped
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.application.regrouping import Regrouping
from sre_copilot.application.retrying import again_on_conflict
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.corrections import CorrectionKind, Rehomed
from sre_copilot.domain.decisions import CorrelationOutcome
from sre_copilot.domain.errors import ConcurrentTransition, InvalidInput
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.regrouping import gave_away, require_open, split_off, took_in
from sre_copilot.domain.stored_episodes import Episode


@attrs.frozen(kw_only=True)
class Wanted:
    """Which signals, each with all of its episode, go from where to where.

    Without `from_id` a single signal is taken from wherever it is, perhaps from no incident; without `into_id` they open
    an incident, whose `title` is that of their first signal unless one is given.
    """

    kind: CorrectionKind
    signal_ids: tuple[UUID, ...]
    from_id: UUID | None = None
    into_id: UUID | None = None
    title: str | None = None
    reason: str = ""
    expected_version: int | None = None


@attrs.frozen(kw_only=True)
class Moving:
    """Does it. The unit of work is the caller's, and so is the commit."""

    uow: UnitOfWork
    ids: Ids
    actor: Actor
    now: datetime
    wanted: Wanted

    def move(self) -> Incident:
        """Return the incident that the episodes are in afterwards.

        Raises NotFound; InvalidInput for a signal that is in no episode, is there already, or for all that an incident
        has where nothing would be won by that; InvalidTransition where the other incident is closed;
        ConcurrentTransition where the version is not the expected one or a signal is elsewhere by now.
        """
        wanted = self.wanted
        for incident_id in filter(None, (wanted.from_id, wanted.into_id)):
            self.uow.incidents.get(incident_id)
        self.uow.corrections.hold({one.fingerprint for one in self._found().values()})
        self.uow.incidents.lock_correlation()
        # What was found before may have changed until it was held; its series stay the same.
        found = self._found()
        episodes = list({episode.id: episode for episode in found.values()}.values())
        homes = {episode.incident_id for episode in episodes}
        source_id = wanted.from_id or next(iter(homes))
        sides = {one for one in (source_id, wanted.into_id) if one is not None}
        locked = {one.id: one for one in self.uow.incidents.locked(sides)}
        source = locked[source_id] if source_id is not None else None
        if source is not None:
            source.expect(wanted.expected_version)
        if homes != {source_id}:
            raise ConcurrentTransition(
                "Not all of these signals are in this incident any more; look at where they are and try again."
            )
        into = locked[wanted.into_id] if wanted.into_id is not None else None
        is_all = self._check(source, into, episodes)
        return self._moved(source, into, episodes, is_all=is_all)

    def _found(self) -> Mapping[UUID, Episode]:
        found = self.uow.corrections.episodes_with(self.wanted.signal_ids)
        for signal_id in self.wanted.signal_ids:
            if signal_id not in found:
                signal = self.uow.signals.get(signal_id)
                raise InvalidInput(
                    f"The signal {signal.id} is in no episode, as changes and resolves that match nothing are; "
                    "only signals of alerts can be moved."
                )
        return found

    def _check(self, source: Incident | None, into: Incident | None, episodes: Sequence[Episode]) -> bool:
        """Return whether these are all episodes of the source."""
        if into is not None:
            require_open(into, self.wanted.kind.value)
            if source is not None and into.id == source.id:
                raise InvalidInput("That is the incident that they are in; choose another one.")
        if source is None:
            return False
        there = self.uow.signals.episodes_of(source.id)
        is_all = {episode.id for episode in there} == {episode.id for episode in episodes}
        if is_all and not source.declared and (into is None or self.wanted.kind is CorrectionKind.SPLIT):
            raise InvalidInput("That is all that the incident has, so nothing would be left of it; merge it instead.")
        return is_all

    def _moved(
        self, source: Incident | None, into: Incident | None, episodes: Sequence[Episode], *, is_all: bool
    ) -> Incident:
        regrouping = Regrouping(uow=self.uow, ids=self.ids, actor=self.actor, now=self.now, reason=self.wanted.reason)
        into_id = into.id if into is not None else self.ids.new()
        moved = regrouping.rehome(episodes, into_id, self.wanted.kind)
        assert moved is not None
        if into is not None and is_all and source is not None and source.state.is_open and not source.declared:
            after = regrouping.merge(source, into, moved)
            self._audit(after, source, moved)
            return after
        if into is not None:
            after = regrouping.settled(took_in(into, moved, at=self.now))
            self.uow.incidents.save(after)
        else:
            after = self._open(regrouping, into_id, source, episodes, moved)
        if source is not None:
            left = regrouping.settled(gave_away(source, at=self.now))
            self.uow.incidents.save(left)
            regrouping.announce_moved(left, moved, "to", after)
            regrouping.have_diagnosed(left)
        if into is not None:
            regrouping.announce_moved(after, moved, "from", source)
        regrouping.have_diagnosed(after)
        self._audit(after, source, moved)
        return after

    def _open(
        self,
        regrouping: Regrouping,
        incident_id: UUID,
        source: Incident | None,
        episodes: Sequence[Episode],
        moved: Rehomed,
    ) -> Incident:
        first = min(episodes, key=lambda episode: (episode.started_at, episode.id))
        decided = self.uow.corrections.decided([episode.original_id for episode in episodes]).values()
        opened = {one.decision.incident_id for one in decided if _is_recurrence(one.decision.outcome)}
        incident = split_off(
            self.uow.signals.get(first.original_id),
            moved,
            incident_id=incident_id,
            source=source,
            is_recurrence=source is not None and source.id in opened,
            title=self.wanted.title,
            at=self.now,
        )
        told = self.wanted.reason or (f"taken out of {source.id}" if source is not None else "put here by a person")
        changed = regrouping.settled(incident).opened(transition_id=self.ids.new(), actor=self.actor, reason=told)
        regrouping.log(changed)
        announce(self.uow, self.ids, changed.incident, stepped(changed, self.actor))
        return changed.incident

    def _audit(self, after: Incident, source: Incident | None, moved: Rehomed) -> None:
        record_audit(
            self.uow,
            self.ids,
            self.actor,
            f"signal.{self.wanted.kind.value}",
            AuditAction.UPDATE,
            at=self.now,
            resource=("incident", after.id),
            details={
                "from": str(source.id) if source is not None else None,
                "signals": moved.signals,
                "asked": [str(one) for one in self.wanted.signal_ids[:20]],
                "severity": after.severity.value,
                "reason": self.wanted.reason,
            },
        )


def moved(wanted: Wanted, actor: Actor, *, units: UnitOfWorkFactory, clock: Clock, ids: Ids) -> Incident:
    """Move in a unit of work of its own, again where somebody else was faster. Raises what `Moving.move` raises."""

    def move() -> Incident:
        with units(actor.tenant_id) as uow:
            after = Moving(uow=uow, ids=ids, actor=actor, now=clock.now(), wanted=wanted).move()
            uow.commit()
        return after

    return again_on_conflict(move)


def _is_recurrence(outcome: CorrelationOutcome) -> bool:
    return outcome is CorrelationOutcome.OPENED_RECURRENCE
