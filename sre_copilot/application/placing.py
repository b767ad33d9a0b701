"""Placing episodes: which incident each new one joins or opens."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.jobs import Job
from sre_copilot.application.ports.series import StoredDecision
from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.application.silencing import Silencing
from sre_copilot.application.trail import record_opening
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.correlation import (
    CHANGE_LOOKBACK,
    OPEN_TO_NEWCOMERS,
    Candidate,
    CorrelationDecision,
    silenced,
)
from sre_copilot.domain.decisions import CorrelationOutcome, Decision
from sre_copilot.domain.edits import TITLE_LENGTH
from sre_copilot.domain.incidents import RECURRENCE_SPAN, RECURRENCES_BEFORE_PATIENCE, Incident
from sre_copilot.domain.open_incidents import OpenIncidents
from sre_copilot.domain.series import SeriesUpdate
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.signals import Signal
from sre_copilot.domain.snapshots import ObservedChange
from sre_copilot.domain.stored_episodes import Episode
from sre_copilot.domain.subjects import Subject, signalled
from sre_copilot.domain.tenants import Tenant, month_of
from sre_copilot.domain.values import quick_value


@attrs.frozen(kw_only=True)
class Placed:
    """Updates and signals with their incidents.

    `opened` are the incidents that did not exist before, `waited_for` those that an episode of earlier batches came into.
    """

    updates: tuple[SeriesUpdate, ...]
    signals: tuple[Signal, ...]
    opened: tuple[Incident, ...] = ()
    waited_for: frozenset[UUID] = frozenset()
    decisions: tuple[StoredDecision, ...] = ()


@quick_value(kw_only=True)
class Homeless:
    """An episode that needs an incident: the index of its update, and its original."""

    index: int
    episode: Episode
    original: Signal
    is_new: bool
    """Whether its original came with this batch."""
    actor: Actor
    """Who brought what asks for an incident."""
    now: datetime
    subject: Subject
    """What correlation looks at, as severe as the episode is by now."""

    @property
    def is_back(self) -> bool:
        """Whether it has an incident already, which was closed before it turned out to go on."""
        return self.episode.incident_id is not None


@attrs.define(kw_only=True)
class Placing:
    """Correlates the new episodes of one batch. Keeps what it opened, so that later episodes of the batch can join."""

    uow: UnitOfWork
    ids: Ids
    actor: Actor
    now: datetime
    actors: Mapping[UUID, Actor] = attrs.field(factory=dict)
    """By delivery, where it is not `actor` who brought it."""
    _graph: ServiceGraph = attrs.field(factory=ServiceGraph, init=False)
    _changes: Sequence[ObservedChange] = attrs.field(default=(), init=False)
    _opened: dict[datetime, int] = attrs.field(factory=dict, init=False)
    _tenant: Tenant | None = attrs.field(default=None, init=False)

    def place(self, updates: Sequence[SeriesUpdate], signals: Sequence[Signal]) -> Placed:
        """Give every episode that needs one an incident. Opened incidents are stored, episodes and signals are not yet."""
        homeless = sorted(
            self._homeless(updates, signals), key=lambda row: (row.episode.started_at, row.episode.fingerprint)
        )
        result = list(updates)
        opened: list[Incident] = []
        decisions: list[StoredDecision] = []
        waited_for: set[UUID] = set()
        if homeless:
            open_incidents = self._prepared(homeless)
            silencing = Silencing.at(self.uow, self.now)
            for row in homeless:
                silence = silencing.silence_of(row.original)
                if silence is not None:
                    decisions.extend(self._silenced(row, silence.id))
                    continue
                decision, incident = self._decide(row, open_incidents, result[row.index])
                if decision.incident_id is None and (row.is_back or row.episode.waiting):
                    # It stays where it is; and that it waits is on record already, timers would repeat it for ever.
                    continue
                if incident is not None:
                    opened.append(incident)
                home, waiting = decision.incident_id, decision.outcome is CorrelationOutcome.WAITING
                if home is not None and not row.is_back and not row.is_new:
                    waited_for.add(home)
                result[row.index] = result[row.index].homed(row.episode.id, home, waiting=waiting)
                _admit(open_incidents, incident, home, row)
                decisions.append(
                    StoredDecision(episode_id=row.episode.id, signal_id=row.original.id, decision=decision, at=row.now)
                )
        return Placed(
            updates=tuple(result),
            signals=tuple(
                _homed(signals, result, {stored.signal_id for stored in decisions if stored.decision.silence_id})
            ),
            opened=tuple(opened),
            waited_for=frozenset(waited_for),
            decisions=tuple(decisions),
        )

    def _homeless(self, updates: Sequence[SeriesUpdate], signals: Sequence[Signal]) -> Iterable[Homeless]:
        by_id = {signal.id: signal for signal in signals}
        for index, update in enumerate(updates):
            for episode in (*self._begun(update), *_escalated(update, by_id)):
                original = by_id.get(episode.original_id)
                is_new = original is not None
                if original is None:
                    original = self.uow.signals.get(episode.original_id)
                if not original.draft.is_heartbeat:
                    yield Homeless(
                        index=index,
                        episode=episode,
                        original=original,
                        is_new=is_new,
                        actor=self.actors.get(original.delivery_id, self.actor),
                        now=original.received_at if is_new else self.now,
                        subject=signalled(original.draft, episode.started_at, update.history.severity(episode.id)),
                    )

    def _begun(self, update: SeriesUpdate) -> Iterable[Episode]:
        """New episodes, and those that turned out to go on after their incident was closed: automation never reopens."""
        yield from update.opened
        if update.reopened:
            # Else whoever closes its incident might do so right after it was seen open.
            self.uow.incidents.lock_correlation()
        for episode in update.reopened:
            if episode.incident_id is None or not self.uow.incidents.get(episode.incident_id).state.is_open:
                yield episode

    def _prepared(self, homeless: Sequence[Homeless]) -> OpenIncidents:
        """Read what all decisions of the batch look at, alone among the tenant's batches until the unit ends."""
        self.uow.incidents.lock_correlation()
        self._graph = self.uow.services.graph()
        starts = [row.episode.started_at for row in homeless]
        self._changes = self.uow.signals.changes(min(starts) - OPEN_TO_NEWCOMERS - CHANGE_LOOKBACK, max(starts))
        moments = [row.now for row in homeless]
        return self.uow.incidents.open_incidents(min(moments) - OPEN_TO_NEWCOMERS, max(moments) + OPEN_TO_NEWCOMERS)

    def _silenced(self, row: Homeless, silence_id: UUID) -> Iterable[StoredDecision]:
        """It stays where it is until the silence is lifted; that it is silenced is put on record once, and not each time."""
        if row.episode.waiting:
            return
        known = None if row.is_new else self.uow.signals.decision(row.original.id)
        if known is None or known.decision.silence_id != silence_id:
            yield StoredDecision(
                episode_id=row.episode.id, signal_id=row.original.id, decision=silenced(silence_id), at=self.now
            )

    def _decide(
        self, row: Homeless, open_incidents: OpenIncidents, update: SeriesUpdate
    ) -> tuple[CorrelationDecision, Incident | None]:
        decision = open_incidents.decide(row.subject, graph=self._graph, changes=self._changes, now=row.now)
        if decision.outcome is not CorrelationOutcome.OPENED:
            return decision, None
        if not self._may_open(row):
            return attrs.evolve(decision, outcome=CorrelationOutcome.WAITING), None
        incident = self._open(row, self._previous(update, row.episode))
        outcome = CorrelationOutcome.OPENED_RECURRENCE if incident.recurrence_of else CorrelationOutcome.OPENED
        return attrs.evolve(decision, outcome=outcome, incident_id=incident.id), incident

    def _may_open(self, row: Homeless) -> bool:
        """Whether the plan allows another incident; counted once a batch, because that takes long in a bad month."""
        month = month_of(row.now)
        if month not in self._opened:
            self._opened[month] = self.uow.incidents.opened_since(month)
        if self._tenant is None:
            self._tenant = self.uow.tenants.current()
        may = self._tenant.may_open_incident(row.subject.severity, self._opened[month])
        self._opened[month] += may
        return may

    def _previous(self, update: SeriesUpdate, episode: Episode) -> Incident | None:
        """The closed incident that the series was in last."""
        earlier = [
            e for e in update.history.episodes if e.incident_id is not None and e.started_at <= episode.started_at
        ]
        latest = max(earlier, key=lambda e: e.started_at, default=None)
        last = latest.incident_id if latest is not None else update.history.previous_incident_id
        incident = self.uow.incidents.get(last) if last is not None else None
        return incident if incident is not None and not incident.state.is_open else None

    def _recurrences(self, previous: Incident | None, at: datetime) -> int:
        """How many incidents of the series, `previous` and those before it, were detected in the last 24 h."""
        count = 0
        while previous is not None and at - previous.detected_at <= RECURRENCE_SPAN:
            count += 1
            if count >= RECURRENCES_BEFORE_PATIENCE or previous.recurrence_of is None:
                break
            previous = self.uow.incidents.get(previous.recurrence_of)
        return count

    def _open(self, row: Homeless, previous: Incident | None) -> Incident:
        draft = row.original.draft
        # What is back has been detected once already, by the incident that was closed.
        detected_at = row.now if row.is_back else min(row.episode.started_at, row.original.timestamp)
        changed = Incident(
            id=self.ids.new(),
            tenant_id=self.actor.tenant_id,
            title=(draft.title or draft.name)[:TITLE_LENGTH],
            description=draft.description,
            external_id=draft.vendor_key[:255] if draft.vendor_key else None,
            service=draft.service,
            environment=draft.environment,
            severity=row.subject.severity,
            detected_at=detected_at,
            created_at=row.now,
            updated_at=row.now,
            last_signal_at=row.now,
            recurrence_of=previous.id if previous else None,
            recurrence_count=self._recurrences(previous, detected_at),
        ).opened(transition_id=self.ids.new(), actor=row.actor, reason=f"{draft.name} on {draft.service}")
        record_opening(self.uow, self.ids, row.actor, changed, row.now)
        self.uow.jobs.defer(diagnosis_of(changed.incident))
        return changed.incident


