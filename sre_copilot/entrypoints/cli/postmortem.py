"""`sre-copilot incidents postmortem`: draft one, and say where the finished one is."""

from pathlib import Path
from uuid import UUID

import click

from sre_copilot.entrypoints.cli.ids import incident_argument
from sre_copilot.entrypoints.cli.lifecycle import expected_version, show_changed
from sre_copilot.entrypoints.cli.session import Session, command


@click.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it there; a file that is there already is left alone. [default: print it]",
)
@click.option(
    "--published-at",
    "url",
    metavar="URL",
    help="Keep where the finished one is, instead; '' forgets it. [default: stays]",
)
@expected_version
@incident_argument
@command
def postmortem(session: Session, incident: UUID | str, out: Path | None, url: str | None, version: int | None) -> None:
    """Draft a blameless postmortem from what is on record."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        incident_id = session.find(copilot, actor, incident)
        if url is not None:
            changed = copilot.publish_postmortem(
                actor=actor, incident_id=incident_id, url=url or None, expected_version=version
            )
            show_changed(session, changed, f"Published at {url}." if url else "No longer published anywhere.")
            return
        drafted = copilot.postmortems.draft(actor=actor, incident_id=incident_id)
    if out is None:
        if session.as_json:
            session.show(drafted)
        else:
            # As it is, for whoever pipes it on: a table that is wrapped is none.
            click.echo(drafted.markdown, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(drafted.markdown)
    except FileExistsError:
        raise click.UsageError(f"{out} is there already; name another file.", click.get_current_context()) from None
    session.show(drafted, f"Written to {out}.")
