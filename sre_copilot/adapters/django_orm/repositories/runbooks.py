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
WITH placed AS (
    SELECT lexeme, position
    FROM unnest(to_tsvector('english', %(words)s)) said, unnest(said.positions) position
), terms AS (
    SELECT quote_literal(lexeme) AS one, NULL AS next, count(*) AS said FROM placed GROUP BY lexeme
    UNION ALL
    SELECT quote_literal(placed.lexeme), quote_literal(neighbour.lexeme), %(pair)s * count(*)
    FROM placed JOIN placed neighbour ON neighbour.position = placed.position + 1 AND neighbour.lexeme <> placed.lexeme
    GROUP BY placed.lexeme, neighbour.lexeme
), asked AS MATERIALIZED (
    SELECT
        row_number() OVER () AS term, said, next IS NULL AS alone, concat_ws(' <-> ', one, next)::tsquery AS anywhere,
        concat_ws(' <-> ', one || ':A', next || ':A')::tsquery AS title,
        concat_ws(' <-> ', one || ':B', next || ':B')::tsquery AS label,
        concat_ws(' <-> ', one || ':C', next || ':C')::tsquery AS description,
        concat_ws(' <-> ', one || ':D', next || ':D')::tsquery AS content
    FROM terms
), books AS MATERIALIZED (
    SELECT
        id, slug, search || '' AS search, count(*) OVER () AS total,
        %(k1)s * (1 - %(b)s + %(b)s * length(search) / avg(length(search)) OVER ()) AS size
    FROM runbooks WHERE tenant_id = %(tenant)s AND is_active
), hits AS (
    SELECT
        id, slug, term, said, total, count(*) OVER (PARTITION BY term) AS holders,
        %(title)s * (search @@ title)::int + %(label)s * (search @@ label)::int + (search @@ description)::int
        + CASE WHEN search @@ content THEN (%(k1)s + 1) / (1 + size / CASE
            WHEN alone THEN %(once)s * ts_rank('{1, 0, 0, 0}', search, content) ELSE 1
        END) ELSE 0 END AS weight
    FROM books JOIN asked ON search @@ anywhere
), rare AS (
    SELECT id, slug, term, weight, said * ln(1 + (total - holders + 0.5) / (holders + 0.5)) AS rarity FROM hits
)
SELECT id, least(1, sum(weight * rarity) / (
    %(title)s * (SELECT sum(rarity) FROM (SELECT DISTINCT term, rarity FROM rare) known)
)) AS relevance
FROM rare GROUP BY id, slug ORDER BY sum(weight * rarity) DESC, slug LIMIT %(limit)s
"""
"""Words, and pairs of words side by side, by their place, by how often they are asked for, and by their rarity in the tenant.

The rarity is BM25's inverse document frequency, and so is what a word of the content weighs: more the oftener it is there, less
the longer the runbook is (Robertson and Zaragoza, 2009). Title, labels (tags and services) and description are short: there a word
is, or is not. With every known word in the title, relevance is 1. What is not counted by PostgreSQL is taken from its rank:
the sum of 1 / n^2 over the n places of a word, times what a word has that is there once.
"""
WEIGHTS = {"title": 4.0, "label": 2.0, "pair": 0.5, "k1": 1.2, "b": 0.75, "once": 1.64493406685}
"""A place counts twice the one below it, a pair half as much as a word; k1 and b are those that BM25 is mostly used with."""

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
            cursor.execute(SEARCH, {"words": words, "tenant": self.tenant_id, "limit": limit, **WEIGHTS})
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
