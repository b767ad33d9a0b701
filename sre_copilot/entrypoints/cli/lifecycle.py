"""The commands that take an incident from one state to another: one for each verb."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import click

from sre_copilot.domain.incidents import Incident, Resolution
from sre_copilot.domain.lifecycle import Action
from sre_copilot.entrypoints.cli.groups import choice
from sre_copilot.entrypoints.cli.ids import incident_argument, short
from sre_copilot.entrypoints.cli.render import IncidentList, next_steps, words
from sre_copilot.entrypoints.cli.session import Session, command

expected_version = click.option(
    "--version",
    "version",
    type=click.IntRange(1),
    metavar="N",
    help="Only if the incident still has this version, as `incidents show` told it. [default: whatever version it has]",
)


def _verb(action: Action, help_text: str, *, concludes: bool = False, resolves: bool = False) -> click.Command:
    """The command for one verb of the lifecycle."""

    def run(session: Session, incident: UUID | str, reason: str, version: int | None, **details: Any) -> None:
        if "resolution" in details:
            details["resolution"] = Resolution(details["resolution"])
        with session.open() as copilot:
            actor = session.actor(copilot)
            changed = copilot.transition(
                actor=actor,
                incident_id=session.find(copilot, actor, incident),
                action=action,
                reason=reason,
                expected_version=version,
                **details,
            )
            offered = [f"A runbook draft: sre-copilot incidents runbook {short(changed.id)}{session.again}"]
            show_changed(session, changed, *(offered if action is Action.LEARN else []))

    run.__doc__ = help_text
    built: Callable[..., Any] = expected_version(incident_argument(command(run)))
    if resolves:
        built = click.option(
            "--how", "resolution", type=choice(Resolution), default="fixed", show_default=True, help="How it ended."
        )(built)
    if concludes:
        built = click.option(
            "--summary", "resolution_summary", default="", metavar="TEXT", help="What ended it. [default: stays]"
        )(built)
        built = click.option(
            "--root-cause", "root_cause", default="", metavar="TEXT", help="What caused it. [default: stays]"
        )(built)
    built = click.option("--reason", default="", metavar="TEXT", help="Why; kept in the log. [default: none]")(built)
    return click.command(action.value)(built)


def show_changed(session: Session, incident: Incident, *remarks: str) -> None:
    """Show an incident after it was changed, and what may follow."""
    session.show(incident, IncidentList([incident]), *map(words, remarks), next_steps(incident))


LIFECYCLE = (
    _verb(Action.ACKNOWLEDGE, "Say that somebody is on it."),
    _verb(Action.INVESTIGATE, "Start, or go back to, looking for the cause."),
    _verb(Action.MITIGATE, "Say that the impact is stopped, the cause perhaps not."),
    _verb(Action.RESOLVE, "Say that it is over, and how.", concludes=True, resolves=True),
    _verb(Action.CONCLUDE, "End an investigation without an established cause.", concludes=True),
    _verb(
        Action.LEARN,
        "Write down what was learnt; this is final. It needs a summary, and a root cause unless it was inconclusive.",
        concludes=True,
    ),
    _verb(Action.REOPEN, "Go back to investigating what was thought to be over."),
)
