"""`sre-copilot deliveries`: the ledger, and what is kept aside in it."""

from collections.abc import Iterator
from uuid import UUID

import attrs
import click
from rich.console import RenderableType
from rich.progress import track

from sre_copilot.application.ports.deliveries import DeliveryFilter
from sre_copilot.domain.deliveries import DeliveryRecord, DeliveryStatus
from sre_copilot.entrypoints.cli.groups import InOrder
from sre_copilot.entrypoints.cli.ids import ID
from sre_copilot.entrypoints.cli.integrations import find
from sre_copilot.entrypoints.cli.render import grid, heading, table, when, words
from sre_copilot.entrypoints.cli.session import Session, command, progress_console

MOST_SHOWN = 20_000
"""Characters of a body that are printed."""
PAGE = 200


@click.group(cls=InOrder)
def deliveries() -> None:
    """List, show and replay what vendors sent."""


@deliveries.command("list")
@click.option("--quarantined", is_flag=True, help="Only those that are kept aside.")
@click.option("--integration", metavar="NAME", help="Only those of one integration. [default: all]")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, metavar="N", help="At most so many."
)
@command
def list_deliveries(session: Session, quarantined: bool, integration: str | None, limit: int) -> None:
    """List the newest deliveries."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        names = {row.id: row.name for row in copilot.integrations.list(actor=actor)}
        narrowed = DeliveryFilter(
            status=DeliveryStatus.QUARANTINED if quarantined else None,
            integration_id=find(copilot, actor, integration).id if integration else None,
            limit=limit,
        )
        found = copilot.integrations.deliveries(actor=actor, narrowed=narrowed)
        rows = table("Id", "Received (UTC)", "Integration", "Status", "Proven by", "Stored", "Repeats", "Problem")
        for row in found:
            receipt = row.receipt
            rows.add_row(
                str(row.id),
                when(row.received_at),
                words(names.get(row.integration_id, "")),
                words(row.status.value, "yellow" if row.status is DeliveryStatus.QUARANTINED else ""),
                row.verdict.value,
                str(receipt.accepted),
                str(receipt.repeats),
                words(receipt.problem),
            )
        session.show({"deliveries": found}, rows if found else "There is no such delivery.")


@deliveries.command("show")
@click.argument("delivery", type=ID, metavar="DELIVERY")
@command
def show_delivery(session: Session, delivery: UUID) -> None:
    """Show one delivery: its headers that are kept, and its body."""
    with session.open() as copilot:
        row = copilot.integrations.delivery(actor=session.actor(copilot), delivery_id=delivery)
        session.show({**attrs.asdict(row.without_body, recurse=False), "body": _text(row.delivery.body)}, *_page(row))


@deliveries.command("replay")
@click.argument("delivery", type=ID, metavar="DELIVERY", required=False)
@click.option("--all", "everything", is_flag=True, help="Every delivery in quarantine, oldest first.")
@click.option("--integration", metavar="NAME", help="With --all: only those of one integration. [default: all]")
@command
def replay_delivery(session: Session, delivery: UUID | None, everything: bool, integration: str | None) -> None:
    """Parse a quarantined DELIVERY again.

    Mend its plugin or settings first; it keeps its id, and takes the place of the first parse.
    """
    if (delivery is None) != everything:
        raise click.UsageError("Give a DELIVERY or --all.", click.get_current_context())
    with session.open() as copilot:
        actor = session.actor(copilot)
        if delivery is not None:
            chosen = [delivery]
        else:
            wanted = find(copilot, actor, integration).id if integration else None
            narrowed = DeliveryFilter(status=DeliveryStatus.QUARANTINED, integration_id=wanted, limit=PAGE)
            chosen = []
            while page := copilot.integrations.deliveries(actor=actor, narrowed=narrowed):
                chosen += [row.id for row in page]
                last = page[-1]
                narrowed = DeliveryFilter(
                    status=DeliveryStatus.QUARANTINED,
                    integration_id=wanted,
                    before=last.received_at,
                    before_id=last.id,
                    limit=PAGE,
                )
            chosen.reverse()
        hidden = not progress_console.is_terminal
        steps = track(chosen, description="Replaying", console=progress_console, transient=True, disable=hidden)
        receipts = [copilot.replay(actor=actor, delivery_id=one) for one in steps]
        rows = table("Delivery", "Became", "Stored", "Incidents opened", "Problem")
        for receipt in receipts:
            became = words("quarantined", "yellow") if receipt.quarantined else words("accepted", "green")
            opened = ", ".join(str(incident)[-8:] for incident in receipt.opened)
            rows.add_row(str(receipt.delivery_id), became, str(receipt.accepted), opened, words(receipt.problem))
        session.show({"replayed": receipts}, rows if receipts else "Nothing is in quarantine.")


def _page(row: DeliveryRecord) -> Iterator[RenderableType]:
    facts = grid()
    for name, value in attrs.asdict(row.without_body, recurse=False).items():
        if name not in ("receipt", "headers") and value not in (None, ""):
            facts.add_row(words(name.replace("_", " "), "dim"), words(value))
    if row.receipt.problem:
        facts.add_row(words("problem", "dim"), words(row.receipt.problem, "yellow"))
    yield facts
    if row.delivery.headers:
        yield heading("Headers")
        headers = grid()
        for name, value in row.delivery.headers.items():
            headers.add_row(words(name, "dim"), words(value))
        yield headers
    yield heading("Body")
    text = _text(row.delivery.body)
    for line in text[:MOST_SHOWN].splitlines():
        yield words(line)
    if len(text) > MOST_SHOWN:
        yield words(f"... {len(text) - MOST_SHOWN} characters more; --json prints all.", "dim")


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
