"""The commands that put signals into other incidents than correlation did: merge, split, move."""

from uuid import UUID

import click

from sre_copilot.entrypoints.cli.ids import ID, INCIDENT, incident_argument
from sre_copilot.entrypoints.cli.lifecycle import expected_version, show_changed
from sre_copilot.entrypoints.cli.session import Session, command

because = click.option(
    "--reason", default="", metavar="TEXT", help="Why; kept in the timeline and with the example. [default: none]"
)
into_option = click.option(
    "--into", type=INCIDENT, metavar="INCIDENT", help="The open incident that they go into. [default: a new one]"
)


@click.command()
@because
@expected_version
@incident_argument
@click.argument("other", type=INCIDENT, metavar="OTHER")
@command
def merge(session: Session, incident: UUID | str, other: UUID | str, reason: str, version: int | None) -> None:
    """Merge two open incidents into the older one.

    All of the younger one goes there, and the younger one is resolved.

    OTHER is named like INCIDENT; which of them comes first matters only to --version, which is that of INCIDENT.
    """
    with session.open() as copilot:
        actor = session.actor(copilot)
        incident_id, other_id = (session.find(copilot, actor, one) for one in (incident, other))
        into = copilot.merge(
            actor=actor, incident_id=incident_id, other_id=other_id, reason=reason, expected_version=version
        )
        away = other_id if into.id == incident_id else incident_id
        show_changed(session, into, f"{away} was merged into it, and is resolved.")


@click.command()
@into_option
@click.option("--title", metavar="TEXT", help="Title of the new incident. [default: that of its first signal]")
@because
@expected_version
@incident_argument
@click.argument("signals", type=ID, metavar="SIGNAL...", nargs=-1, required=True)
@command
def split(
    session: Session,
    incident: UUID | str,
    signals: tuple[UUID, ...],
    into: UUID | str | None,
    title: str | None,
    reason: str,
    version: int | None,
) -> None:
    """Take signals out of an incident.

    Each takes all of its episode along, and something has to be left of the incident.

    SIGNAL is an id, as `incidents show INCIDENT --all` prints it.
    """
    with session.open() as copilot:
        actor = session.actor(copilot)
        incident_id = session.find(copilot, actor, incident)
        after = copilot.split(
            actor=actor,
            incident_id=incident_id,
            signal_ids=signals,
            into_id=session.find(copilot, actor, into) if into is not None else None,
            title=title,
            reason=reason,
            expected_version=version,
        )
        show_changed(session, after, f"Taken out of {incident_id}.")


@click.command()
@into_option
@because
@click.argument("signal", type=ID, metavar="SIGNAL")
@command
def move(session: Session, signal: UUID, into: UUID | str | None, reason: str) -> None:
    """Move a signal into another incident.

    It takes all of its episode along, wherever that is now.

    SIGNAL is its id, as `incidents show INCIDENT --all` prints it. An incident that has nothing else is merged away.
    """
    with session.open() as copilot:
        actor = session.actor(copilot)
        into_id = session.find(copilot, actor, into) if into is not None else None
        show_changed(session, copilot.move_signal(actor=actor, signal_id=signal, into_id=into_id, reason=reason))


REGROUPING = (merge, split, move)
