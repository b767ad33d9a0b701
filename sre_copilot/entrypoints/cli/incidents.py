"""`sre-copilot incidents`: look at incidents, declare and edit them."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import click
from rich.text import Text

from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.domain.edits import Edit, Impact
from sre_copilot.domain.lifecycle import OPEN, State
from sre_copilot.domain.signals import Environment, Severity, Signal
from sre_copilot.entrypoints.cli.groups import InOrder, choice
from sre_copilot.entrypoints.cli.ids import incident_argument
from sre_copilot.entrypoints.cli.lifecycle import LIFECYCLE, expected_version, show_changed
from sre_copilot.entrypoints.cli.names import NAME
from sre_copilot.entrypoints.cli.pages import incident_page
from sre_copilot.entrypoints.cli.postmortem import postmortem, runbook_draft
from sre_copilot.entrypoints.cli.regrouping import REGROUPING
from sre_copilot.entrypoints.cli.render import IncidentList, when, words
from sre_copilot.entrypoints.cli.session import NEWEST, Session, command


@click.group(cls=InOrder)
def incidents() -> None:
    """List, show, declare and edit incidents, take them on, merge and split them."""


@incidents.command("list")
@click.option(
    "--open", "only_open", is_flag=True, help="Only open ones: detected, acknowledged, investigating, mitigated."
)
@click.option(
    "--state",
    "states",
    multiple=True,
    type=choice(State),
    help="Only in this state; several are any of them. [default: all]",
)
@click.option(
    "--severity",
    "severities",
    multiple=True,
    type=choice(Severity),
    help="Only of this severity; several are any of them. [default: all]",
)
@click.option("--service", metavar="NAME", help="Only of the service of exactly this name. [default: all]")
@click.option("--environment", type=choice(Environment), help="Only of this environment. [default: all]")
@click.option("--assignee", metavar="EMAIL", help="Only those assigned to this person. [default: all]")
@click.option("--text", metavar="TEXT", help="Only with this text in title or description. [default: all]")
@click.option(
    "--limit",
    type=click.IntRange(1, NEWEST),
    default=50,
    show_default=True,
    metavar="N",
    help="At most so many incidents.",
)
@command
def list_incidents(
    session: Session,
    only_open: bool,
    states: tuple[str, ...],
    severities: tuple[str, ...],
    service: str | None,
    environment: str | None,
    assignee: str | None,
    text: str | None,
    limit: int,
) -> None:
    """List incidents, newest first. Times are UTC."""
    with session.open() as copilot:
        tenant, actor = session.tenant(copilot), session.actor(copilot)
        narrowed = IncidentFilter(
            states=frozenset(map(State, states)) | (OPEN if only_open else frozenset()),
            severities=frozenset(map(Severity, severities)),
            service=service,
            environment=Environment(environment) if environment else None,
            assigned_to=copilot.administration.person(tenant, assignee).id if assignee else None,
            text=text,
            limit=limit,
        )
        rows = copilot.incidents.list(actor=actor, narrowed=narrowed)
        waiting = copilot.signals.waiting(actor=actor)
        shown = IncidentList(rows) if rows else "There is no such incident."
        session.show({"incidents": rows, "waiting": waiting}, shown, *_waiting(waiting))


def _waiting(signals: Sequence[Signal]) -> Iterator[Text]:
    """What would be incidents, were the plan's of this month not used up."""
    if signals:
        yield words("\nWaiting, because the plan's incidents of this month are used up:", "yellow")
    for signal in signals:
        yield words(f"  {when(signal.timestamp)}  {signal.draft.service}  {signal.draft.title or signal.draft.name}")


