"""Write a note on the timeline."""

from uuid import UUID

import attrs

from sre_copilot.application.announcing import announce, noted
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.application.retrying import again_on_conflict
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.errors import InvalidInput, WriteConflict
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.routing import Target
from sre_copilot.domain.text import checked_text
from sre_copilot.domain.timeline import Note


@attrs.frozen(kw_only=True)
class NoteOnIncident:
    """Write a note on the timeline of an incident."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, incident_id: UUID, text: str, said_at: Target | None = None) -> Note:
        """Return the note; of an incident that was merged into another one, it is on that one. `said_at` is the place among those that are told of the incident where it was said already.

        Raises NotPermitted, NotFound, and InvalidInput for a text that is empty or can't be stored.
        """
        actor.require(Permission.RESPOND)
        text = checked_text("The note", text).strip()
        if not text:
            raise InvalidInput("A note needs some text; write what you saw or did.")
        return again_on_conflict(lambda: self._noted(actor, incident_id, text, said_at))

    def _noted(self, actor: Actor, incident_id: UUID, text: str, said_at: Target | None) -> Note:
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            incident = _standing(uow, incident_id)
            note = Note(id=self.ids.new(), incident_id=incident.id, user_id=actor.user_id, text=text, at=now)
            uow.incidents.add_note(note)
            record_audit(uow, self.ids, actor, "incident.noted", AuditAction.CREATE, at=now, resource=("note", note.id))
            announce(uow, self.ids, incident, noted(note, actor), said_at=said_at)
            uow.commit()
        return note


def _standing(uow: UnitOfWork, incident_id: UUID) -> Incident:
    """Return the incident, or the one that it was merged into, and nobody merges it away before the unit of work ends.

    One is locked, not each on the way: two locks would have to be taken by id.
    """
    incident = uow.incidents.get(incident_id)
    while incident.merged_into is not None:
        incident = uow.incidents.get(incident.merged_into)
    incident = uow.incidents.get(incident.id, lock=True)
    if incident.merged_into is not None:
        raise WriteConflict
    return incident
