"""Placing episodes: which incident each new one joins or opens, and what that does to the incidents."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.series import StoredDecision
from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.audit import AuditAction, audited
from sre_copilot.domain.correlation import (
    CHANGE_LOOKBACK,
    OPEN_TO_NEWCOMERS,
    Candidate,
    CorrelationDecision,
    correlate,
)
from sre_copilot.domain.decisions import CorrelationOutcome
from sre_copilot.domain.incidents import RECURRENCE_SPAN, TITLE_LENGTH, Incident
from sre_copilot.domain.series import Episode, SeriesUpdate
from sre_copilot.domain.signals import Signal
from sre_copilot.domain.subjects import signalled
from sre_copilot.domain.tenants import month_of


@attrs.frozen(kw_only=True)
class Placed:
    """Updates and signals with their incidents; `opened` are the incidents that did not exist before."""

    updates: tuple[SeriesUpdate, ...]
    signals: tuple[Signal, ...]
    opened: tuple[Incident, ...] = ()
    decisions: tuple[StoredDecision, ...] = ()


@attrs.define(kw_only=True)
class Placing:
    """Correlates the new episodes of one batch. Keeps what it opened, so that later episodes of the batch can join."""

    uow: UnitOfWork
    ids: Ids
    actor: Actor
    now: datetime

    def place(self, updates: Sequence[SeriesUpdate], signals: Sequence[Signal]) -> Placed:
        """Give every episode that needs one an incident. Opened incidents are stored, episodes and signals are not yet."""
        by_id = {signal.id: signal for signal in signals}
        homeless = [
            (place, episode, original)
            for place, update in enumerate(updates)
            for episode in (*update.opened, *self._reopened_in_closed(update))
            if not (
                original := by_id.get(episode.original_id) or self.uow.signals.get(episode.original_id)
            ).draft.is_heartbeat
        ]
        result = list(updates)
        opened: list[Incident] = []
        decisions: list[StoredDecision] = []
        if homeless:
            self.uow.incidents.lock_correlation()
            candidates = list(self.uow.incidents.candidates())
            for place, episode, original in sorted(homeless, key=lambda row: (row[1].started_at, row[1].fingerprint)):
                decision, incident = self._decide(episode, original, candidates, result[place])
                if episode.waiting and decision.outcome is CorrelationOutcome.WAITING:
                    # The word that it waits is on record already; timers would repeat it for ever.
                    continue
                if incident is not None:
                    opened.append(incident)
                home, waiting = decision.incident_id, decision.outcome is CorrelationOutcome.WAITING
                result[place] = result[place].homed(episode.id, home, waiting=waiting)
                _admit(candidates, incident, home, original, episode)
                decisions.append(
                    StoredDecision(episode_id=episode.id, signal_id=original.id, decision=decision, at=self.now)
                )
        return Placed(
            updates=tuple(result),
            signals=tuple(_homed(signals, result)),
            opened=tuple(opened),
            decisions=tuple(decisions),
        )

    def finish(self, placed: Placed) -> tuple[UUID, ...]:
        """After episodes and signals are stored: store decisions, let incidents take note. Returns the opened ids."""
        self.uow.series.decide(placed.decisions)
        touched = {episode.incident_id for update in placed.updates for episode in update.saved}
        touched |= {signal.incident_id for signal in placed.signals}
        for incident_id in sorted(one for one in touched if one is not None):
            self._take_note(incident_id, [s for s in placed.signals if s.incident_id == incident_id and s.is_firing])
        return tuple(incident.id for incident in placed.opened)

    def _reopened_in_closed(self, update: SeriesUpdate) -> Iterable[Episode]:
        """Episodes that turned out to go on after their incident was closed need a new home: automation never reopens."""
        for episode in update.reopened:
            if episode.incident_id is not None and not self.uow.incidents.get(episode.incident_id).state.is_open:
                yield episode

    def _decide(
        self, episode: Episode, original: Signal, candidates: Sequence[Candidate], update: SeriesUpdate
    ) -> tuple[CorrelationDecision, Incident | None]:
        subject = signalled(original.draft, episode.started_at)
        earliest = episode.started_at - OPEN_TO_NEWCOMERS - CHANGE_LOOKBACK
        decision = correlate(
            subject,
            candidates,
            graph=self.uow.services.graph(),
            changes=self.uow.signals.changes(earliest, episode.started_at),
            now=self.now,
        )
        if decision.outcome is not CorrelationOutcome.OPENED:
            return decision, None
        count = self.uow.incidents.opened_since(month_of(self.now))
        if not self.uow.tenants.current().may_open_incident(subject.severity, count):
            return attrs.evolve(decision, outcome=CorrelationOutcome.WAITING), None
        incident = self._open(episode, original, self._previous(update, episode))
        outcome = CorrelationOutcome.OPENED_RECURRENCE if incident.recurrence_of else CorrelationOutcome.OPENED
        return attrs.evolve(decision, outcome=outcome, incident_id=incident.id), incident

    def _previous(self, update: SeriesUpdate, episode: Episode) -> Incident | None:
        """The closed incident that the series was in last."""
        earlier = [
            e for e in update.history.episodes if e.incident_id is not None and e.started_at <= episode.started_at
        ]
        if not earlier:
            return None
        last = max(earlier, key=lambda e: e.started_at).incident_id
        incident = self.uow.incidents.get(last) if last is not None else None
        return incident if incident is not None and not incident.state.is_open else None

    def _open(self, episode: Episode, original: Signal, previous: Incident | None) -> Incident:
        draft = original.draft
        recent = previous is not None and episode.started_at - previous.detected_at <= RECURRENCE_SPAN
        changed = Incident(
            id=self.ids.new(),
            tenant_id=self.actor.tenant_id,
            title=(draft.title or draft.name)[:TITLE_LENGTH],
            description=draft.description,
            external_id=draft.vendor_key[:255] if draft.vendor_key else None,
            service=draft.service,
            environment=draft.environment,
            severity=draft.severity,
            detected_at=min(episode.started_at, original.timestamp),
            created_at=self.now,
            updated_at=self.now,
            last_signal_at=self.now,
            recurrence_of=previous.id if previous else None,
            recurrence_count=previous.recurrence_count + 1 if previous and recent else 0,
        ).opened(transition_id=self.ids.new(), actor=self.actor, reason=f"{draft.name} on {draft.service}")
        self.uow.incidents.save(changed.incident)
        self.uow.incidents.log(changed.transition)
        self._audit("incident.opened", AuditAction.CREATE, changed.incident)
        return changed.incident

    def _take_note(self, incident_id: UUID, firings: Sequence[Signal]) -> None:
        before = self.uow.incidents.get(incident_id, lock=True)
        incident = before
        for signal in firings:
            incident = incident.absorb(
                occurred_at=signal.timestamp, received_at=signal.received_at, severity=signal.draft.severity
            )
        incident = incident.settle(last_end_seen_at=quiet_since(self.uow.signals.episodes_of(incident_id)))
        if incident.severity is not before.severity:
            self._audit("incident.severity_raised", AuditAction.UPDATE, incident)
        if incident != before:
            self.uow.incidents.save(incident)

    def _audit(self, event: str, action: AuditAction, incident: Incident) -> None:
        details = {"title": incident.title, "severity": incident.severity.value}
        entry = audited(
            self.actor,
            event,
            action,
            entry_id=self.ids.new(),
            at=self.now,
            resource_type="incident",
            resource_id=incident.id,
            details=details,
        )
        self.uow.audit.append(entry)


def quiet_since(episodes: Sequence[Episode]) -> datetime | None:
    """When the last end of these episodes was learnt of; None where one is open or there is none."""
    if not episodes or any(episode.is_open for episode in episodes):
        return None
    return max(episode.end_seen_at or episode.started_at for episode in episodes)


def _homed(signals: Sequence[Signal], updates: Sequence[SeriesUpdate]) -> Iterable[Signal]:
    members = {member.signal_id: member for update in updates for member in update.history.memberships}
    waiting = {e.original_id for update in updates for e in update.saved if e.waiting}
    for signal in signals:
        member = members.get(signal.id)
        if member is None:
            yield signal
            continue
        yield attrs.evolve(
            signal,
            incident_id=member.incident_id,
            is_duplicate=member.original_id is not None,
            original_id=member.original_id,
            waiting=signal.id in waiting,
        )


def _admit(
    candidates: list[Candidate], opened: Incident | None, home: UUID | None, original: Signal, episode: Episode
) -> None:
    """Let later episodes of the batch see where this one went."""
    member = signalled(original.draft, episode.started_at)
    if opened is not None:
        candidates.append(
            Candidate(
                incident_id=opened.id,
                opened_at=opened.created_at,
                detected_at=opened.detected_at,
                last_signal_at=opened.created_at,
                has_open_episode=episode.is_open,
                members=(member,),
            )
        )
        return
    for place, candidate in enumerate(candidates):
        if candidate.incident_id == home:
            candidates[place] = attrs.evolve(
                candidate,
                members=(*candidate.members, member),
                has_open_episode=candidate.has_open_episode or episode.is_open,
                last_signal_at=max(candidate.last_signal_at, original.received_at),
            )
