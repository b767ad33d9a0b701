"""`sre-copilot incidents`: look at incidents and move them."""

from typing import Any
from uuid import UUID

import click

from sre_copilot.application.copilot import Copilot
from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.incidents import Edit, Impact, Incident, Resolution
from sre_copilot.domain.lifecycle import OPEN, Action, State
from sre_copilot.domain.signals import Environment, Severity
from sre_copilot.entrypoints.cli import render
from sre_copilot.entrypoints.cli.session import ID, Session, command


@click.group()
def incidents() -> None:
    """List, show, declare, edit and move incidents."""


def _words(values: Any) -> click.Choice[str]:
    return click.Choice([value.value for value in values])


@incidents.command("list")
@click.option(
    "--state", "states", multiple=True, type=_words(State), help="Only these states; may be given several times."
)
@click.option("--open", "only_open", is_flag=True, help="Only open ones.")
@click.option("--severity", "severities", multiple=True, type=_words(Severity), help="Only these severities.")
@click.option("--service", help="Only this service.")
@click.option("--text", help="Only with this text in title or description.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@command
def list_incidents(
    session: Session,
    states: tuple[str, ...],
    only_open: bool,
    severities: tuple[str, ...],
    service: str | None,
    text: str | None,
    limit: int,
) -> None:
    """List incidents, newest first."""
    narrowed = IncidentFilter(
        states=frozenset(map(State, states)) or (OPEN if only_open else frozenset()),
        severities=frozenset(map(Severity, severities)),
        service=service,
        text=text,
        limit=limit,
    )
    with session.open() as copilot:
        rows = copilot.incidents.list(actor=session.actor(copilot), narrowed=narrowed)
        session.show({"incidents": rows}, render.incident_table(rows) if rows else "There is no such incident.")


@incidents.command()
@click.argument("incident_id", type=ID, metavar="INCIDENT")
@command
def show(session: Session, incident_id: UUID) -> None:
    """Show one incident: timeline, hypotheses, recommendations."""
    with session.open() as copilot:
        view = copilot.incidents.show(actor=session.actor(copilot), incident_id=incident_id)
        session.show(view, render.incident_page(view))


@incidents.command()
@click.argument("title")
@click.option("--service", required=True, help="The service that hurts.")
@click.option("--severity", type=_words(Severity), default="medium", show_default=True)
@click.option("--environment", type=_words(Environment), default="production", show_default=True)
@click.option("--description", default="")
@command
def declare(session: Session, title: str, service: str, severity: str, environment: str, description: str) -> None:
    """Declare an incident by hand."""
    with session.open() as copilot:
        incident = copilot.declare(
            actor=session.actor(copilot),
            title=title,
            service=service,
            severity=Severity(severity),
            environment=Environment(environment),
            description=description,
        )
        _shown(session, incident)


@incidents.command()
@click.argument("incident_id", type=ID, metavar="INCIDENT")
@click.option("--title")
@click.option("--description")
@click.option("--severity", type=_words(Severity), help="Stays from now on, whatever signals say.")
@click.option("--impact", help="Who is hurt, and how.")
@click.option("--affected-users", type=click.IntRange(0))
@click.option("--slo-breached/--slo-kept", default=None)
@click.option("--tag", "tags", multiple=True, help="Replaces the tags; may be given several times.")
@command
def edit(
    session: Session,
    incident_id: UUID,
    title: str | None,
    description: str | None,
    severity: str | None,
    impact: str | None,
    affected_users: int | None,
    slo_breached: bool | None,
    tags: tuple[str, ...],
) -> None:
    """Change title, description, severity, impact or tags."""
    with session.open() as copilot:
        actor = session.actor(copilot)
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
        if wanted == Edit():
            raise click.UsageError("Nothing to change was given.", click.get_current_context())
        _shown(session, copilot.edit(actor=actor, incident_id=incident_id, edit=wanted))


@incidents.command()
@click.argument("incident_id", type=ID, metavar="INCIDENT")
@click.argument("email", required=False)
@command
def assign(session: Session, incident_id: UUID, email: str | None) -> None:
    """Assign an incident to EMAIL; without one, to nobody."""
    with session.open() as copilot:
        tenant = session.tenant(copilot)
        user = copilot.administration.person(tenant, email).id if email else None
        _shown(session, copilot.assign(actor=session.actor(copilot), incident_id=incident_id, user_id=user))


@incidents.command()
@click.argument("incident_id", type=ID, metavar="INCIDENT")
@click.argument("text")
@command
def note(session: Session, incident_id: UUID, text: str) -> None:
    """Write a note on the timeline."""
    with session.open() as copilot:
        written = copilot.note(actor=session.actor(copilot), incident_id=incident_id, text=text)
        session.show(written, f"Noted at {render.when(written.at)}.")


def _transition(action: Action, help_text: str, *, concludes: bool = False, resolves: bool = False) -> None:
    """Add the command for one verb of the lifecycle."""

    def run(session: Session, incident_id: UUID, reason: str, **details: Any) -> None:
        if "resolution" in details:
            details["resolution"] = Resolution(details["resolution"])
        with session.open() as copilot:
            _shown(session, _moved(copilot, session.actor(copilot), incident_id, action, reason=reason, **details))

    run.__doc__ = help_text
    built = command(run)
    if resolves:
        built = click.option("--how", "resolution", type=_words(Resolution), default="fixed", show_default=True)(built)
    if concludes:
        built = click.option("--summary", "resolution_summary", default="", help="What ended it.")(built)
        built = click.option("--root-cause", "root_cause", default="", help="What caused it.")(built)
    built = click.option("--reason", default="", help="Why; kept in the log.")(built)
    built = click.argument("incident_id", type=ID, metavar="INCIDENT")(built)
    incidents.command(action.value)(built)


def _moved(copilot: Copilot, actor: Actor, incident_id: UUID, action: Action, **details: Any) -> Incident:
    return copilot.transition(actor=actor, incident_id=incident_id, action=action, **details)


_transition(Action.ACKNOWLEDGE, "Say that somebody is on it.")
_transition(Action.INVESTIGATE, "Start, or go back to, looking for the cause.")
_transition(Action.MITIGATE, "Say that the impact is stopped, the cause perhaps not.")
_transition(Action.RESOLVE, "Say that it is over, and how.", concludes=True, resolves=True)
_transition(Action.CONCLUDE, "End an investigation without an established cause.", concludes=True)
_transition(Action.LEARN, "Write down what was learnt; this is final.", concludes=True)
_transition(Action.REOPEN, "Go back to investigating what was thought to be over.")


def _shown(session: Session, incident: Incident) -> None:
    session.show(incident, render.incident_table([incident]))
