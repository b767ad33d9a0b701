"""`sre-copilot incidents postmortem` and `runbook`: draft what comes after an incident."""

from pathlib import Path
from uuid import UUID

import click

from sre_copilot.entrypoints.cli.drafts import out_option, show_draft
from sre_copilot.entrypoints.cli.ids import incident_argument
from sre_copilot.entrypoints.cli.lifecycle import expected_version, show_changed
from sre_copilot.entrypoints.cli.session import Session, command


@click.command()
@out_option
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
        drafted = copilot.drafts.postmortem(actor=actor, incident_id=incident_id)
    show_draft(session, drafted, out)


@click.command("runbook")
@out_option
@incident_argument
@command
def runbook_draft(session: Session, incident: UUID | str, out: Path | None) -> None:
    """Draft a runbook in Markdown from what an incident taught. Nothing is stored."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        drafted = copilot.drafts.runbook(actor=actor, incident_id=session.find(copilot, actor, incident))
    show_draft(session, drafted, out)
