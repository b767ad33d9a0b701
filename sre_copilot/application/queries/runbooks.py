"""Runbooks: lists, one of them, its versions, and finding them by words."""

from collections.abc import Sequence
from uuid import UUID

import attrs

from sre_copilot.application.ports.runbooks import RunbookFilter
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.runbook_words import symptom_query
from sre_copilot.domain.runbooks import Runbook, RunbookVersion


@attrs.frozen(kw_only=True)
class FoundRunbook:
    """A runbook that words lead to. `relevance` is in [0, 1]."""

    runbook: Runbook
    relevance: float


@attrs.frozen(kw_only=True)
class RunbookQueries:
    """Reads runbooks."""

    units: UnitOfWorkFactory

    def list(self, *, actor: Actor, narrowed: RunbookFilter) -> Sequence[Runbook]:
        """Runbooks by creation, newest first. Raises NotPermitted."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.runbooks.list(narrowed)

    def get(self, *, actor: Actor, runbook_id: UUID) -> Runbook:
        """One runbook, also a deleted one. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.runbooks.get(runbook_id)

    def by_slug(self, *, actor: Actor, slug: str) -> Runbook:
        """The runbook with this slug, also a deleted one. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            found = uow.runbooks.by_slug(slug)
        if found is None:
            raise NotFound(runbook=slug)
        return found

    def versions(self, *, actor: Actor, runbook_id: UUID) -> Sequence[RunbookVersion]:
        """Everything that the runbook ever said, newest first. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            uow.runbooks.get(runbook_id)
            return uow.runbooks.versions(runbook_id)

    def version(self, *, actor: Actor, runbook_id: UUID, version: int) -> RunbookVersion:
        """What the runbook said then. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.runbooks.version(runbook_id, version)

    def search(self, *, actor: Actor, text: str, limit: int = 10) -> Sequence[FoundRunbook]:
        """Runbooks that any word of the text leads to, best first, as recommendations look for them. Raises NotPermitted.

        Words that stand in most alerts lead nowhere. Deleted runbooks are not found.
        """
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            found = uow.runbooks.search(symptom_query([text]), limit=limit)
        return [FoundRunbook(runbook=runbook, relevance=relevance) for runbook, relevance in found]
