"""Rows of incidents in the domain's words, and back."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import orjson
from psycopg import sql

from sre_copilot.adapters.django_orm import models
from sre_copilot.domain.edits import Impact
from sre_copilot.domain.incidents import Incident, Resolution
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.signals import Environment, Severity

SAME_NAMES = (
    "title",
    "description",
    "external_id",
    "detected_at",
    "acknowledged_at",
    "acknowledged_by_person",
    "investigating_started_at",
    "mitigated_at",
    "resolved_at",
    "resolved_automatically",
    "root_cause",
    "resolution_summary",
    "created_at",
    "updated_at",
    "severity_overridden",
    "declared",
    "version",
    "transition_count",
    "reopen_count",
    "last_signal_at",
    "settle_at",
    "settle_suggested_at",
    "recurrence_of",
    "recurrence_count",
    "postmortem_url",
)
"""Columns named as the domain's fields."""

CHANGED_BY_SIGNALS = ("updated_at", "detected_at", "last_signal_at", "settle_at", "settle_suggested_at")
"""And the severity: what `Incident.absorb`, `Incident.rearranged` and `Incident.settle` change."""
READ: tuple[str, ...] = tuple(
    str(field.column) for field in models.Incident._meta.concrete_fields if field.name != "context_snapshot"
)
LOCKED = (
    sql.SQL(
        "SELECT {} FROM incidents WHERE tenant_id = %(tenant)b AND id = ANY (%(ids)b::uuid[]) ORDER BY id FOR UPDATE"
    )
    .format(sql.SQL(", ").join(map(sql.Identifier, READ)))
    .as_bytes(None)
)


def incident_from_columns(columns: Sequence[Any]) -> Incident:
    """A stored incident in the domain's words, from what `LOCKED` gives."""
    told: dict[str, Any] = dict(zip(READ, columns, strict=True))
    documents = {name: orjson.loads(told[name]) for name in ("tags", "metadata")}
    return incident_from_row(SimpleNamespace(**{**told, **documents}))


def columns_of(incident: Incident) -> dict[str, Any]:
    """What is stored of an incident, by column, all but its snapshot."""
    return {
        **{name: getattr(incident, name) for name in SAME_NAMES},
        "service_name": incident.service,
        "service_environment": incident.environment.value,
        "state": incident.state.value,
        "severity": incident.severity.value,
        "resolution": incident.resolution.value if incident.resolution else None,
        "assigned_to_id": incident.assigned_to,
        "user_impact_description": incident.impact.description,
        "affected_user_count": incident.impact.affected_user_count,
        "slo_breached": incident.impact.slo_breached,
        "tags": list(incident.tags),
        "metadata": dict(incident.metadata),
    }


def incident_from_row(row: Any) -> Incident:
    """A stored incident in the domain's words."""
    return Incident(
        **{name: getattr(row, name) for name in SAME_NAMES},
        id=row.id,
        tenant_id=row.tenant_id,
        service=row.service_name,
        environment=Environment(row.service_environment),
        state=State(row.state),
        severity=Severity(row.severity),
        resolution=Resolution(row.resolution) if row.resolution else None,
        assigned_to=row.assigned_to_id,
        impact=Impact(
            description=row.user_impact_description,
            affected_user_count=row.affected_user_count,
            slo_breached=row.slo_breached,
        ),
        snapshot_id=row.context_snapshot_id,
        tags=tuple(row.tags),
        metadata=row.metadata,
    )