def diagnosis_of(incident: Incident, *, as_of: datetime | None = None) -> Job:
    """The job that ranks the causes of an incident as soon as a worker has time: for the first time, or anew where the
    latest diagnosis is as old as `as_of`."""
    name = str(incident.id)
    again = {} if as_of is None else {"as_of": as_of.isoformat()}
    return Job(
        kind="diagnose",
        tenant_id=incident.tenant_id,
        arguments={"incident_id": name, **again},
        only_once_pending=f"{name} again" if again else name,
    )


def _escalated(update: SeriesUpdate, by_id: Mapping[UUID, Signal]) -> Iterable[Episode]:
    """Open episodes without an incident in which something worse than their original has just fired."""
    settled = (*update.opened, *update.reopened)
    for episode in update.history.episodes:
        if episode.is_open and episode.incident_id is None and episode not in settled:
            members = [m.signal_id for m in update.history.memberships if m.episode_id == episode.id]
            fired = [by_id[one].draft.severity.weight for one in members if one in by_id and by_id[one].is_firing]
            original = next(fact for fact in update.history.facts if fact.signal_id == episode.original_id)
            if max(fired, default=0) > original.severity.weight:
                yield episode


def _homed(
    signals: Sequence[Signal], updates: Sequence[SeriesUpdate], silenced_ids: Collection[UUID]
) -> Iterable[Signal]:
    members = {member.signal_id: member for update in updates for member in update.history.memberships}
    for signal in signals:
        member = members.get(signal.id)
        if member is None:
            yield signal
            continue
        decision = Decision.SILENCED if signal.id in silenced_ids else signal.decision
        yield signal.placed(decision, member.incident_id, member.original_id, waiting=member.waiting)


def _admit(open_incidents: OpenIncidents, opened: Incident | None, home: UUID | None, row: Homeless) -> None:
    """Let later episodes of the batch see where this one went."""
    if opened is not None:
        open_incidents.take(
            Candidate(
                incident_id=opened.id,
                opened_at=opened.created_at,
                detected_at=opened.detected_at,
                last_signal_at=opened.created_at,
                has_open_episode=row.episode.is_open,
                members=(row.subject,),
            )
        )
    elif home is not None:
        open_incidents.hear(home, row.subject, at=row.original.received_at, is_open=row.episode.is_open)
