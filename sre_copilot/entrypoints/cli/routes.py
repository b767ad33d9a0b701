"""`sre-copilot routes`: who is told what, and who would be."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click
from rich.table import Table

from sre_copilot.application.copilot import Copilot
from sre_copilot.application.queries.outbound import DryRun
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.outbound import Event, IncidentFacts
from sre_copilot.domain.routing import Routed, RoutingRule, Target
from sre_copilot.domain.signals import Environment, Severity
from sre_copilot.entrypoints.cli.groups import InOrder, choice
from sre_copilot.entrypoints.cli.ids import INCIDENT
from sre_copilot.entrypoints.cli.integrations import find
from sre_copilot.entrypoints.cli.names import NAME
from sre_copilot.entrypoints.cli.render import heading, table, words
from sre_copilot.entrypoints.cli.session import Session, command

REASONS = {
    Routed.TOLD: "is told",
    Routed.TOLD_BEFORE: "is told, since it has heard of the incident",
    Routed.SAID_THERE: "said it itself",
    Routed.INACTIVE: "the rule rests",
    Routed.OTHER_EVENT: "asked for other events",
    Routed.OTHER_SERVICE: "asked for other services",
    Routed.OTHER_ENVIRONMENT: "asked for other environments",
    Routed.LESS_SEVERE: "asked for worse ones only",
    Routed.OTHER_STATE: "asked for other states",
}
EVENTS = [event.value.removeprefix("incident.") for event in Event]
"""The events without their common beginning."""


@click.group(cls=InOrder)
def routes() -> None:
    """Say who is told what happens to incidents, and try it."""


@routes.command("add")
@click.argument("name", type=NAME, metavar="NAME")
@click.option("--to", "target", required=True, metavar="INTEGRATION", help="The integration that is told.")
@click.option("--address", default="", metavar="ADDRESS", help="Where in it, such as a channel. [default: its own]")
@click.option("--service", "services", multiple=True, metavar="GLOB", help="Only these; * is any text. [default: all]")
@click.option(
    "--severity", "severity", type=choice(Severity), default="info", show_default=True, help="These and worse ones."
)
@click.option("--state", "states", multiple=True, type=choice(State), help="Only while in these. [default: all]")
@click.option("--event", "events", multiple=True, type=click.Choice(EVENTS), help="Only these. [default: all]")
@click.option(
    "--environment", "environments", multiple=True, type=choice(Environment), help="Only these. [default: all]"
)
@command
def add_route(session: Session, name: str, target: str, address: str, **given: Any) -> None:
    """Have an integration told of the incidents that fit.

    Options may be repeated. Every rule that fits counts, in whatever order; a target gets one message however many lead to it.
    """
    with session.open() as copilot:
        actor = session.actor(copilot)
        rule = copilot.add_route(
            actor=actor,
            name=name,
            integration_id=find(copilot, actor, target).id,
            address=address,
            services=given["services"],
            minimum_severity=Severity(given["severity"]),
            states=[State(word) for word in given["states"]],
            events=[_event(word) for word in given["events"]],
            environments=[Environment(word) for word in given["environments"]],
        )
        session.show(
            rule,
            words(f"{rule.name}: {target} is told of {_what(rule)}."),
            words(f"Next: sre-copilot routes test{session.again}", "dim"),
        )


@routes.command("list")
@command
def list_routes(session: Session) -> None:
    """List the rules by name."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        found, names = copilot.outbound.rules(actor=actor), _names(copilot, actor)
        rows = table("Name", "To", "Told of", "Active")
        for rule in found:
            active = "yes" if rule.is_active else words("no", "yellow")
            rows.add_row(words(rule.name), words(_target(rule.target, names)), words(_what(rule)), active)
        none = "Nobody is told of anything yet; `sre-copilot routes add NAME --to INTEGRATION` changes that."
        session.show({"routes": found}, rows if found else none)


