"""`sre-copilot integrations`: create, show, configure, try, rotate, disable the sources of deliveries."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click

from sre_copilot.application.copilot import Copilot
from sre_copilot.application.queries.integrations import described
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.errors import AlreadyExists, NotFound
from sre_copilot.domain.integrations import Integration
from sre_copilot.entrypoints.cli.configuration import given_settings, setting_options
from sre_copilot.entrypoints.cli.groups import InOrder
from sre_copilot.entrypoints.cli.integration_pages import health_words, once_shown, page, trial_page
from sre_copilot.entrypoints.cli.names import NAME
from sre_copilot.entrypoints.cli.new_integration import new_integration
from sre_copilot.entrypoints.cli.render import table, when, words
from sre_copilot.entrypoints.cli.session import Session, command


@click.group(cls=InOrder)
def integrations() -> None:
    """Create and look after the sources of deliveries."""


integrations.add_command(new_integration)


def name_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command its NAME."""
    return click.argument("name", metavar="NAME")(function)


def find(copilot: Copilot, actor: Actor, name: str) -> Integration:
    """The integration with this name or id. Raises NotFound."""
    known = copilot.integrations.list(actor=actor)
    found = next((row for row in known if name in (row.name, str(row.id))), None)
    if found is None:
        shown = ", ".join(row.name for row in known) or "none yet; `sre-copilot integrations create` makes one"
        raise NotFound(f"There is no integration {name!r}. The tenant has: {shown}.")
    return found


overlap_option = click.option(
    "--overlap-hours",
    "overlap",
    type=click.FloatRange(0, 720),
    default=0.0,
    show_default=True,
    metavar="HOURS",
    help="So long what is replaced, key or secret, stays valid, at most 720 hours.",
    callback=lambda _ctx, _param, hours: timedelta(hours=hours),
)


@integrations.command("create")
@click.argument("type_", metavar="TYPE")
@click.option("--name", type=NAME, metavar="NAME", help="What the tenant calls it. [default: the type]")
@setting_options
@command
def create_integration(session: Session, type_: str, name: str | None, **options: Any) -> None:
    """Create an integration of an installed TYPE. `plugins list` shows the types."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        told = given_settings(copilot.integrations.types, type_, options)
        try:
            made = copilot.create_integration(actor=actor, type=type_, name=name or "", **told)
        except AlreadyExists as error:
            raise AlreadyExists(
                f"The tenant has an integration {name or type_!r} already; give another --name."
            ) from error
        row = made.integration
        session.show(
            {"integration": described(row), "key": made.key, "secrets": made.secrets},
            words(f"Integration {row.name} of type {row.type} created."),
            *once_shown(row, made.key, made.secrets),
            words(f"Next: sre-copilot integrations test {row.name}{session.again}", "dim"),
        )


@integrations.command("list")
@command
def list_integrations(session: Session) -> None:
    """List the tenant's integrations and how they are doing."""
    with session.open() as copilot:
        found = copilot.integrations.list(actor=session.actor(copilot))
        rows = table("Name", "Type", "Active", "Health", "Last delivery (UTC)", "Silence", "Created (UTC)")
        for row in found:
            active = "yes" if row.is_active else words("no", "yellow")
            last = when(row.health.last_sync_at)
            silence = f"{row.dedup_window / timedelta(hours=1):g} h"
            created = when(row.created_at)
            rows.add_row(words(row.name), row.type, active, health_words(row.health), last, silence, created)
        none = "There is no integration yet; `sre-copilot integrations create TYPE` makes one."
        session.show({"integrations": [described(row) for row in found]}, rows if found else none)


@integrations.command("show")
@name_argument
@command
def show_integration(session: Session, name: str) -> None:
    """Show its address, its settings and how it is doing.

    Of secrets it only says whether they are set.
    """
    with session.open() as copilot:
        actor = session.actor(copilot)
        view = copilot.integrations.show(actor=actor, integration_id=find(copilot, actor, name).id)
        session.show(view.document, *page(view))


@integrations.command("configure")
@name_argument
@click.option(
    "--name", "new_name", type=NAME, metavar="NAME", help="Call it differently from now on. [default: as before]"
)
@setting_options
@overlap_option
@command
def configure_integration(
    session: Session, name: str, new_name: str | None, overlap: timedelta, **options: Any
) -> None:
    """Change settings and secrets; only what is given changes."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        row = find(copilot, actor, name)
        told = given_settings(copilot.integrations.types, row.type, options)
        copilot.configure_integration(actor=actor, integration_id=row.id, name=new_name, overlap=overlap, **told)
        view = copilot.integrations.show(actor=actor, integration_id=row.id)
        session.show(view.document, words(f"Integration {view.integration.name} changed."), *page(view))


@integrations.command("rotate-key")
@name_argument
@overlap_option
@command
def rotate_key(session: Session, name: str, overlap: timedelta) -> None:
    """Give an integration a new key.

    Secrets that the copilot makes, such as whsec_..., get new values as well.
    """
    with session.open() as copilot:
        actor = session.actor(copilot)
        row = find(copilot, actor, name)
        made = copilot.rotate_integration_key(actor=actor, integration_id=row.id, overlap=overlap)
        hours = overlap / timedelta(hours=1)
        before = f"The ones before stay valid for {hours:g} h." if hours else "The ones before are void."
        session.show(
            {"key": made.key, "secrets": made.secrets},
            words(f"Integration {row.name} has a new key. {before}"),
            *once_shown(row, made.key, made.secrets),
        )


@integrations.command("disable")
@name_argument
@command
def disable_integration(session: Session, name: str) -> None:
    """Take nothing in from it and send nothing through it."""
    _set_active(session, name, is_active=False)


@integrations.command("enable")
@name_argument
@command
def enable_integration(session: Session, name: str) -> None:
    """Take it into service again.

    Earlier failures of its plugin are forgotten.
    """
    _set_active(session, name, is_active=True)


def _set_active(session: Session, name: str, *, is_active: bool) -> None:
    with session.open() as copilot:
        actor = session.actor(copilot)
        row = find(copilot, actor, name)
        after = copilot.configure_integration(actor=actor, integration_id=row.id, is_active=is_active)
        session.show(described(after), words(f"Integration {after.name} is {'enabled' if is_active else 'disabled'}."))


@integrations.command("test")
@name_argument
@click.option("--sample", default="", metavar="SAMPLE", help="Which of the type's samples. [default: the first]")
@click.option("--fire", is_flag=True, help="Hand the sample in, so that it becomes signals and perhaps an incident.")
@command
def try_integration(session: Session, name: str, sample: str, fire: bool) -> None:
    """Check its settings and show what a sample becomes.

    A sample is a delivery as the vendor would send it now; nothing is stored unless --fire is given.
    """
    with session.open() as copilot:
        actor = session.actor(copilot)
        row = find(copilot, actor, name)
        trial = copilot.integrations.trial(actor=actor, integration_id=row.id, sample=sample)
        receipt = None
        if fire and trial.delivery is not None:
            receipt = copilot.ingest(actor=actor, integration_id=row.id, delivery=trial.delivery)
        session.show({"works": trial.works, "parsed": trial.parsed, "receipt": receipt}, *trial_page(trial, receipt))
