"""Do what the clock demands: end episodes, settle incidents, correlate what waited."""

from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.placing import Placing, quiet_since
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.application.trail import record_audit, record_transition
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.incidents import Resolution
from sre_copilot.domain.lifecycle import Action
from sre_copilot.domain.series import SeriesUpdate
from sre_copilot.domain.timeline import Note


@attrs.frozen(kw_only=True)
class TimersRun:
    """What the clock did: counts of series advanced and of waiting episodes placed, and incidents by what happened to them."""

    advanced: int = 0
    placed: int = 0
    resolved: tuple[UUID, ...] = ()
    suggested: tuple[UUID, ...] = ()


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
        if not (due or waiting or settling):
            return TimersRun()
        with self.units(actor.tenant_id) as uow:
            placing = Placing(uow=uow, ids=self.ids, actor=actor, now=now)
            histories = uow.series.load(sorted({row.fingerprint for row in due} | {e.fingerprint for e in waiting}))
            windows = {row.fingerprint: row.window for row in due}
            updates = [
                history.advance(window=windows[name], now=now) for name, history in histories.items() if name in windows
            ]
            waited = [
                SeriesUpdate(history=history, opened=tuple(e for e in history.episodes if e.waiting and e.is_open))
                for name, history in histories.items()
                if name not in windows
            ]
            placed = placing.place([*updates, *waited], [])
            uow.series.save(placed.updates, [])
            placing.finish(placed)
            resolved, suggested = self._settle(uow, actor, now)
            uow.commit()
        homes = sum(decision.decision.incident_id is not None for decision in placed.decisions)
        return TimersRun(advanced=len(updates), placed=homes, resolved=resolved, suggested=suggested)

    def _settle(self, uow: UnitOfWork, actor: Actor, now: datetime) -> tuple[tuple[UUID, ...], tuple[UUID, ...]]:
        resolved: list[UUID] = []
        suggested: list[UUID] = []
        for incident_id in sorted(uow.incidents.settling(now)):
            incident = uow.incidents.get(incident_id, lock=True)
            if not incident.state.is_open or incident.settle_at is None or incident.settle_at > now:
                continue
            if quiet_since(uow.signals.episodes_of(incident_id)) is None:
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
                suggested.append(incident_id)
        return tuple(resolved), tuple(suggested)