def rule_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command its NAME."""
    return click.argument("name", metavar="NAME")(function)


@routes.command("remove")
@rule_argument
@command
def remove_route(session: Session, name: str) -> None:
    """Remove a rule.

    Messages that wait already are sent all the same.
    """
    with session.open() as copilot:
        actor = session.actor(copilot)
        removed = copilot.remove_route(actor=actor, rule_id=_find(copilot, actor, name).id)
        session.show(removed, words(f"The rule {removed.name} is removed."))


@routes.command("disable")
@rule_argument
@command
def disable_route(session: Session, name: str) -> None:
    """Let a rule rest."""
    _set_active(session, name, is_active=False)


@routes.command("enable")
@rule_argument
@command
def enable_route(session: Session, name: str) -> None:
    """Have a rule tell again."""
    _set_active(session, name, is_active=True)


@routes.command("test")
@click.argument("incident", type=INCIDENT, metavar="[INCIDENT]", required=False)
@click.option("--event", type=click.Choice(EVENTS), default="opened", show_default=True, help="What happens to it.")
@click.option(
    "--service", default="checkout", show_default=True, metavar="NAME", help="Of an incident of this service."
)
@click.option("--severity", type=choice(Severity), default="high", show_default=True, help="So severe.")
@click.option("--state", type=choice(State), default="detected", show_default=True, help="In this state.")
@click.option("--environment", type=choice(Environment), default="production", show_default=True, help="There.")
@command
def try_routes(session: Session, incident: UUID | str | None, event: str, **given: str) -> None:
    """Show who would be told, and why others are not.

    Of a stored INCIDENT as it is now, or of one that the options describe. Nothing is sent.
    """
    with session.open() as copilot:
        actor = session.actor(copilot)
        if incident is None:
            run = copilot.outbound.dry_run(actor=actor, event=_event(event), incident=_imagined(given))
        else:
            found = session.find(copilot, actor, incident)
            run = copilot.outbound.dry_run_of(actor=actor, event=_event(event), incident_id=found)
        names = _names(copilot, actor)
        told = [{"rule": rule.name, "target": rule.target, "verdict": verdict} for rule, verdict in run.rules]
        session.show({"event": run.event, "rules": told, "targets": run.targets}, *_page(run, names))


def _page(run: DryRun, names: Mapping[UUID, str]) -> Sequence[Table | Any]:
    facts = run.incident
    about = (
        f"{run.event.value}: {facts.service}, {facts.severity.value}, {facts.environment.value}, {facts.state.value}"
    )
    if not run.rules:
        return [words(about), words("There is no rule, so nobody is told.", "yellow")]
    rows = table("Rule", "Target", "Why")
    for rule, verdict in run.rules:
        style = "green" if verdict.tells else "dim"
        rows.add_row(words(rule.name), words(_target(rule.target, names)), words(REASONS[verdict], style))
    reached = ", ".join(_target(target, names) for target in run.targets) or "nobody"
    return [words(about), rows, heading("One message each"), words(reached)]


def _set_active(session: Session, name: str, *, is_active: bool) -> None:
    with session.open() as copilot:
        actor = session.actor(copilot)
        rule = copilot.change_route(actor=actor, rule_id=_find(copilot, actor, name).id, is_active=is_active)
        session.show(rule, words(f"The rule {rule.name} {'tells again' if is_active else 'rests'}."))


def _find(copilot: Copilot, actor: Actor, name: str) -> RoutingRule:
    known = copilot.outbound.rules(actor=actor)
    found = next((rule for rule in known if name in (rule.name, str(rule.id))), None)
    if found is None:
        shown = ", ".join(rule.name for rule in known) or "none yet; `sre-copilot routes add` makes one"
        raise NotFound(f"There is no rule {name!r}. The tenant has: {shown}.")
    return found


def _names(copilot: Copilot, actor: Actor) -> dict[UUID, str]:
    return {row.id: row.name for row in copilot.integrations.list(actor=actor)}


def _target(target: Target, names: Mapping[UUID, str]) -> str:
    name = names.get(target.integration_id, str(target.integration_id))
    return f"{name} {target.address}" if target.address else name


def _event(word: str) -> Event:
    return Event(f"incident.{word}")


def _what(rule: RoutingRule) -> str:
    parts = [
        ", ".join(rule.services) or "every service",
        f"{rule.minimum_severity.value} and worse" if rule.minimum_severity is not Severity.INFO else "",
        ", ".join(sorted(rule.environments)),
        f"while {', '.join(sorted(rule.states))}" if rule.states else "",
        ", ".join(sorted(event.value.removeprefix("incident.") for event in rule.events)),
    ]
    return "; ".join(part for part in parts if part)


def _imagined(given: Mapping[str, str]) -> IncidentFacts:
    return IncidentFacts(
        id=UUID(int=0),
        title="An incident that is only imagined",
        description="",
        service=given["service"],
        environment=Environment(given["environment"]),
        severity=Severity(given["severity"]),
        state=State(given["state"]),
        detected_at=datetime.now(UTC),
    )
