"""`sre-copilot incidents runbook`: what an incident taught, as a runbook to begin with."""

from pathlib import Path
from uuid import UUID

import click

from sre_copilot.entrypoints.cli.ids import incident_argument
from sre_copilot.entrypoints.cli.session import Session, command


@click.command("runbook")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it there; a file that is there already is left alone. [default: print it]",
)
@incident_argument
@command
def runbook_draft(session: Session, incident: UUID | str, out: Path | None) -> None:
    """Draft a runbook in Markdown from what an incident taught. Nothing is stored."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        drafted = copilot.runbook_drafts.draft(actor=actor, incident_id=session.find(copilot, actor, incident))
    if out is None:
        if session.as_json:
            session.show(drafted)
        else:
            click.echo(drafted.markdown, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(drafted.markdown)
    except FileExistsError:
        raise click.UsageError(f"{out} is there already; name another file.", click.get_current_context()) from None
    session.show(drafted, f"Written to {out}.")
