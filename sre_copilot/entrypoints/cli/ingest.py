"""`sre-copilot ingest`: one delivery, or a recording of many."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import RenderableType

from sre_copilot.application.copilot import Copilot
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.deliveries import MAX_BODY_BYTES, Delivery, Receipt
from sre_copilot.domain.errors import InvalidInput, NotFound
from sre_copilot.domain.integrations import Integration
from sre_copilot.entrypoints.cli.funnel import funnel
from sre_copilot.entrypoints.cli.render import words
from sre_copilot.entrypoints.cli.replay import ReplayClock, parse_recording, replayed
from sre_copilot.entrypoints.cli.session import Session, command, progress_console


@click.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--integration",
    "names",
    required=True,
    multiple=True,
    metavar="NAME",
    help="Name or id of an integration; give it once per vendor for a recording of several vendors.",
)
@click.option(
    "--path",
    "path",
    default="",
    metavar="PATH",
    help="URL path that the body came by, for a vendor with several, such as /v2/change/enqueue. A recording has its own. "
    "[default: the vendor's usual one]",
)
@command
def ingest(session: Session, file: str, names: tuple[str, ...], path: str) -> None:
    """Take in FILE: one body as a vendor sends it, or a recording of many.

    A recording (`deliveries.jsonl`) has one JSON object per line, with received_at, path, headers and body; each is
    taken in at the time that it names. `-` is standard input.
    """
    body = _read(file)
    if _is_recording(file, body):
        _ingest_recording(session, file, body, names)
        return
    if len(names) > 1:
        raise click.UsageError(
            "One body has one --integration; several are for a recording.", click.get_current_context()
        )
    with session.open() as copilot:
        actor = session.actor(copilot)
        target = _find(copilot, actor, names)[0]
        delivery = Delivery(body=body, received_at=datetime.now(UTC), path=path)
        actor.require(Permission.INGEST)
        # Nobody else lets time pass here: what is over by now ends before something new arrives.
        copilot.run_due_timers(actor=Actor.system(actor.tenant_id, origin="cli"), now=delivery.received_at)
        receipt = copilot.ingest(actor=actor, integration_id=target.id, delivery=delivery)
        session.show(receipt, *_receipt(receipt, session.again))


def _ingest_recording(session: Session, file: str, body: bytes, names: tuple[str, ...]) -> None:
    rows = parse_recording(body.decode(), file)
    clock = ReplayClock()
    with session.open(clock=clock) as copilot:
        actor = session.actor(copilot)
        targets = _find(copilot, actor, names)
        tally, touched = replayed(copilot, clock, actor, rows, targets)
        session.show({**tally.as_document(), "incidents": sorted(touched)}, funnel(tally, len(touched)))


def _read(file: str) -> bytes:
    if file == "-":
        if sys.stdin.isatty():
            progress_console.print("Reading from the terminal; Ctrl-D ends it.")
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
    known = copilot.integrations.list(actor=actor)
    by_name = {**{row.name: row for row in known}, **{str(row.id): row for row in known}}
    for name in names:
        if name not in by_name:
            shown = ", ".join(row.name for row in known) or "none yet; `sre-copilot integrations create` makes one"
            raise NotFound(f"There is no integration {name!r}. The tenant has: {shown}.")
    return [by_name[name] for name in names]


def _receipt(receipt: Receipt, again: str) -> Iterator[RenderableType]:
    if receipt.quarantined:
        yield words(f"Quarantined: {receipt.problem}", "yellow")
        yield words(f"It is kept as delivery {receipt.delivery_id}; nothing was made of it.", "dim")
        return
    known = " came before, so nothing is stored twice" if receipt.redelivered else ""
    yield words(f"Delivery {receipt.delivery_id}{known}.")
    counts = {
        "stored": receipt.accepted,
        "duplicates": receipt.duplicates,
        "repeats": receipt.repeats,
        "resolved": receipt.resolved,
    }
    yield words("Signals: " + ", ".join(f"{count} {name}" for name, count in counts.items()) + ".")
    for incident in receipt.incidents:
        opened = "opened" if incident in receipt.opened else "touched"
        yield words(f"Incident {incident} {opened}.")
    if receipt.waiting:
        yield words(f"{receipt.waiting} of them wait: the plan's incidents of this month are used up.", "yellow")
    if receipt.silenced:
        yield words(f"{receipt.silenced} of them silenced: no incident as long as the silence is in force.", "yellow")
    if receipt.signals:
        yield words(f"Why there: sre-copilot explain {receipt.signals[0]}{again}", "dim")
