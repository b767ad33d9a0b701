"""What writing a runbook has in common, whoever writes it: its version is kept, and there is one audit entry."""

from datetime import datetime
from uuid import UUID

from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.runbook_texts import slug_of
from sre_copilot.domain.runbooks import Runbook

MOST_OF_A_NAME = 1_000
"""So many runbooks may have the same title before a slug has to be given."""


def keep_written(uow: UnitOfWork, ids: Ids, runbook: Runbook, *, at: datetime, by: UUID | None) -> None:
    """Store a runbook whose text is new, and the version that it now has."""
    uow.runbooks.save(runbook)
    uow.runbooks.keep(runbook.as_version(id=ids.new(), at=at, by=by))


def audit_runbook(
    uow: UnitOfWork, ids: Ids, actor: Actor, event: str, action: AuditAction, runbook: Runbook, *, at: datetime
) -> None:
    """Append the audit entry of what was done to a runbook."""
    details = {"slug": runbook.slug, "version": runbook.version}
    record_audit(uow, ids, actor, f"runbook.{event}", action, at=at, resource=("runbook", runbook.id), details=details)


def require_owner(uow: UnitOfWork, user_id: UUID | None) -> None:
    """Raise NotFound unless this is an active person of the tenant, or nobody is named."""
    if user_id is not None and not any(user.id == user_id and user.is_active for user in uow.tenants.users()):
        raise NotFound(user=user_id)


def free_slug(uow: UnitOfWork, title: str) -> str:
    """Return the slug that the title gives, with a number behind it where another runbook has it."""
    wanted = slug_of(title)
    tried = (wanted if number == 1 else f"{wanted}-{number}" for number in range(1, MOST_OF_A_NAME))
    return next((slug for slug in tried if uow.runbooks.by_slug(slug) is None), wanted)
