"""The trail that every change leaves: the incident, its row of the log, one audit entry, and what people are told of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sre_copilot.application.announcing import announce, stepped
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.audit import AuditAction, audited
from sre_copilot.domain.incidents import Changed


def record_transition(uow: UnitOfWork, ids: Ids, actor: Actor, changed: Changed, at: datetime) -> None:
    """Store a transition with its incident and audit entry, and announce it."""
    uow.incidents.save(changed.incident)
    uow.incidents.log(changed.transition)
    record_audit(
        uow,
        ids,
        actor,
        f"incident.{changed.transition.to_state}",
        AuditAction.UPDATE,
        at=at,
        resource=("incident", changed.incident.id),
        details={"from": changed.transition.from_state, "to": changed.transition.to_state},
    )
    announce(uow, ids, changed.incident, stepped(changed, actor))


def record_opening(uow: UnitOfWork, ids: Ids, actor: Actor, changed: Changed, at: datetime) -> None:
    """Store a new incident with the first row of its log and its audit entry, and announce it."""
    uow.incidents.save(changed.incident)
    uow.incidents.log(changed.transition)
    record_audit(
        uow,
        ids,
        actor,
        "incident.opened",
        AuditAction.CREATE,
        at=at,
        resource=("incident", changed.incident.id),
        details={"title": changed.incident.title, "severity": changed.incident.severity.value},
    )
    announce(uow, ids, changed.incident, stepped(changed, actor))


def record_audit(
    uow: UnitOfWork,
    ids: Ids,
    actor: Actor,
    event_type: str,
    action: AuditAction,
    *,
    at: datetime,
    resource: tuple[str, UUID | None],
    details: Mapping[str, Any] | None = None,
) -> None:
    """Append one audit entry for what `actor` did to (resource type, id)."""
    resource_type, resource_id = resource
    entry = audited(
        actor,
        event_type,
        action,
        entry_id=ids.new(),
        at=at,
        resource_type=resource_type,
        resource_id=resource_id,
        details=details,
    )
    uow.audit.append(entry)
