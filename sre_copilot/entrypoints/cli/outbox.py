"""`sre-copilot outbox`: what waits to be sent, what was sent, and what nobody tries any more."""

from typing import Any
from uuid import UUID

import click

from sre_copilot.application.ports.outbox import OutboxFilter
from sre_copilot.domain.outbox import OutboxEntry, OutboxStatus
from sre_copilot.entrypoints.cli.groups import InOrder
from sre_copilot.entrypoints.cli.ids import ID, short
from sre_copilot.entrypoints.cli.integrations import find
from sre_copilot.entrypoints.cli.render import table, when, words
from sre_copilot.entrypoints.cli.session import Session, command

STYLES = {OutboxStatus.PENDING: "yellow", OutboxStatus.SENT: "green", OutboxStatus.DEAD: "bold red"}
MANY = 10_000
"""More dead messages than anybody retries at once."""


@click.group(cls=InOrder)
def outbox() -> None:
    """List what waits, was sent or died, and have dead messages tried again."""


@outbox.command("list")
@click.option("--dead", is_flag=True, help="Only those that nobody tries any more.")
@click.option("--pending", is_flag=True, help="Only those that wait.")
@click.option("--to", "target", metavar="INTEGRATION", help="Only those for one integration. [default: all]")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, metavar="N", help="At most so many."
)
@command
def list_messages(session: Session, dead: bool, pending: bool, target: str | None, limit: int) -> None:
    """List the newest messages."""
    if dead and pending:
        raise click.UsageError("Choose one of --dead and --pending.", click.get_current_context())
    with session.open() as copilot:
        actor = session.actor(copilot)
        names = {row.id: row.name for row in copilot.integrations.list(actor=actor)}
        narrowed = OutboxFilter(
            status=OutboxStatus.DEAD if dead else OutboxStatus.PENDING if pending else None,
            integration_id=find(copilot, actor, target).id if target else None,
            limit=limit,
        )
        found = copilot.outbound.messages(actor=actor, narrowed=narrowed)
        rows = table("Id", "At (UTC)", "To", "Incident", "Event", "Status", "Failed", "Due (UTC)", "Last error")
        for row in found:
            to = f"{names.get(row.integration_id, '')} {row.target.address}".strip()
            pending_since = when(row.due_at) if row.status is OutboxStatus.PENDING else ""
            rows.add_row(
                str(row.id),
                when(row.created_at),
                words(to),
                short(row.incident_id) if row.incident_id else "",
                row.event.removeprefix("incident."),
                words(row.status.value, STYLES[row.status]),
                str(row.attempts),
                pending_since,
                words(row.last_error),
            )
        session.show({"messages": [_told(row) for row in found]}, rows if found else "There is no such message.")


@outbox.command("retry")
@click.argument("message", type=ID, metavar="[MESSAGE]", required=False)
@click.option("--all", "everything", is_flag=True, help="Every message that is dead, oldest first.")
@click.option(
    "--to", "target", metavar="INTEGRATION", help="With --all: only those for one integration. [default: all]"
)
@command
def retry_messages(session: Session, message: UUID | None, everything: bool, target: str | None) -> None:
    """Have a dead MESSAGE tried again, with all its attempts before it.

    Mend first what its last error names. A worker sends it.
    """
    if (message is None) is not everything:
        raise click.UsageError("Name one message by its id, or all with --all.", click.get_current_context())
    with session.open() as copilot:
        actor = session.actor(copilot)
        if message is not None:
            ids = [message]
        else:
            integration_id = find(copilot, actor, target).id if target else None
            narrowed = OutboxFilter(status=OutboxStatus.DEAD, integration_id=integration_id, limit=MANY)
            ids = [row.id for row in reversed(copilot.outbound.messages(actor=actor, narrowed=narrowed))]
        retried = [copilot.retry_message(actor=actor, message_id=one) for one in ids]
    told = [words(f"{row.event} waits again.") for row in retried]
    session.show({"retried": [_told(row) for row in retried]}, *(told or [words("No message is dead.")]))


def _told(row: OutboxEntry) -> dict[str, Any]:
    return {
        "id": row.id,
        "key": row.key,
        "integration_id": row.integration_id,
        "address": row.target.address,
        "incident_id": row.incident_id,
        "sequence": row.sequence,
        "event": row.event,
        "status": row.status,
        "attempts": row.attempts,
        "created_at": row.created_at,
        "due_at": row.due_at,
        "sent_at": row.sent_at,
        "last_error": row.last_error,
        "receipt": row.receipt,
    }
