"""`sre-copilot precedents`: what was learned from past incidents."""

from uuid import UUID

import click
from rich.console import Group

from sre_copilot.domain.precedents import Precedent
from sre_copilot.entrypoints.cli.groups import InOrder
from sre_copilot.entrypoints.cli.ids import ID, short
from sre_copilot.entrypoints.cli.render import grid, table, when, words
from sre_copilot.entrypoints.cli.session import Session, command

PRECEDENT = click.argument("precedent", type=ID, metavar="PRECEDENT")


@click.group(cls=InOrder)
def precedents() -> None:
    """Show what was learned from past incidents; turn it off and on."""


@precedents.command("list")
@click.option("--forgotten", is_flag=True, help="Those that are not used, instead of those that are.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, metavar="N", help="At most so many."
)
@command
def list_precedents(session: Session, forgotten: bool, limit: int) -> None:
    """List what was learned, newest first. Times are UTC."""
    with session.open() as copilot:
        found = copilot.precedents.list(actor=session.actor(copilot), forgotten=forgotten, limit=limit)
        rows = table("Id", "Learned (UTC)", "Incident", "Title", "Cause", "Rejected")
        for row in found:
            rows.add_row(
                str(row.id),
                when(row.learned_at),
                short(row.incident_id),
                words(row.title),
                words(_cause(row)),
                words(_rejected(row)),
            )
        none = (
            "No precedent is forgotten."
            if forgotten
            else "Nothing was learned yet: accept or reject hypotheses for it."
        )
        session.show({"precedents": list(found)}, rows if found else none)


@precedents.command("show")
@PRECEDENT
@command
def show_precedent(session: Session, precedent: UUID) -> None:
    """Show one precedent. PRECEDENT is its id, as `precedents list` prints it."""
    with session.open() as copilot:
        found = copilot.precedents.get(actor=session.actor(copilot), precedent_id=precedent)
        session.show(found, _page(found))


@precedents.command("forget")
@PRECEDENT
@command
def forget_precedent(session: Session, precedent: UUID) -> None:
    """Stop using a precedent from the next diagnosis on.

    PRECEDENT is its id. What people said stays, and so does the first answer in the calibration report.
    """
    with session.open() as copilot:
        changed = copilot.forget_precedent(actor=session.actor(copilot), precedent_id=precedent)
        back = f"To use it again: sre-copilot precedents restore {changed.id}{session.again}"
        session.show(
            changed,
            words(f"What was learned from {short(changed.incident_id)} is not used any more."),
            words(back, "dim"),
        )


@precedents.command("restore")
@PRECEDENT
@command
def restore_precedent(session: Session, precedent: UUID) -> None:
    """Use a forgotten precedent again from the next diagnosis on. PRECEDENT is its id."""
    with session.open() as copilot:
        changed = copilot.restore_precedent(actor=session.actor(copilot), precedent_id=precedent)
        session.show(changed, words(f"What was learned from {short(changed.incident_id)} is used again."))


def _page(row: Precedent) -> Group:
    lines = grid()
    symptoms = row.symptoms
    for name, value in (
        ("Learned from", words(f"incident {short(row.incident_id)}: {row.title}", "bold")),
        ("Cause", words(_cause(row))),
        ("Rejected", words(_rejected(row))),
        ("Metrics", words(", ".join(symptoms.metrics) or "–")),
        ("Words", words(", ".join((*symptoms.words, *symptoms.templates)) or "–")),
        ("Signals", words(", ".join(symptoms.signals) or "–")),
        ("Alarm", words(symptoms.role.value or "–")),
        ("Learned", words(f"{when(row.learned_at)} UTC")),
        ("Forgotten", words(f"{when(row.forgotten_at)} UTC" if row.forgotten_at else "–")),
        ("Id", words(row.id, "dim")),
    ):
        lines.add_row(words(name, "dim"), value)
    return Group(lines)


def _cause(row: Precedent) -> str:
    return row.confirmed.cause.said if row.confirmed else "–"


def _rejected(row: Precedent) -> str:
    return ", ".join(one.cause.said for one in row.rejected) or "–"
