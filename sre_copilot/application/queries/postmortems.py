"""Postmortems: a draft of each incident, made anew whenever somebody asks."""

from uuid import UUID

import attrs

from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.queries.incidents import IncidentQueries
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.postmortem import Record, draft


@attrs.frozen(kw_only=True)
class Postmortem:
    """A draft in Markdown, and where the finished one was published, None where it was not (yet)."""

    incident_id: UUID
    markdown: str
    published_at: str | None


@attrs.frozen(kw_only=True)
class PostmortemQueries:
    """Drafts postmortems."""

    units: UnitOfWorkFactory
    incidents: IncidentQueries

    def draft(self, *, actor: Actor, incident_id: UUID) -> Postmortem:
        """Return the draft of an incident as it is on record now. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            view = self.incidents.show(actor=actor, incident_id=incident_id)
            tried = tuple(uow.recommendations.decided(incident_id))
        # Without names: it says what happened, and not who did it.
        timeline = attrs.evolve(view, people={}).timeline
        record = Record(incident=view.incident, timeline=timeline, hypotheses=view.hypotheses, tried=tried)
        return Postmortem(incident_id=incident_id, markdown=draft(record), published_at=view.incident.postmortem_url)