@incidents.command()
@click.option(
    "--all",
    "whole",
    is_flag=True,
    help="Leave nothing out: every hypothesis, every reason, the signals with their ids.",
)
@incident_argument
@command
def show(session: Session, incident: UUID | str, whole: bool) -> None:
    """Show one incident with timeline, causes and advice. Times are UTC."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        view = copilot.incidents.show(actor=actor, incident_id=session.find(copilot, actor, incident))
        session.show(view, incident_page(view, whole=whole))


@incidents.command()
@click.argument("title")
@click.option("--service", required=True, type=NAME, metavar="NAME", help="Name of the service that hurts.")
@click.option("--severity", type=choice(Severity), default="medium", show_default=True, help="How bad it is.")
@click.option("--environment", type=choice(Environment), default="production", show_default=True, help="Where it is.")
@click.option("--description", default="", metavar="TEXT", help="What is known so far. [default: nothing]")
@command
def declare(session: Session, title: str, service: str, severity: str, environment: str, description: str) -> None:
    """Declare an incident by hand. TITLE has 1 to 500 characters."""
    with session.open() as copilot:
        declared = copilot.declare(
            actor=session.actor(copilot),
            title=title,
            service=service,
            severity=Severity(severity),
            environment=Environment(environment),
            description=description,
        )
        show_changed(session, declared)


@incidents.command()
@click.option("--title", metavar="TEXT", help="New title, 1 to 500 characters. [default: stays]")
@click.option("--description", metavar="TEXT", help="New description. [default: stays]")
@click.option(
    "--severity", type=choice(Severity), help="New severity; signals no longer raise it then. [default: stays]"
)
@click.option("--impact", metavar="TEXT", help="Who is hurt, and how. [default: stays]")
@click.option("--affected-users", type=click.IntRange(0), metavar="N", help="How many users are hurt. [default: stays]")
@click.option("--slo-breached/--slo-kept", default=None, help="Whether a service level is breached. [default: stays]")
@click.option(
    "--tag", "tags", multiple=True, metavar="WORD", help="Tag; all that are given replace the old ones. [default: stay]"
)
@expected_version
@incident_argument
@command
def edit(
    session: Session,
    incident: UUID | str,
    title: str | None,
    description: str | None,
    severity: str | None,
    impact: str | None,
    affected_users: int | None,
    slo_breached: bool | None,
    tags: tuple[str, ...],
    version: int | None,
) -> None:
    """Change title, description, severity, impact or tags. What is not given stays."""
    given = (title, description, severity, impact, affected_users, slo_breached, tags or None)
    if all(value is None for value in given):
        raise click.UsageError("Nothing to change was given.", click.get_current_context())
    with session.open() as copilot:
        actor = session.actor(copilot)
        incident_id = session.find(copilot, actor, incident)
        before = copilot.incidents.show(actor=actor, incident_id=incident_id).incident.impact
        changed = Impact(
            description=before.description if impact is None else impact,
            affected_user_count=before.affected_user_count if affected_users is None else affected_users,
            slo_breached=before.slo_breached if slo_breached is None else slo_breached,
        )
        wanted = Edit(
            title=title,
            description=description,
            severity=Severity(severity) if severity else None,
            impact=changed if changed != before else None,
            tags=tags or None,
        )
        show_changed(session, copilot.edit(actor=actor, incident_id=incident_id, edit=wanted, expected_version=version))


@incidents.command()
@incident_argument
@click.argument("assignee", metavar="[EMAIL]", required=False)
@command
def assign(session: Session, incident: UUID | str, assignee: str | None) -> None:
    """Assign an incident to a person, or to nobody.

    EMAIL is the person's address; without one it is assigned to nobody.
    """
    with session.open() as copilot:
        tenant, actor = session.tenant(copilot), session.actor(copilot)
        user = copilot.administration.person(tenant, assignee).id if assignee else None
        changed = copilot.assign(actor=actor, incident_id=session.find(copilot, actor, incident), user_id=user)
        show_changed(session, changed, f"Assigned to {assignee or 'nobody'}.")


@incidents.command()
@incident_argument
@click.argument("text")
@command
def note(session: Session, incident: UUID | str, text: str) -> None:
    """Write TEXT as a note on the timeline."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        written = copilot.note(actor=actor, incident_id=session.find(copilot, actor, incident), text=text)
        session.show(written, f"Noted at {when(written.at)} UTC.")


incidents.add_command(postmortem)
incidents.add_command(runbook_draft)
for _verb in (*LIFECYCLE, *REGROUPING):
    incidents.add_command(_verb)
