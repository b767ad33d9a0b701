"""Runbooks and their versions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import attrs
from django.db import connections
from django.db.models import Q, QuerySet

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.documents import from_document, to_document
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.application.ports.runbooks import RunbookFilter
from sre_copilot.domain.actions import RiskLevel
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.runbook_words import search_words
from sre_copilot.domain.runbooks import Runbook, RunbookAction, RunbookVersion

SEARCH = """
WITH asked AS (
    SELECT word, quote_literal(word)::tsquery AS query
    FROM unnest(tsvector_to_array(to_tsvector('english', %(words)s))) word
), hits AS (
    SELECT id, slug, word, ts_rank('{0.1, 0.2, 0.6, 1.0}', search, query, 1) AS weight, count(*) OVER (PARTITION BY word) AS holders
    FROM runbooks JOIN asked ON search @@ query WHERE tenant_id = %(tenant)s AND is_active
), known AS (
    SELECT word, ln(1 + (total - min(holders) + 0.5) / (min(holders) + 0.5)) AS rarity
    FROM hits, (SELECT count(*) AS total FROM runbooks WHERE tenant_id = %(tenant)s AND is_active) counted
    GROUP BY word, total
)
SELECT id, least(1, sum(weight * rarity) / (%(full)s * (SELECT sum(rarity) FROM known))) AS relevance
FROM hits JOIN known USING (word) GROUP BY id, slug ORDER BY sum(weight * rarity) DESC, slug LIMIT %(limit)s
"""
"""Every word by its place (content, description, tags and services, title) and its rarity among the tenant's runbooks.

The rarity is BM25's inverse document frequency (Robertson and Zaragoza, 2009), without which a long runbook with many
common words beats the one that has the telling word. A long text counts less by 1 + the logarithm of its length.
"""
FULL_MARK = 0.087
"""The weight of a word in the title of a runbook of 400 words. With all words that any runbook knows there, relevance is 1."""

NAMES = (
    "slug",
    "title",
    "description",
    "content",
    "content_url",
    "estimated_duration_minutes",
    "usage_count",
    "success_count",
    "failure_count",
    "owner_id",
    "is_active",
    "version",
    "created_at",
    "updated_at",
    "source",
    "source_hash",
)
VERSION_NAMES = (
    "runbook_id",
    "version",
    "title",
    "description",
    "content",
    "content_url",
    "estimated_duration_minutes",
    "written_at",
)


@attrs.frozen
class DjangoRunbooks:
    """The tenant's runbooks."""

    tenant_id: UUID

    def get(self, runbook_id: UUID, *, lock: bool = False) -> Runbook:
        """One runbook, locked until the unit ends where asked. Raises NotFound."""
        rows = self._rows().filter(id=runbook_id)
        row = (rows.select_for_update() if lock else rows).first()
        if row is None:
            raise NotFound(runbook=runbook_id)
        return _runbook(row)

    def by_slug(self, slug: str) -> Runbook | None:
        """The one with this slug, a deleted one too, or None."""
        row = self._rows().filter(slug=slug).first()
        return _runbook(row) if row else None

    def by_source(self, source: str) -> Runbook | None:
        """The one that was imported from there, a deleted one too, or None, locked until the unit ends."""
        row = self._rows().select_for_update().filter(source=source).first()
        return _runbook(row) if row else None

    def list(self, narrowed: RunbookFilter) -> Sequence[Runbook]:
        """Runbooks by creation, newest first."""
        rows = self._rows().filter(is_active=not narrowed.deleted)
        if narrowed.service is not None:
            rows = rows.filter(Q(service_names__contains=[narrowed.service]) | Q(service_names=[]))
        if narrowed.tag is not None:
            rows = rows.filter(tags__contains=[narrowed.tag])
        if narrowed.before is not None:
            at, runbook_id = narrowed.before
            rows = rows.filter(Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(id__lt=runbook_id)))
        return [_runbook(row) for row in rows.order_by("-created_at", "-id")[: narrowed.limit]]

    def save(self, runbook: Runbook) -> None:
        """Store a runbook, new or changed."""
        columns = {**{name: getattr(runbook, name) for name in NAMES}, **_written(runbook)}
        with translated():
            if not self._rows().filter(id=runbook.id).update(**columns):
                self._rows().create(id=runbook.id, tenant_id=self.tenant_id, **columns)

    def keep(self, version: RunbookVersion) -> None:
        """Store a version, which never changes."""
        columns = {**{name: getattr(version, name) for name in VERSION_NAMES}, **_written(version)}
        with translated():
            models.RunbookVersion.objects.using(ALIAS).create(
                id=version.id, tenant_id=self.tenant_id, written_by_id=version.written_by, **columns
            )

    def versions(self, runbook_id: UUID) -> Sequence[RunbookVersion]:
        """The versions of a runbook, newest first."""
        return [_version(row) for row in self._versions().filter(runbook_id=runbook_id).order_by("-version")]

    def version(self, runbook_id: UUID, number: int) -> RunbookVersion:
        """One version of a runbook. Raises NotFound."""
        row = self._versions().filter(runbook_id=runbook_id, version=number).first()
        if row is None:
            raise NotFound(runbook=runbook_id, version=number)
        return _version(row)

    def search(self, query: str, *, limit: int) -> Sequence[tuple[Runbook, float]]:
        """Active runbooks that match any word, best first."""
        words = " ".join(search_words(query))
        with translated(), connections[ALIAS].cursor() as cursor:
            cursor.execute(SEARCH, {"words": words, "tenant": self.tenant_id, "limit": limit, "full": FULL_MARK})
            found = cursor.fetchall()
        rows = self._rows().in_bulk([one for one, _ in found])
        return [(_runbook(rows[one]), float(relevance)) for one, relevance in found]

    def _rows(self) -> QuerySet[models.Runbook]:
        return models.Runbook.objects.using(ALIAS).filter(tenant_id=self.tenant_id)

    def _versions(self) -> QuerySet[models.RunbookVersion]:
        return models.RunbookVersion.objects.using(ALIAS).filter(tenant_id=self.tenant_id)


def _written(text: Runbook | RunbookVersion) -> dict[str, Any]:
    """The columns of what is more than text or a number."""
    return {
        "service_names": list(text.service_names),
        "tags": list(text.tags),
        "risk_level": text.risk_level.value,
        "actions": to_document(text.actions),
    }


def _read(row: models.Runbook | models.RunbookVersion) -> dict[str, Any]:
    return {
        "id": row.id,
        "service_names": tuple(row.service_names),
        "tags": tuple(row.tags),
        "risk_level": RiskLevel(row.risk_level),
        "actions": tuple(from_document(item, RunbookAction) for item in row.actions),
    }


def _runbook(row: models.Runbook) -> Runbook:
    return Runbook(**{name: getattr(row, name) for name in NAMES}, **_read(row))


def _version(row: models.RunbookVersion) -> RunbookVersion:
    return RunbookVersion(
        **{name: getattr(row, name) for name in VERSION_NAMES}, written_by=row.written_by_id, **_read(row)
    )
