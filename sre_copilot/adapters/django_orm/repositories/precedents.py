"""Precedents."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
from django.db.models import Q, QuerySet

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.documents import from_document, to_document
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.application.ports.precedents import PrecedentFilter
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.hypotheses import CandidateKind
from sre_copilot.domain.precedents import Cause, FirstAnswer, JudgedCause, Place, Precedent, Symptoms

NAMES_A_CAUSE = ~Q(kind="") | ~Q(rejected=[])


@attrs.frozen
class DjangoPrecedents:
    """The tenant's precedents."""

    tenant_id: UUID

    def save(self, precedent: Precedent) -> None:
        """Store a precedent, new or changed. Raises AlreadyExists for another one of the same incident."""
        with translated():
            if not self._rows().filter(id=precedent.id).update(**_columns(precedent)):
                self._rows().create(id=precedent.id, tenant_id=self.tenant_id, **_columns(precedent))

    def get(self, precedent_id: UUID, *, lock: bool = False) -> Precedent:
        """One precedent; with `lock`, nobody else can change it until the unit of work ends. Raises NotFound."""
        rows = self._rows().select_for_update() if lock else self._rows()
        row = rows.filter(id=precedent_id).first()
        if row is None:
            raise NotFound(precedent=precedent_id)
        return _precedent(row)

    def of_incident(self, incident_id: UUID) -> Precedent | None:
        """The one of an incident, locked until the unit of work ends, or None."""
        row = self._rows().select_for_update().filter(incident_id=incident_id).first()
        return _precedent(row) if row else None

    def list(self, narrowed: PrecedentFilter) -> Sequence[Precedent]:
        """Precedents in which there is a cause, by when they were learned, newest first."""
        rows = self._rows().filter(NAMES_A_CAUSE)
        if narrowed.forgotten is not None:
            rows = rows.filter(forgotten_at__isnull=not narrowed.forgotten)
        if narrowed.before is not None:
            at, precedent_id = narrowed.before
            rows = rows.filter(Q(learned_at__lte=at) & (Q(learned_at__lt=at) | Q(id__lt=precedent_id)))
        return [_precedent(row) for row in rows.order_by("-learned_at", "-id")[: narrowed.limit]]

    def usable(self, *, until: datetime, other_than: UUID, limit: int) -> Sequence[Precedent]:
        """Those learned by `until` that are not forgotten and hold a cause, newest first, without the incident's own."""
        rows = self._rows().filter(NAMES_A_CAUSE, forgotten_at=None, learned_at__lte=until)
        rows = rows.exclude(incident_id=other_than)
        return [_precedent(row) for row in rows.order_by("-learned_at", "-id")[:limit]]

    def answers(self, *, since: datetime | None, until: datetime, limit: int) -> Sequence[FirstAnswer]:
        """First answers given in [since, until) of which is known whether they were right, newest first."""
        rows = self._rows().filter(answered_at__lt=until)
        if since is not None:
            rows = rows.filter(answered_at__gte=since)
        found = rows.order_by("-answered_at", "-id").values_list("answer", flat=True)[:limit]
        return [from_document(answer, FirstAnswer) for answer in found]

    def _rows(self) -> QuerySet[models.Precedent]:
        return models.Precedent.objects.using(ALIAS).filter(tenant_id=self.tenant_id)


def _columns(precedent: Precedent) -> dict[str, Any]:
    """Everything but the ids. `answered_at` is set once it is known whether the answer was right."""
    confirmed, answer = precedent.confirmed, precedent.answer
    cause = confirmed.cause if confirmed else None
    return {
        "incident_id": precedent.incident_id,
        "title": precedent.title,
        "symptoms": to_document(precedent.symptoms),
        "learned_at": precedent.learned_at,
        "kind": cause.kind.value if cause else "",
        "subject": cause.subject if cause else "",
        "change_kind": cause.change_kind if cause else "",
        "place": cause.place.value if cause else "",
        "hypothesis_id": confirmed.hypothesis_id if confirmed else None,
        "confirmed_at": confirmed.at if confirmed else None,
        "confirmed_by_id": precedent.confirmed_by,
        "rejected": to_document(precedent.rejected),
        "answer": to_document(answer) if answer else None,
        "answered_at": answer.at if answer and answer.right is not None else None,
        "forgotten_at": precedent.forgotten_at,
        "forgotten_by_id": precedent.forgotten_by,
    }


def _precedent(row: models.Precedent) -> Precedent:
    confirmed = None
    if row.hypothesis_id and row.confirmed_by_id and row.confirmed_at:
        confirmed = JudgedCause(
            cause=Cause(
                kind=CandidateKind(row.kind),
                subject=row.subject,
                change_kind=row.change_kind,
                place=Place(row.place),
            ),
            hypothesis_id=row.hypothesis_id,
            user_id=row.confirmed_by_id,
            at=row.confirmed_at,
        )
    return Precedent(
        id=row.id,
        incident_id=row.incident_id,
        title=row.title,
        symptoms=from_document(row.symptoms, Symptoms),
        learned_at=row.learned_at,
        confirmed=confirmed,
        rejected=tuple(from_document(one, JudgedCause) for one in row.rejected),
        answer=from_document(row.answer, FirstAnswer) if row.answer else None,
        forgotten_at=row.forgotten_at,
        forgotten_by=row.forgotten_by_id,
    )
