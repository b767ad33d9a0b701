"""Runbooks in memory."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.runbooks import RunbookFilter
from sre_copilot.domain.errors import AlreadyExists, NotFound
from sre_copilot.domain.runbook_words import search_words
from sre_copilot.domain.runbooks import Runbook, RunbookVersion
from sre_copilot.testing.tables import TenantTables

_ENDINGS = ("ings", "ing", "ies", "ied", "es", "ed", "s", "e", "y")


@attrs.frozen
class InMemoryRunbooks:
    """The tenant's runbooks."""

    tables: TenantTables

    def get(self, runbook_id: UUID, *, lock: bool = False) -> Runbook:
        """One runbook. Raises NotFound."""
        if runbook_id not in self.tables.runbooks:
            raise NotFound(runbook=runbook_id)
        return self.tables.runbooks[runbook_id]

    def by_slug(self, slug: str) -> Runbook | None:
        """The one with this slug, a deleted one too, or None."""
        return next((row for row in self.tables.runbooks.values() if row.slug == slug), None)

    def by_source(self, source: str) -> Runbook | None:
        """The one that was imported from there, a deleted one too, or None."""
        return next((row for row in self.tables.runbooks.values() if row.source == source), None)

    def list(self, narrowed: RunbookFilter) -> Sequence[Runbook]:
        """Runbooks by creation, newest first."""
        found = [
            row
            for row in self.tables.runbooks.values()
            if row.is_active is not narrowed.deleted
            and (narrowed.service is None or not row.service_names or narrowed.service in row.service_names)
            and (narrowed.tag is None or narrowed.tag in row.tags)
            and (narrowed.before is None or (row.created_at, row.id) < narrowed.before)
        ]
        return sorted(found, key=lambda row: (row.created_at, row.id), reverse=True)[: narrowed.limit]

    def save(self, runbook: Runbook) -> None:
        """Store a runbook, new or changed. Raises AlreadyExists where another one has its slug or source."""
        for other in self.tables.runbooks.values():
            if other.id != runbook.id and (other.slug == runbook.slug or other.source == runbook.source != ""):
                raise AlreadyExists(slug=runbook.slug)
        self.tables.runbooks[runbook.id] = runbook

    def keep(self, version: RunbookVersion) -> None:
        """Store a version. Raises AlreadyExists where the runbook has one of that number."""
        if any(row.version == version.version for row in self.versions(version.runbook_id)):
            raise AlreadyExists(version=version.version)
        self.tables.runbook_versions[version.id] = version

    def versions(self, runbook_id: UUID) -> Sequence[RunbookVersion]:
        """The versions of a runbook, newest first."""
        found = [row for row in self.tables.runbook_versions.values() if row.runbook_id == runbook_id]
        return sorted(found, key=lambda row: row.version, reverse=True)

    def version(self, runbook_id: UUID, number: int) -> RunbookVersion:
        """One version of a runbook. Raises NotFound."""
        found = next((row for row in self.versions(runbook_id) if row.version == number), None)
        if found is None:
            raise NotFound(runbook=runbook_id, version=number)
        return found

    def search(self, query: str, *, limit: int) -> Sequence[tuple[Runbook, float]]:
        """Active runbooks that match any word, best first, then by slug. Knows the commonest English endings only."""
        wanted = {_stem(word) for word in search_words(query)}
        scored = [(runbook, _relevance(runbook, wanted)) for runbook in self.tables.runbooks.values()]
        found = [(runbook, relevance) for runbook, relevance in scored if runbook.is_active and relevance > 0]
        return sorted(found, key=lambda match: (-match[1], match[0].slug))[:limit]


@attrs.frozen
class FixedRunbooks:
    """The runbooks that new tenants begin with in a test."""

    known: tuple[Runbook, ...] = ()

    def runbooks(self, *, ids: Ids, at: datetime) -> Sequence[Runbook]:
        """Return them with fresh ids, created at `at`."""
        return [attrs.evolve(runbook, id=ids.new(), created_at=at, updated_at=at) for runbook in self.known]


def _relevance(runbook: Runbook, wanted: set[str]) -> float:
    """rank / (rank + 1), where rank adds up, per word found, the weight of the weightiest place that has it."""
    places = (
        (1.0, _stems([runbook.title])),
        (0.6, _stems([*runbook.tags, *runbook.service_names])),
        (0.2, _stems([runbook.description])),
        (0.05, _stems([runbook.content])),
    )
    rank = sum(max((weight for weight, words in places if word in words), default=0.0) for word in wanted)
    return rank / (rank + 1)


def _stems(texts: Iterable[str]) -> set[str]:
    return {_stem(word) for text in texts for word in search_words(text)}


def _stem(word: str) -> str:
    ending = next((end for end in _ENDINGS if word.endswith(end) and len(word) - len(end) >= 3), "")
    return word.removesuffix(ending)
