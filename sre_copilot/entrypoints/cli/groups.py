"""Groups of commands that list them in the order of their use, not of the alphabet."""

import difflib
from collections.abc import Iterable
from typing import Any

import click


class InOrder(click.Group):
    """A group that lists its commands as they were defined, and has a suggestion for a word that is nearly one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of their definition."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant, or fail with the nearest one."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


def choice(values: Iterable[Any]) -> click.Choice[str]:
    """One of an enumeration's words."""
    return click.Choice([value.value for value in values])
