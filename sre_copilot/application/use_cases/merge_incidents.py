"""Merge two incidents: all of the younger one goes into the older one."""

from uuid import UUID

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.application.regrouping import Regrouping
from sre_copilot.application.retrying import again_on_conflict
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.corrections import CorrectionKind
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.regrouping import by_age, require_open
from sre_copilot.domain.stored_episodes import Episode
from sre_copilot.domain.text import checked_text


@attrs.frozen(kw_only=True)
class MergeIncidents:
    """Put episodes, notes and hypotheses of the younger of two open incidents into the older, and resolve the younger.

    Of several at once that name the same incident exactly one wins.
    """

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(
        self,
        *,
        actor: Actor,
        incident_id: UUID,
        other_id: UUID,
        reason: str = "",
        expected_version: int | None = None,
    ) -> Incident:
        """Return the older one afterwards. `expected_version` is that of the incident that is named first.

        Raises NotPermitted, NotFound, InvalidInput where both are one or for a bad text, InvalidTransition where one is
        closed, and ConcurrentTransition where the version is not the expected one.
        """
        actor.require(Permission.RESPOND)
        reason = checked_text("The reason", reason).strip()
        if incident_id == other_id:
            raise InvalidInput("An incident can't be merged with itself; name two.")

        def merge() -> Incident:
            with self.units(actor.tenant_id) as uow:
                after = self._merged(uow, actor, (incident_id, other_id), reason, expected_version)
                uow.commit()
            return after

        return again_on_conflict(merge)

    def _merged(
        self, uow: UnitOfWork, actor: Actor, pair: tuple[UUID, UUID], reason: str, expected_version: int | None
    ) -> Incident:
        now = self.clock.now()
        into_id, away_id = (one.id for one in by_age([uow.incidents.get(incident_id) for incident_id in pair]))
        episodes = _held(uow, away_id)
        locked = {incident.id: incident for incident in uow.incidents.locked(pair)}
        locked[pair[0]].expect(expected_version)
        into, away = locked[into_id], locked[away_id]
        for one in (away, into):
            require_open(one, "merge")
        regrouping = Regrouping(uow=uow, ids=self.ids, actor=actor, now=now, reason=reason)
        moved = regrouping.rehome(episodes, into_id, CorrectionKind.MERGED)
        after = regrouping.merge(away, into, moved)
        record_audit(
            uow,
            self.ids,
            actor,
            "incident.merged",
            AuditAction.UPDATE,
            at=now,
            resource=("incident", into_id),
            details={
                "merged": str(away_id),
                "from": away.state.value,
                "signals": moved.signals if moved else 0,
                "severity": after.severity.value,
                "reason": reason,
            },
        )
        return after


def _held(uow: UnitOfWork, incident_id: UUID) -> list[Episode]:
    """Return an incident's episodes once nobody else can change them, or add any.

    Nobody is waited for any more when correlation is locked: a batch that has a series waits for that lock in turn.
    """
    names = {episode.fingerprint for episode in uow.signals.episodes_of(incident_id)}
    uow.corrections.hold(names)
    uow.incidents.lock_correlation()
    late = {episode.fingerprint for episode in uow.signals.episodes_of(incident_id)} - names
    uow.corrections.hold(late, wait=False)
    return list(uow.signals.episodes_of(incident_id))
