"""Consultations on PostgreSQL."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import attrs
from django.db import connections
from django.db.models import Case, Count, F, Q, Sum, When

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.documents import from_document, to_document
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.domain.advice import SummaryLine, Usage
from sre_copilot.domain.consultations import Consultation, DayOfConsultations, Outcome
from sre_copilot.domain.errors import NotFound


@attrs.frozen
class DjangoConsultations:
    """The tenant's consultations."""

    tenant_id: UUID

    def hold(self) -> None:
        """Let nobody else of the tenant begin one until the unit ends."""
        with connections[ALIAS].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 5))", [str(self.tenant_id)])

    def latest(self, incident_id: UUID) -> Consultation | None:
        """The latest one about an incident."""
        row = self._all().filter(incident_id=incident_id).order_by("-at", "-id").first()
        return _consultation(row) if row is not None else None

    def tokens_of(self, day: date) -> int:
        """The tokens that those of a day count."""
        tokens = Case(
            When(outcome=Outcome.RUNNING.value, then=F("reserved_tokens")),
            default=F("prompt_tokens") + F("completion_tokens"),
        )
        return int(self._all().filter(day=day).aggregate(total=Sum(tokens))["total"] or 0)

    def add(self, consultation: Consultation) -> None:
        """Store one."""
        with translated():
            models.Consultation.objects.using(ALIAS).create(
                id=consultation.id,
                tenant_id=self.tenant_id,
                incident_id=consultation.incident_id,
                diagnosis_id=consultation.diagnosis_id,
                at=consultation.at,
                day=consultation.at.date(),
                asked_by_person=consultation.asked_by_person,
                model=consultation.model,
                prompt=consultation.prompt,
                reserved_tokens=consultation.reserved,
                **_ending(consultation),
            )

    def end(self, consultation: Consultation) -> None:
        """Store how one ended. Raises NotFound."""
        with translated():
            if not self._all().filter(id=consultation.id).update(**_ending(consultation)):
                raise NotFound(consultation=consultation.id)

    def days(self, first: date, end: date) -> Sequence[DayOfConsultations]:
        """Every day with consultations in [first, end), by time."""
        over = Count("id", filter=Q(outcome=Outcome.OVER_BUDGET.value))
        rows = (
            self._all()
            .filter(day__gte=first, day__lt=end)
            .values("day")
            .annotate(
                count=Count("id"),
                over=over,
                given=Sum("prompt_tokens"),
                said=Sum("completion_tokens"),
                cost=Sum("cost_microdollars"),
            )
            .order_by("day")
        )
        return [
            DayOfConsultations(
                day=row["day"].isoformat(),
                asked=row["count"] - row["over"],
                over_budget=row["over"],
                prompt_tokens=int(row["given"]),
                completion_tokens=int(row["said"]),
                cost_microdollars=int(row["cost"]),
            )
            for row in rows
        ]

    def _all(self) -> Any:
        return models.Consultation.objects.using(ALIAS).filter(tenant_id=self.tenant_id)


def _ending(consultation: Consultation) -> dict[str, Any]:
    usage = consultation.usage
    return {
        "outcome": consultation.outcome.value,
        "ended_at": consultation.ended_at,
        "advised_id": consultation.advised_id,
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "cache_read_tokens": usage.cache_read,
        "cache_written_tokens": usage.cache_written,
        "cost_microdollars": consultation.cost_microdollars,
        "cited": consultation.cited,
        "dropped": dict(consultation.dropped),
        "summary": to_document(consultation.summary),
        "detail": consultation.detail,
        "sent": list(consultation.sent),
    }


def _consultation(row: models.Consultation) -> Consultation:
    return Consultation(
        id=row.id,
        incident_id=row.incident_id,
        diagnosis_id=row.diagnosis_id,
        advised_id=row.advised_id,
        at=row.at,
        ended_at=row.ended_at,
        asked_by_person=row.asked_by_person,
        model=row.model,
        prompt=row.prompt,
        outcome=Outcome(row.outcome),
        reserved=row.reserved_tokens,
        usage=Usage(
            prompt=row.prompt_tokens,
            completion=row.completion_tokens,
            cache_read=row.cache_read_tokens,
            cache_written=row.cache_written_tokens,
        ),
        cost_microdollars=row.cost_microdollars,
        cited=row.cited,
        dropped=dict(row.dropped),
        summary=tuple(from_document(line, SummaryLine) for line in row.summary),
        detail=row.detail,
        sent=tuple(row.sent),
    )
