"""Do what the clock demands: end episodes, settle incidents, correlate what waited or was silenced."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

import attrs

from sre_copilot.application.absorbing import Absorbing, quiet_since
from sre_copilot.application.announcing import announce, done
from sre_copilot.application.placing import Placing
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.application.retrying import again_on_conflict
from sre_copilot.application.trail import record_audit, record_transition
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.incidents import Resolution
from sre_copilot.domain.lifecycle import Action
from sre_copilot.domain.outbound import Event
from sre_copilot.domain.series import SeriesHistory, SeriesUpdate
from sre_copilot.domain.timeline import Note

SNAPSHOT_WITHIN = timedelta(hours=24)
"""How old an incident may be that still gets the snapshot which could not be taken when it was opened."""


@attrs.frozen(kw_only=True)
class TimersRun:
    """What the clock did: counts of series advanced and of episodes placed that waited or were silenced, and incidents.

    `unseen` are recent incidents that signals opened and whose detection snapshot has yet to be taken.
    """

    advanced: int = 0
    placed: int = 0
    resolved: tuple[UUID, ...] = ()
    suggested: tuple[UUID, ...] = ()
    unseen: tuple[UUID, ...] = ()


@attrs.frozen(kw_only=True)
class RunDueTimers:
    """Run every timer of a tenant that is due at a moment. Idempotent; safe from several processes."""

    units: UnitOfWorkFactory
    ids: Ids

    def __call__(self, *, actor: Actor, now: datetime) -> TimersRun:
        """Return what was done. Raises NotPermitted."""
        actor.require(Permission.AUTOMATE)
        with self.units(actor.tenant_id) as uow:
            due, waiting, settling = uow.series.due(now), uow.signals.waiting(), uow.incidents.settling(now)
            over = uow.silences.over(now)
            unseen = tuple(uow.incidents.without_snapshot(now - SNAPSHOT_WITHIN))
        if not (due or waiting or settling or over):
            return TimersRun(unseen=unseen)
        return again_on_conflict(lambda: self._run(actor, now, unseen))

    def _run(self, actor: Actor, now: datetime, unseen: tuple[UUID, ...]) -> TimersRun:
        with self.units(actor.tenant_id) as uow:
            windows = {row.fingerprint: row.window for row in uow.series.due(now)}
            over = uow.silences.over(now)
            held = (*uow.signals.waiting(), *uow.silences.held_by(over))
            histories = uow.series.load(sorted({*windows, *(episode.fingerprint for episode in held)}))
            updates = [
                history.advance(window=windows[name], now=now) for name, history in histories.items() if name in windows
            ]
            # Else a batch that has just chosen a settling incident would put its alerts where nobody looks any more, and
            # one that has just silenced an episode would leave it to a silence that is lifted.
            uow.incidents.lock_correlation()
            waited = {name: history for name, history in histories.items() if name not in windows}
            lifted = [one for one in over if all(e.fingerprint in waited for e in uow.silences.held_by([one]))]
            released = {episode.id for episode in uow.silences.held_by(lifted)}
            uow.silences.lift(lifted, now)
            updates += [_looked_at_again(history, released) for history in waited.values()]
            placed = Placing(uow=uow, ids=self.ids, actor=actor, now=now).place(updates, [])
            uow.series.save(placed.updates, [], placed.decisions)
            absorbing = Absorbing(uow=uow, ids=self.ids, actor=actor, now=now)
            opened = absorbing.absorb(placed, also=uow.incidents.settling(now))
            resolved, suggested = self._settle(uow, actor, now)
            uow.commit()
        return TimersRun(
            advanced=len(windows),
            placed=sum(stored.decision.incident_id is not None for stored in placed.decisions),
            resolved=resolved,
            suggested=suggested,
            unseen=(*unseen, *opened),
        )

    def _settle(self, uow: UnitOfWork, actor: Actor, now: datetime) -> tuple[tuple[UUID, ...], tuple[UUID, ...]]:
        resolved: list[UUID] = []
        suggested: list[UUID] = []
        for incident_id in sorted(uow.incidents.settling(now)):
            incident = uow.incidents.get(incident_id, lock=True)
            if not incident.state.is_open or incident.settle_at is None or incident.settle_at > now:
                continue
            if quiet_since(incident, uow.signals.ends_of([incident_id]).get(incident_id), now) is None:
                continue
            if incident.resolves_by_itself:
                changed = incident.apply(
                    Action.RESOLVE,
                    actor=actor,
                    at=incident.settle_at,
                    transition_id=self.ids.new(),
                    reason="all its signals have ended and stayed quiet",
                    resolution=Resolution.RECOVERED,
                )
                record_transition(uow, self.ids, actor, changed, now)
                resolved.append(incident_id)
            else:
                uow.incidents.save(incident.settle_suggested(now))
                text = "All signals of this incident have ended and stayed quiet. Resolve it if it is over."
                uow.incidents.add_note(
                    Note(id=self.ids.new(), incident_id=incident_id, user_id=None, text=text, at=now)
                )
                record_audit(
                    uow,
                    self.ids,
                    actor,
                    "incident.settle_suggested",
                    AuditAction.UPDATE,
                    at=now,
                    resource=("incident", incident_id),
                )
                announce(uow, self.ids, incident, done(Event.SETTLE_SUGGESTED, actor, now))
                suggested.append(incident_id)
        return tuple(resolved), tuple(suggested)


def _looked_at_again(history: SeriesHistory, released: Collection[UUID]) -> SeriesUpdate:
    """What waits for the plan's limit, and what a silence held that is over now."""
    going_on = [episode for episode in history.episodes if episode.is_open]
    return SeriesUpdate(
        history=history,
        opened=tuple(episode for episode in going_on if episode.waiting),
        reopened=tuple(episode for episode in going_on if episode.id in released and not episode.waiting),
    )
