"""Drafts from what is on record of an incident, made anew whenever somebody asks: its postmortem, and a runbook."""

from uuid import UUID

import attrs

from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.queries.incidents import IncidentQueries
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.postmortem import Record, draft
from sre_copilot.domain.runbook_draft import runbook_draft


@attrs.frozen(kw_only=True)
class Postmortem:
    """A draft in Markdown, and where the finished one was published, None where it was not (yet)."""

    incident_id: UUID
    markdown: str
    published_at: str | None


@attrs.frozen(kw_only=True)
class RunbookDraft:
    """A draft in Markdown. It is stored nowhere."""

    incident_id: UUID
    title: str
    markdown: str


@attrs.frozen(kw_only=True)
class DraftQueries:
    """Drafts for people to finish."""

    units: UnitOfWorkFactory
    incidents: IncidentQueries

    def postmortem(self, *, actor: Actor, incident_id: UUID) -> Postmortem:
        """Return the postmortem as far as it is on record now. Raises NotPermitted, NotFound."""
        record = self._record(actor, incident_id)
        published = record.incident.postmortem_url
        return Postmortem(incident_id=incident_id, markdown=draft(record), published_at=published)

    def runbook(self, *, actor: Actor, incident_id: UUID) -> RunbookDraft:
        """Return the runbook that an incident gives as far as it is on record now. Raises NotPermitted, NotFound."""
        record = self._record(actor, incident_id)
        return RunbookDraft(incident_id=incident_id, title=record.incident.title, markdown=runbook_draft(record))

    def _record(self, actor: Actor, incident_id: UUID) -> Record:
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            view = self.incidents.show(actor=actor, incident_id=incident_id)
            tried = tuple(uow.recommendations.decided(incident_id))
        # Without names: it says what happened, and not who did it.
        timeline = attrs.evolve(view, people={}).timeline
        return Record(incident=view.incident, timeline=timeline, hypotheses=view.hypotheses, tried=tried)
