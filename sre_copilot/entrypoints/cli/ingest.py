"""`sre-copilot ingest`: one delivery, or a recording of many."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click
from rich.progress import track

from sre_copilot.application.copilot import Copilot
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.deliveries import MAX_BODY_BYTES, Delivery, Integration, Receipt
from sre_copilot.domain.errors import InvalidInput, NotFound
from sre_copilot.entrypoints.cli import render
from sre_copilot.entrypoints.cli.replay import ReplayClock, Tally, parse_recording, replay
from sre_copilot.entrypoints.cli.session import Session, command, console


@click.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--integration",
    "names",
    required=True,
    multiple=True,
    metavar="NAME",
    help="Name or id; several for a recording of several vendors.",
)
@click.option("--path", "path", default="", help="The door that the body came by, where the vendor has several.")
@command
def ingest(session: Session, file: str, names: tuple[str, ...], path: str) -> None:
    """Take in FILE: one body, or a `deliveries.jsonl`; `-` is standard input."""
    body = _read(file)
    if _is_recording(file, body):
        _ingest_recording(session, file, body, names)
        return
    with session.open() as copilot:
        actor = session.actor(copilot)
        target = _find(copilot, actor, names)[0]
        delivery = Delivery(body=body, received_at=datetime.now(UTC), path=path)
        actor.require(Permission.INGEST)
        sender = Actor.integration(actor.tenant_id, target.id, name=target.name, origin="cli")
        receipt = copilot.ingest(actor=sender, integration_id=target.id, delivery=delivery)
        session.show(receipt, *_receipt(receipt))


def _ingest_recording(session: Session, file: str, body: bytes, names: tuple[str, ...]) -> None:
    rows = parse_recording(body.decode(), file)
    clock = ReplayClock()
    with session.open(clock=clock) as copilot:
        actor = session.actor(copilot)
        targets = _find(copilot, actor, names)
        receipts = replay(copilot, clock, actor, rows, targets)
        shown = track(receipts, "Replaying", total=len(rows), console=console, transient=True, disable=session.as_json)
        tally, touched = Tally(), set[UUID]()
        for receipt in shown:
            tally = tally.plus(receipt)
            touched.update(receipt.incidents)
        document = tally.as_document()
        counts = render.table("", "Count")
        for group, members in document.items():
            for name, count in members.items():
                counts.add_row(f"{group} {name}", str(count))
        session.show({**document, "incidents": sorted(touched)}, counts)


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} can't be read: {error.strerror}.") from error


def _is_recording(file: str, body: bytes) -> bool:
    """A recording has a receive time in its first line; one body has not."""
    if file.endswith(".jsonl"):
        if not _is_text(body):
            raise InvalidInput(f"{file} is not UTF-8 text, so it is no recording.")
        return True
    first = body[:MAX_BODY_BYTES].split(b"\n", 1)[0]
    return b'"received_at"' in first and b'"body"' in first and _is_text(body)


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _find(copilot: Copilot, actor: Actor, names: tuple[str, ...]) -> list[Integration]:
    known = copilot.administration.integrations(actor=actor)
    by_name = {**{row.name: row for row in known}, **{str(row.id): row for row in known}}
    for name in names:
        if name not in by_name:
            shown = ", ".join(row.name for row in known) or "none yet; `sre-copilot integrations create` makes one"
            raise NotFound(f"There is no integration {name!r}. The tenant has: {shown}.")
    return [by_name[name] for name in names]


def _receipt(receipt: Receipt) -> tuple[str, ...]:
    if receipt.quarantined:
        return (f"[yellow]Quarantined[/yellow] as {receipt.delivery_id}: {receipt.problem}",)
    counts = f"{receipt.accepted} signals stored, {receipt.duplicates} duplicates, {receipt.repeats} repeats, {receipt.resolved} resolved"
    again = " (redelivered)" if receipt.redelivered else ""
    return (f"Delivery {receipt.delivery_id}{again}: {counts}.", *(f"Incident {one}" for one in receipt.incidents))
