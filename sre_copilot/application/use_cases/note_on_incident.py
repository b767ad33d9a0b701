"""Write a note on the timeline."""

from uuid import UUID

import attrs

from sre_copilot.application.announcing import announce, noted
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.errors import InvalidInput
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
        """Return the note. `said_at` is the place among those that are told of the incident where it was said already.

        Raises NotPermitted, NotFound, and InvalidInput for a text that is empty or can't be stored.
        """
        actor.require(Permission.RESPOND)
        text = checked_text("The note", text).strip()
        if not text:
            raise InvalidInput("A note needs some text; write what you saw or did.")
        now = self.clock.now()
        with self.units(actor.tenant_id) as uow:
            incident = uow.incidents.get(incident_id)
            note = Note(id=self.ids.new(), incident_id=incident.id, user_id=actor.user_id, text=text, at=now)
            uow.incidents.add_note(note)
            record_audit(uow, self.ids, actor, "incident.noted", AuditAction.CREATE, at=now, resource=("note", note.id))
            announce(uow, self.ids, incident, noted(note, actor), said_at=said_at)
            uow.commit()
        return note
