"""What every command starts with: the copilot, the tenant, who acts, and how to print."""

import json
from collections.abc import Callable
from functools import update_wrapper
from typing import Any
from uuid import UUID

import attrs
import click
from rich.console import Console, RenderableType

from sre_copilot.application.copilot import Copilot
from sre_copilot.bootstrap import bootstrap
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.canonical import plain
from sre_copilot.domain.tenants import Tenant
from sre_copilot.settings import Settings

console = Console(highlight=False)


@attrs.frozen(kw_only=True)
class Session:
    """One call of a command."""

    tenant_slug: str | None
    email: str | None
    as_json: bool

    def open(self, **parts: Any) -> Copilot:
        """Start the copilot with the settings of the environment; `parts` replace a clock or a metrics store."""
        return bootstrap(Settings.load(), **parts)

    def tenant(self, copilot: Copilot) -> Tenant:
        """The tenant that is meant: the named one, or the only one."""
        return copilot.administration.tenant(self.tenant_slug)

    def actor(self, copilot: Copilot) -> Actor:
        """Who acts: the named person, or the first administrator."""
        return copilot.administration.person(self.tenant(copilot), self.email, origin="cli")

    def show(self, data: object, *renderables: RenderableType) -> None:
        """Print one JSON document with --json, else the renderables."""
        if self.as_json:
            click.echo(json.dumps(plain(data), ensure_ascii=False, indent=2))
            return
        for renderable in renderables:
            console.print(renderable)


def command(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --tenant, --as and --json, and hand it a Session first."""

    @click.option("--tenant", "tenant_slug", metavar="SLUG", help="Which tenant; by default the only one.")
    @click.option("--as", "email", metavar="EMAIL", help="Who acts; by default the first administrator.")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
    def wrapper(*args: Any, tenant_slug: str | None, email: str | None, as_json: bool, **kwargs: Any) -> Any:
        return function(Session(tenant_slug=tenant_slug, email=email, as_json=as_json), *args, **kwargs)

    return update_wrapper(wrapper, function)


class IdType(click.ParamType[UUID]):
    """A full id as it is printed everywhere."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> UUID:
        """Return the UUID, or fail with what an id looks like."""
        if isinstance(value, UUID):
            return value
        try:
            return UUID(str(value))
        except ValueError:
            self.fail(f"{value!r} is not an id; ids look like 0198c5d2-7a3e-7b1c-9f00-1c2d3e4f5a6b.", param, ctx)


ID = IdType()
