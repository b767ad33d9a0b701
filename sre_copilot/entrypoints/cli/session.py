"""What every command starts with: the copilot, the tenant, who acts, and how to print."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import update_wrapper
from typing import Any
from uuid import UUID

import attrs
import click
from rich.console import Console, RenderableType
from rich.table import Table

from sre_copilot.application.copilot import Copilot
from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.canonical import plain
from sre_copilot.domain.errors import InvalidInput, NotFound
from sre_copilot.domain.tenants import Tenant
from sre_copilot.entrypoints.cli.render import IncidentList
from sre_copilot.settings import Settings

PAGE_WIDTH = 120
"""Sentences wider than this, in characters, are hard to read."""
NEWEST = 1000
"""A part of an id is looked up among this many newest incidents."""
THE_ONLY_TENANT = "Slug of the tenant that is meant. [default: the only one]"

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document, for scripts.")


class Screen(Console):
    """A console that prints text from outside as it is: no markup, no emoji codes, no guessed colours."""

    def __init__(self, *, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)

    def on_broken_pipe(self) -> None:
        """Leave it to the process edge, where a closed pipe is no error."""
        raise BrokenPipeError


progress_console = Screen(stderr=True)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show on a terminal that something takes a moment."""
    if progress_console.is_terminal:
        with progress_console.status(f"{what} ..."):
            yield
    else:
        yield


@attrs.frozen(kw_only=True)
class Session:
    """One call of a command."""

    tenant_slug: str | None = None
    email: str | None = None
    as_json: bool

    def open(self, **parts: Any) -> Copilot:
        """Start the copilot with the settings of the environment; `parts` replace a clock or a metrics store."""
        settings = Settings.load()
        with waiting("Starting"):
            # Here rather than above: it loads Django and the plugins, which takes longer than any `--help` should.
            from sre_copilot.bootstrap import bootstrap

            return bootstrap(settings, **parts)

    @property
    def again(self) -> str:
        """What a command that is shown as the next one needs, to mean the same tenant."""
        return f" --tenant {self.tenant_slug}" if self.tenant_slug else ""

    def tenant(self, copilot: Copilot) -> Tenant:
        """The tenant that is meant: the named one, or the only one."""
        return copilot.administration.tenant(self.tenant_slug)

    def actor(self, copilot: Copilot) -> Actor:
        """Who acts: the named person, or the first administrator."""
        return copilot.administration.person(self.tenant(copilot), self.email, origin="cli")

    def find(self, copilot: Copilot, actor: Actor, incident: "UUID | str") -> UUID:
        """The id of an incident from the whole id, or from its beginning or end. Raises NotFound, InvalidInput."""
        if isinstance(incident, UUID):
            return incident
        newest = copilot.incidents.list(actor=actor, narrowed=IncidentFilter(limit=NEWEST))
        found = [row.id for row in newest if str(row.id).startswith(incident) or str(row.id).endswith(incident)]
        if not found:
            raise NotFound(
                f"None of the newest incidents has an id that begins or ends with {incident!r}; "
                "`sre-copilot incidents list` shows them."
            )
        if len(found) > 1:
            shown = ", ".join(map(str, found[:3]))
            raise InvalidInput(f"{incident!r} could be {len(found)} incidents ({shown} ...); give more of the id.")
        return found[0]

    def show(self, data: object, *renderables: RenderableType) -> None:
        """Print one JSON document with --json, else the renderables."""
        if self.as_json:
            click.echo(json.dumps(plain(data), ensure_ascii=False, indent=2))
            return
        for renderable in renderables:
            Screen(width=_width(renderable)).print(renderable)


def _width(renderable: RenderableType) -> int:
    """In characters. Pages are as wide as can be read; a list that goes into a pipe is as wide as it needs, so that no row is cut."""
    console = Screen()
    if isinstance(renderable, Table | IncidentList):
        if console.is_terminal or "COLUMNS" in os.environ:
            return console.width
        return max(console.width, console.measure(renderable, options=console.options.update(width=1000)).maximum)
    return min(console.width, PAGE_WIDTH)


def command(function: Callable[..., Any], *, tenant_help: str = THE_ONLY_TENANT) -> Callable[..., Any]:
    """Give a command --tenant, --as and --json, and hand it a Session first."""

    @click.option("--tenant", "tenant_slug", metavar="SLUG", help=tenant_help)
    @click.option(
        "--as",
        "email",
        metavar="EMAIL",
        help="E-mail address of the person who acts. [default: the first administrator]",
    )
    @json_option
    def wrapper(*args: Any, tenant_slug: str | None, email: str | None, as_json: bool, **kwargs: Any) -> Any:
        return function(Session(tenant_slug=tenant_slug, email=email, as_json=as_json), *args, **kwargs)

    return update_wrapper(wrapper, function)
