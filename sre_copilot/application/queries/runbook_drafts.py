"""Drafts of runbooks: what an incident taught, for a person to keep or not."""

from uuid import UUID

import attrs

from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.queries.incidents import IncidentQueries
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.postmortem import Record
from sre_copilot.domain.runbook_draft import runbook_draft


@attrs.frozen(kw_only=True)
class RunbookDraft:
    """A draft in Markdown. It is stored nowhere."""

    incident_id: UUID
    title: str
    markdown: str


@attrs.frozen(kw_only=True)
class RunbookDraftQueries:
    """Drafts runbooks."""

    units: UnitOfWorkFactory
    incidents: IncidentQueries

    def draft(self, *, actor: Actor, incident_id: UUID) -> RunbookDraft:
        """Return the draft that an incident gives as it is on record now. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            view = self.incidents.show(actor=actor, incident_id=incident_id)
            tried = tuple(uow.recommendations.decided(incident_id))
        timeline = attrs.evolve(view, people={}).timeline
        record = Record(incident=view.incident, timeline=timeline, hypotheses=view.hypotheses, tried=tried)
        return RunbookDraft(incident_id=incident_id, title=view.incident.title, markdown=runbook_draft(record))
